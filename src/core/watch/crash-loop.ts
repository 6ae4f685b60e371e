import type { FailureKind } from '../job/failure-kind.ts';
import { formatDuration, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';

export type CrashFacts = {
  /** Restarts that were spent since then. */
  readonly crashes: number;
  readonly since: EpochMs;
  readonly failure: FailureKind;
  readonly detail: string;
};

/** A job whose restarts are spent ends again and again in the same way: a person has to look. */
export function crashLoop(facts: CrashFacts, now: EpochMs): Action {
  const { crashes, since, failure, detail } = facts;
  return {
    ...{ rule: 'crash-loop', deed: 'block', facts },
    why: `it ended ${crashes + 1} times within ${formatDuration(now - since)} (${failure}): ${detail}`,
  };
}
