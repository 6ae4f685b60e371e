import type { Job } from './job.ts';

/**
 * What the user of a job is asked; null for nothing. What its agent has asked with a tool stays open where its process
 * was lost or parked, until it is answered or the job has ended.
 */
export function openQuestion({ state, asked, stopped }: Pick<Job, 'state' | 'asked' | 'stopped'>): string | null {
  if (state.kind === 'waiting') return state.question;
  if ('at' in state || stopped !== null) return null;
  const last = asked.at(-1);
  return last?.answer === null ? last.question : null;
}
