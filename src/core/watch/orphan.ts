import { formatDuration, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { orphanMs } from './numbers.ts';

export type OrphanFacts = {
  readonly attempt: string;
  readonly pids: readonly number[];
  /** Since when it was seen without a job, without a break. */
  readonly aloneSince: EpochMs;
  /** Its files are in this home: other homes on this machine have attempts of their own. */
  readonly isOfThisHome: boolean;
  /** It is the attempt that a job has, or is about to have. */
  readonly isPresent: boolean;
};

/** Processes of an attempt that no job has any more are ended: they would write beside the next one. */
export function orphan(facts: OrphanFacts, now: EpochMs): Action | null {
  const { attempt, pids, aloneSince, isOfThisHome, isPresent } = facts;
  if (!isOfThisHome || isPresent || pids.length === 0 || now - aloneSince < orphanMs) return null;
  return {
    ...{ rule: 'orphan', deed: 'end', facts: { attempt, pids: pids.join(' '), aloneSince } },
    why: `${pids.length === 1 ? 'a process' : `${pids.length} processes`} of attempt ${attempt} went on for ${formatDuration(now - aloneSince)} without a job`,
  };
}
