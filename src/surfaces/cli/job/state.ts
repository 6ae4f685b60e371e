import type { JobView } from '../../../operations/job-view.ts';

/** Ended for good, but for a retry. */
export function hasEnded({ state }: Pick<JobView, 'state'>): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** Nothing more comes of it without a person. */
export function isOver(job: Pick<JobView, 'state'>): boolean {
  return hasEnded(job) || job.state === 'blocked';
}

/** What a run of a job tells its caller: a job that was cancelled is one that was interrupted. */
export function exitCodeOf({ state }: Pick<JobView, 'state'>): number {
  if (state === 'done') return 0;
  return state === 'cancelled' ? 130 : 1;
}
