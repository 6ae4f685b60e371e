import { secondMs } from '../core/time.ts';
import type { DemoEvent } from './event.ts';

/** What a run came to. */
export type Summary = {
  readonly agent: string;
  readonly completed: boolean;
  readonly turns: number;
  readonly turnsPlanned: number;
  readonly limits: readonly { readonly account: string; readonly window: string; readonly family: string | null }[];
  readonly overloads: number;
  readonly moves: readonly { readonly from: string; readonly to: string }[];
  readonly holds: number;
  readonly heldSeconds: number;
  readonly errors: number;
  readonly seconds: number;
};

type Run = Pick<Summary, 'agent' | 'completed' | 'turnsPlanned'> & { readonly durationMs: number };

/** Counts what happened; an error that reached the agent is told by its event. */
export function summarise(run: Run, events: readonly DemoEvent[]): Summary {
  const { agent, completed, turnsPlanned, durationMs } = run;
  const heldMs = events.map((event) => (event.kind === 'hold-ended' ? event.heldMs : 0));
  return {
    agent,
    completed,
    turns: count(events, 'turn-done'),
    turnsPlanned,
    limits: events.flatMap((event) =>
      event.kind === 'limit' ? [{ account: event.account, window: event.window, family: event.family }] : [],
    ),
    overloads: count(events, 'overload'),
    moves: events.flatMap((event) => (event.kind === 'moved' ? [{ from: event.from, to: event.to }] : [])),
    holds: count(events, 'hold-ended'),
    heldSeconds: inSeconds(heldMs.reduce((sum, each) => sum + each, 0)),
    errors: count(events, 'agent-error'),
    seconds: inSeconds(durationMs),
  };
}

/** True when the agent did all of its work and never saw an error. */
export function isGood({ completed, errors, turns, turnsPlanned }: Summary): boolean {
  return completed && errors === 0 && turns === turnsPlanned;
}

function count(events: readonly DemoEvent[], kind: DemoEvent['kind']): number {
  return events.filter((event) => event.kind === kind).length;
}

function inSeconds(durationMs: number): number {
  return Math.round(durationMs / (secondMs / 10)) / 10;
}
