import type { Told } from '../spend/usage.ts';
import type { EpochMs } from '../time.ts';
import type { Attempt, AttemptOutcome, Job, StopProgress, Waiting } from './job.ts';
import { addSpent, nothingSpent, type Spent, type Warned } from './stop.ts';

export const noProgress: StopProgress = { counted: nothingSpent, warned: [], continued: 0, told: null };

/** So often is a job gone on with whose agent ends its turn without saying that it is finished. */
export const mostContinued = 50;

/** How long an attempt has run by a time; waiting for the user does not count. */
export function runningMs({ state }: Pick<Job, 'state'>, attempt: Attempt, at: EpochMs): number {
  // What was never spawned has not run.
  if (attempt.pid === null) return 0;
  const waits = state.kind === 'waiting' && state.attempt === attempt.id ? waitingMs(state, at) : 0;
  return Math.max((attempt.endedAt ?? at) - attempt.startedAt - attempt.waitedMs - waits, 0);
}

/** How long the present attempt of a job has waited for its user by a time. */
export function waitingMs({ since, waitsFrom = since }: Waiting, at: EpochMs): number {
  return Math.max(at - waitsFrom, 0);
}

/** What counts towards the conditions of a job whose present attempt has spent so much. */
export function countedOf({ progress }: Pick<Job, 'progress'>, present: Pick<Attempt, 'spent' | 'idle'>): Spent {
  const { spent, idle } = present;
  return addSpent(progress.counted, { ...spent, turns: Math.max(spent.turns - (idle?.turns ?? 0), 0) });
}

/** Those of these warnings that were not given yet. */
export function freshOf<Warning extends Pick<Warned, 'by'>>(
  { progress }: Pick<Job, 'progress'>,
  warnings: readonly Warning[],
): readonly Warning[] {
  const known = new Set(progress.warned.map(({ by }) => by));
  return warnings.filter(({ by }) => !known.has(by));
}

/** An attempt as it ended, with what it has spent; one that was stopped on purpose has not crashed. */
export function endedAttempt(
  job: Job,
  attempt: Attempt,
  how: {
    readonly now: EpochMs;
    readonly at?: EpochMs | null;
    readonly exitCode: number | null;
    readonly outcome: AttemptOutcome;
    readonly spent?: Spent;
  },
): Attempt {
  const { now, at, exitCode, spent = attempt.spent } = how;
  const isStopped = how.outcome.kind === 'failed' && job.state.kind === 'stopping' && job.stopped !== null;
  const outcome: AttemptOutcome = isStopped ? { kind: 'stopped', why: job.stopped.detail } : how.outcome;
  const ran = { ...spent, runningMs: runningMs(job, attempt, Math.min(at ?? now, now)) };
  return { ...attempt, endedAt: now, exitCode, outcome, spent: ran };
}

/** A job with what its attempt has spent that has ended. */
export function withSpent(
  job: Job,
  attempt: Attempt,
  { told = null, toldLater = false }: { readonly told?: Told | null; readonly toldLater?: boolean },
): Job {
  const { untold, ...progress } = job.progress;
  const session = job.conversation?.session;
  const isOwed = toldLater && session !== undefined;
  const known = isOwed ? { ...attempt, spent: { ...attempt.spent, costUsd: 0 } } : attempt;
  const owed = isOwed ? session : told?.session === untold ? undefined : untold;
  return {
    ...job,
    spent: addSpent(job.spent, known.spent),
    progress: {
      ...{ ...progress, counted: countedOf(job, known), told: told ?? progress.told },
      ...(owed === undefined ? {} : { untold: owed }),
    },
  };
}

/** A job that goes on in this conversation, or anew: what another one has cost that nobody told is unknown for good. */
export function goneOnIn(job: Job, session: string | null): Job {
  const { untold, ...progress } = job.progress;
  if (untold === undefined || untold === session) return job;
  const unknown = { ...nothingSpent, costUsd: null };
  const counted = addSpent(progress.counted, unknown);
  return { ...job, spent: addSpent(job.spent, unknown), progress: { ...progress, counted } };
}
