import { minuteMs, secondMs, type EpochMs } from '../time.ts';
import type { Restarts } from './job.ts';

/** So many resumes may follow one another without a completed turn. */
export const mostResumes = 5;
const mostCrashes = 3;
const crashWindowMs = 30 * minuteMs;
const firstBackoffMs = 30 * secondMs;
const longestBackoffMs = 10 * minuteMs;

export const noRestarts: Restarts = { resumes: 0, crashes: 0, since: 0 };

/** Why a job is blocked that has spent its resumes. */
export function endless(detail: string): string {
  return `${mostResumes} resumes in a row, and no turn was completed: ${detail}`;
}

/** One resume less: it was closed again before it was started. */
export function givenBack(restarts: Restarts): Restarts {
  return { ...restarts, resumes: Math.max(restarts.resumes - 1, 0) };
}

/** One more restart after a crash, with when it may be; null when the budget of the half hour is spent. */
export function crashed(
  restarts: Restarts,
  now: EpochMs,
): { readonly restarts: Restarts; readonly at: EpochMs } | null {
  const fresh = now - restarts.since >= crashWindowMs || restarts.since > now;
  const crashes = (fresh ? 0 : restarts.crashes) + 1;
  if (crashes > mostCrashes) return null;
  const backoffMs = Math.min(firstBackoffMs * 2 ** (crashes - 1), longestBackoffMs);
  return { restarts: { ...restarts, crashes, since: fresh ? now : restarts.since }, at: now + backoffMs };
}
