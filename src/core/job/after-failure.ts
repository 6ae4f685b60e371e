import { minuteMs, type EpochMs } from '../time.ts';
import { crashLoop } from '../watch/crash-loop.ts';
import type { Action } from '../watch/action.ts';
import type { AttemptOutcome, JobState, Restarts } from './job.ts';
import { crashed, endless, limitedOn } from './restarts.ts';

type Failed = Extract<AttemptOutcome, { kind: 'failed' }>;
type After = {
  readonly state: Extract<JobState, { kind: 'queued' | 'parked' | 'failed' | 'blocked' }>;
  readonly restarts: Restarts;
  /** What the next attempt tells the agent. */
  readonly says: string;
  /** What the watch has decided. */
  readonly action?: Action;
};

type Before = { readonly restarts: Restarts; /** Where it failed. */ readonly rung: string };

const diskRetryMs = 5 * minuteMs;

/**
 * What becomes of a job whose attempt failed:
 *
 * - What closes an account is the ladder's affair: the job is queued, and whoever dispatches it looks for what is open.
 * - What may be over in a moment is tried again within a budget.
 * - What the task itself failed at stays failed. What is not installed is for a person to mend.
 */
export function afterFailure(failed: Failed, { restarts, rung }: Before, now: EpochMs): After {
  const { failure, detail } = failed;
  const says = `You were interrupted: ${detail}`;
  switch (failure) {
    case 'window':
    case 'billing':
    case 'auth':
    case 'entitlement': {
      const limited = limitedOn(rung, restarts, now);
      if (limited !== null) return { state: { kind: 'queued', notBefore: null, why: detail }, restarts: limited, says };
      return { state: { kind: 'blocked', at: now, failure, detail: endless(restarts, detail) }, restarts, says };
    }
    case 'disk-full': {
      const park = { reason: 'disk', dueAt: now + diskRetryMs, estimated: true, detail } as const;
      return { state: { kind: 'parked', ...park, since: now }, restarts, says };
    }
    case 'launch':
      return { state: { kind: 'blocked', at: now, failure, detail }, restarts, says };
    case 'context-overflow':
    case 'task':
      return { state: { kind: 'failed', at: now, failure, detail }, restarts, says };
    default: {
      const again = crashed(restarts, now);
      if (again === null) {
        const { crashes, since } = restarts;
        const action = crashLoop({ crashes, since, failure, detail }, now);
        return { state: { kind: 'blocked', at: now, failure, detail: action.why }, restarts, says, action };
      }
      const notBefore = Math.max(again.at, failed.until ?? 0);
      return { state: { kind: 'queued', notBefore, why: detail }, restarts: again.restarts, says };
    }
  }
}
