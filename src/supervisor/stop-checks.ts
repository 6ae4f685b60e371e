import type { AttemptId } from '../core/ids.ts';
import type { Attempt, Job } from '../core/job/job.ts';
import { countedOf, freshOf } from '../core/job/progress.ts';
import { stopOf, timeLeftMs, warningsOf, type Spent } from '../core/job/stop.ts';
import { isIdle } from '../core/job/state.ts';
import { minuteMs, type EpochMs } from '../core/time.ts';
import type { Dispatch } from './dispatch.ts';

/** What a look at the stop conditions of jobs goes by. */
export type StopView = {
  readonly jobs: Iterable<Job>;
  readonly attempt: (job: Job) => Attempt | undefined;
  /** What the present attempt of a job has spent up to now. */
  readonly spent: (job: Job) => Spent;
  /** It has said its last word, and ends by itself. */
  readonly hasFinished: (attempt: AttemptId) => boolean;
  readonly now: EpochMs;
};

/** So long may an agent take to save its work. */
const wrapUpMs = 2 * minuteMs;

/** Decides who is stopped by a condition, who is warned of one, and who has had time enough to save its work. Pure. */
export function checkStops(view: StopView): Dispatch {
  const events: Dispatch['events'][number][] = [];
  let nextAt: EpochMs | null = null;
  const later = (at: EpochMs): void => {
    if (nextAt === null || at < nextAt) nextAt = at;
  };
  for (const job of view.jobs) {
    const { state, stopped, spec } = job;
    if (isIdle(job) && state.kind !== 'parked' && stopped === null) {
      const met = stopOf(spec.stop, job.progress.counted);
      if (met !== null) events.push({ job: job.id, event: { kind: 'stop', attempt: null, met } });
      continue;
    }
    const attempt = view.attempt(job);
    const isLive = state.kind === 'running' || (state.kind === 'waiting' && state.attempt !== null);
    if (!isLive || attempt === undefined) continue;
    if (stopped !== null) {
      const { by, detail } = stopped;
      const overAt = attempt.startedAt + wrapUpMs;
      if (view.now < overAt) later(overAt);
      else events.push({ job: job.id, event: { kind: 'stop', attempt: attempt.id, met: { by, detail } } });
      continue;
    }
    const spent = view.spent(job);
    const counted = countedOf(job, { ...attempt, spent });
    const met = stopOf(spec.stop, counted);
    if (met !== null && (met.by === 'time' || !view.hasFinished(attempt.id))) {
      events.push({ job: job.id, event: { kind: 'stop', attempt: attempt.id, met, spent } });
      continue;
    }
    const warnings = freshOf(job, warningsOf(spec.stop, counted));
    if (warnings.length > 0)
      events.push({ job: job.id, event: { kind: 'warned', attempt: attempt.id, warnings, spent } });
    // Its agent may go on working meanwhile, but its time stands still.
    if (state.kind === 'waiting') continue;
    const leftMs = timeLeftMs(spec.stop, counted);
    if (leftMs !== null && leftMs > 0) later(view.now + leftMs);
  }
  return { events, nextAt };
}
