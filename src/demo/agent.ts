import type { DemoEvent } from './event.ts';

type News = Extract<DemoEvent, { kind: 'turn-started' | 'said' | 'turn-done' | 'agent-error' }>;
type WithoutTime<Event> = Event extends DemoEvent ? Omit<Event, 'at'> : never;

/** What an agent of the demo tells; when it happened is noted by the one who is told. */
export type AgentNews = WithoutTime<News>;

/** An agent that works through one conversation. */
export type DemoAgent = {
  readonly name: string;
  readonly turnsPlanned: number;
  /** Resolves with whether it finished its work; the signal ends it early. */
  run(tell: (news: AgentNews) => void, signal: AbortSignal): Promise<boolean>;
};
