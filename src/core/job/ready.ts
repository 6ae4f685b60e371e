import type { JobId } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import type { Job } from './job.ts';

export type Readiness =
  | { readonly kind: 'ready' }
  /** `at` null: something has to happen first. */
  | { readonly kind: 'later'; readonly at: EpochMs | null }
  /** What it depends on will never be done. */
  | { readonly kind: 'never'; readonly because: JobId };

/** Whether a queued job may start, as far as it depends on others and on time. */
export function readinessOf(job: Job, find: (id: JobId) => Job | undefined, now: EpochMs): Readiness {
  const { state, spec } = job;
  if (state.kind !== 'queued') return { kind: 'later', at: null };
  const needed = spec.dependsOn.map((id) => ({ id, kind: find(id)?.state.kind }));
  const at = Math.max(spec.scheduleAt ?? 0, state.notBefore ?? 0);
  // One that is not due may be let go on by then.
  const isDue = at <= now;
  const lost = needed.find(({ kind }) => kind === 'failed' || kind === 'cancelled' || kind === undefined);
  if (lost !== undefined && isDue) return { kind: 'never', because: lost.id };
  if (!isDue) return { kind: 'later', at };
  return needed.some(({ kind }) => kind !== 'done') ? { kind: 'later', at: null } : { kind: 'ready' };
}

/** Who goes first: one that has to save its work, then by priority, then the one that was added first. */
export function compareJobs(a: Job, b: Job): number {
  const saves = Number(b.stopped !== null) - Number(a.stopped !== null);
  return saves || b.spec.priority - a.spec.priority || a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1);
}
