import type { EpochMs } from '../time.ts';

/** What the watch looks for, one rule a file. */
export const watchRules = [
  'idle',
  'mcp-lost',
  'limited-stuck',
  'dead',
  'orphan',
  'next-step',
  'crash-loop',
  'disk',
  'content-loop',
] as const;
export type WatchRule = (typeof watchRules)[number];

/**
 * What is done:
 *
 * - `resume`: the attempt is stopped and the job goes on with its conversation, on the best rung that is open.
 * - `block`: the attempt is stopped, and a person decides.
 * - `conclude`: its process is gone: what it told to the last is read, and its end is written.
 * - `again`: what is open in the outbox, or would be, is done again. `look`: all jobs that wait are looked at.
 * - `end`: processes that belong to no job are ended.
 * - `warn`, `pause`, `go-on`: people are told; nothing is started; it is started again.
 */
export type Deed = 'resume' | 'block' | 'conclude' | 'again' | 'look' | 'end' | 'warn' | 'pause' | 'go-on';

/** What a rule went by, by name; times are epoch milliseconds. */
export type ActionFacts = Readonly<Record<string, string | number | boolean | null>>;

export type Action = {
  readonly rule: WatchRule;
  readonly deed: Deed;
  /** A sentence for people, without its full stop. */
  readonly why: string;
  /** For the agent, where that is more than `why`. */
  readonly says?: string;
  readonly facts: ActionFacts;
};

/** The last that the watch did to a job, and what it has to remember of it. */
export type Watched = {
  readonly last: (Omit<Action, 'says'> & { readonly at: EpochMs }) | null;
  /** Content loops that were broken; the next one blocks the job. */
  readonly loops: number;
};

export const neverWatched: Watched = { last: null, loops: 0 };

/** What is to be remembered of an action. */
export function remembered(before: Watched, { rule, deed, why, facts }: Action, now: EpochMs): Watched {
  const loops = before.loops + (rule === 'content-loop' ? 1 : 0);
  return { last: { rule, deed, why, facts, at: now }, loops };
}
