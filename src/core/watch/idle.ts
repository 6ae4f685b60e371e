import { formatDuration, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';

export type IdleFacts = {
  readonly startedAt: EpochMs;
  /** Since when it could have been seen: the daemon runs, and the machine does not sleep. */
  readonly seenSince: EpochMs;
  /** The last line of its output, request to the gateway, call of a tool of Stint's; null for none. */
  readonly lineAt: EpochMs | null;
  readonly requestAt: EpochMs | null;
  readonly toolAt: EpochMs | null;
  /** What it waits for, which is no idleness; `unknown` where that cannot be told. */
  readonly waitsFor: 'user' | 'jobs' | 'answer' | 'unknown' | null;
  /** 0 for never. */
  readonly limitMs: number;
};

/** An agent that gives no sign of life is stopped, and its conversation resumed. */
export function idle(facts: IdleFacts, now: EpochMs): Action | null {
  const { waitsFor, limitMs, ...times } = facts;
  if (limitMs === 0 || waitsFor !== null) return null;
  const last = Math.max(...Object.values(times).map((at) => at ?? 0));
  if (now - last < limitMs) return null;
  return {
    ...{ rule: 'idle', deed: 'resume', facts: { ...times, limitMs } },
    why: `it said nothing, asked its provider nothing and used no tool for ${formatDuration(now - last)}`,
    says: `You were stopped because nothing was heard of you for ${formatDuration(now - last)}. A command that takes so long belongs in the background: look at its output from time to time.`,
  };
}
