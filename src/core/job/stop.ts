import type { EpochMs } from '../time.ts';

/** What may end a job before its agent has finished by itself. */
export const stopModes = ['turns', 'budget', 'time', 'completion'] as const;
export type StopMode = (typeof stopModes)[number];

/** When a job is stopped. Counted over all its attempts; null for no end of that kind. */
export type StopSpec = {
  /** Answers of the model: what it says at once, with the tool calls in it. */
  readonly turns: number | null;
  /** In US dollars. */
  readonly budget: number | null;
  /** Of running; parked, queued and waiting time does not count. */
  readonly timeMs: number | null;
  /** It goes on until its agent has said with a tool that it is finished: that a turn ended is not enough. */
  readonly completion: boolean;
};

export const noStop: StopSpec = { turns: null, budget: null, timeMs: null, completion: false };

/** What was spent, of one attempt or of a whole job. */
export type Spent = {
  readonly turns: number;
  readonly inputTokens: number;
  /** Of `inputTokens`: read from the cache, and written to it. */
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** In US dollars; null where the price of a model is unknown. */
  readonly costUsd: number | null;
  readonly runningMs: number;
};

export const nothingSpent: Spent = {
  ...{ turns: 0, inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 },
  ...{ costUsd: 0, runningMs: 0 },
};

/** A condition that was met: the next attempt only saves the agent's work. */
export type Stopped = { readonly by: StopMode; readonly detail: string; readonly at: EpochMs };
