import { minuteMs, secondMs, type EpochMs } from '../time.ts';
import type { Attempt, Restarts } from './job.ts';

/** So many resumes may follow one another without a completed turn, on one rung. */
const mostResumes = 5;
const mostCrashes = 3;
const crashWindowMs = 30 * minuteMs;
const firstBackoffMs = 30 * secondMs;
const longestBackoffMs = 10 * minuteMs;

export const noRestarts: Restarts = { resumes: 0, crashes: 0, since: 0 };

/** One resume more; null when they are spent. A rung that was not tried yet is one more that may be. */
export function resumed(restarts: Restarts): Restarts | null {
  const { resumes, tried = [] } = restarts;
  if (resumes >= mostResumes + Math.max(tried.length - 1, 0)) return null;
  return { ...restarts, resumes: resumes + 1 };
}

/**
 * As `resumed`, after a limit on a rung. One that looked open twice in a row is left alone for a while: what selection
 * knows and what the agent meets differ.
 */
export function limitedOn(rung: string, restarts: Restarts, now: EpochMs): Restarts | null {
  const { tried = [], againAt: _, ...rest } = restarts;
  const isAgain = tried.at(-1) === rung;
  const next = resumed({ ...rest, tried: [...tried.filter((each) => each !== rung), rung] });
  return next === null || !isAgain ? next : { ...next, againAt: now + backoffOf(next.resumes - 1) };
}

/** Where an attempt runs, as a word to compare. */
export function rungOf({ agent, pool, account, model }: Pick<Attempt, 'agent' | 'pool' | 'account' | 'model'>): string {
  return [agent, pool, account ?? '', model ?? ''].join('|');
}

/** Why a job is blocked that has spent its resumes. */
export function endless({ resumes }: Restarts, detail: string): string {
  return `${resumes} resumes in a row, and no turn was completed: ${detail}`;
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
  return { restarts: { ...restarts, crashes, since: fresh ? now : restarts.since }, at: now + backoffOf(crashes) };
}

function backoffOf(times: number): number {
  return Math.min(firstBackoffMs * 2 ** (times - 1), longestBackoffMs);
}
