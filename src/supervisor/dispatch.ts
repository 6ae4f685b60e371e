import type { Job } from '../core/job/job.ts';
import { selectionsOf, type Resolved, type Rung } from '../core/job/ladder.ts';
import { parkFor } from '../core/job/park.ts';
import { compareJobs, readinessOf } from '../core/job/ready.ts';
import { rungOf } from '../core/job/restarts.ts';
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
    const waitsUntil = resolved.kind === 'rung' ? againAt(job, resolved.rung, view.now) : null;
    // Its work is saved now or not at all: what depends on it does not wait for that.
    if (job.stopped !== null && (resolved.kind === 'closed' || waitsUntil !== null)) {
      events.push({ job: job.id, event: { kind: 'wrap-up-skipped' } });
      continue;
    }
    const question = questionFor(job, resolved);
    if (question !== null) {
      events.push({ job: job.id, event: { kind: 'asked', attempt: null, question } });
      continue;
    }
    if (resolved.kind === 'closed') {
      events.push({
        job: job.id,
        event: { kind: 'park', park: parkFor(selectionsOf(resolved), view.now, view.random()) },
      });
      continue;
    }
    if (waitsUntil !== null) {
      sooner(waitsUntil);
      continue;
    }
    running += 1;
    events.push({ job: job.id, event: { kind: 'dispatched', on: resolved.rung } });
  }
  return { events, nextAt };
}

/** When the rung that looked open twice, and was not, may be tried again; null for now. */
function againAt({ restarts }: Job, rung: Rung, now: EpochMs): EpochMs | null {
  const { againAt: at = 0, tried = [] } = restarts;
  return at > now && tried.at(-1) === rungOf(rung) ? at : null;
}

/** What a job that was stopped by a limit, and does not go on by itself, asks its user; null for any other. */
function questionFor({ spec, state, answer, stopped }: Job, resolved: Resolved): string | null {
  if (!spec.asks || state.kind !== 'queued' || answer !== null || stopped !== null) return null;
  if (resolved.kind === 'rung' && resolved.isPreferred) return null;
  // One that has not begun loses nothing by waiting for what it prefers.
  if (resolved.kind === 'closed' && state.why === null) return null;
  const next = resolved.kind === 'closed' ? 'Nothing is open now' : `It can go on with ${nameOf(resolved.rung)}`;
  const why = state.why === null ? 'What it prefers is closed' : `A limit stopped it (${state.why})`;
  return `${why}. ${next}. Shall it go on?`;
}

function nameOf({ agent, model }: Extract<Resolved, { kind: 'rung' }>['rung']): string {
  return model === null ? agent : `${model} of ${agent}`;
}
