import type { Job } from '../core/job/job.ts';
import { selectionsOf, type Resolved } from '../core/job/ladder.ts';
import { nextStepOf, type NextStep } from '../core/job/next-step.ts';
import { parkFor } from '../core/job/park.ts';
import { compareJobs, readinessOf } from '../core/job/ready.ts';
import { stopOf } from '../core/job/stop.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import type { JobId } from '../core/ids.ts';
import type { EpochMs } from '../core/time.ts';

/** What dispatch looks at. */
export type DispatchView = {
  readonly jobs: Iterable<Job>;
  readonly find: (id: JobId) => Job | undefined;
  readonly now: EpochMs;
  readonly places: number;
  /** Whether a job takes one. */
  readonly takesPlace: (job: Job) => boolean;
  /** Why nothing is started; null when it is. */
  readonly paused: string | null;
  readonly resolve: (job: Job) => Resolved;
  /** In [0, 1). */
  readonly random: () => number;
};

export type Dispatch = {
  /** What is to happen to which job, in this order. */
  readonly events: readonly { readonly job: JobId; readonly event: JobEvent }[];
  /** When to look again though nothing happens; null for not at all. */
  readonly nextAt: EpochMs | null;
};

/** Nobody tells when the disk has room again. */
const pausedLookMs = 5000;

/** Decides what happens to the jobs that wait: who starts on which rung, who is parked, who is blocked. Pure. */
export function dispatch(view: DispatchView): Dispatch {
  const jobs = [...view.jobs];
  const events: { job: JobId; event: JobEvent }[] = [];
  let nextAt: EpochMs | null = null;
  const sooner = (at: EpochMs | null): void => {
    if (at !== null && (nextAt === null || at < nextAt)) nextAt = at;
  };
  let running = jobs.filter(view.takesPlace).length;
  for (const job of jobs.filter((each) => each.state.kind === 'queued').toSorted(compareJobs)) {
    // It is to be stopped before it starts again.
    if (job.stopped === null && stopOf(job.spec.stop, job.progress.counted) !== null) continue;
    const readiness = readinessOf(job, view.find, view.now);
    if (readiness.kind === 'never') {
      const detail = `job ${readiness.because}, which it depends on, was not done`;
      events.push({ job: job.id, event: { kind: 'block', detail } });
      continue;
    }
    if (readiness.kind === 'later') {
      sooner(readiness.at);
      continue;
    }
    if (view.paused !== null) {
      sooner(view.now + pausedLookMs);
      continue;
    }
    if (running >= view.places) continue;
    const resolved = view.resolve(job);
    const step = nextStepOf(job, resolved, view.now);
    if (step.kind === 'rests') {
      sooner(step.until);
      continue;
    }
    if (step.kind !== 'starts') {
      events.push({ job: job.id, event: eventOf(step, resolved, view) });
      continue;
    }
    running += 1;
    events.push({ job: job.id, event: { kind: 'dispatched', on: step.on } });
  }
  return { events, nextAt };
}

function eventOf(
  step: Exclude<NextStep, { kind: 'starts' | 'rests' }>,
  resolved: Resolved,
  { now, random }: Pick<DispatchView, 'now' | 'random'>,
): JobEvent {
  if (step.kind === 'asks') return { kind: 'asked', attempt: null, question: step.question };
  if (step.kind === 'parks') return { kind: 'park', park: parkFor(selectionsOf(resolved), now, random()) };
  return { kind: 'wrap-up-skipped' };
}
