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

/** What is open once its process has ended: what only its terminal asked has gone with that. */
export function leftOpen(job: Pick<Job, 'state' | 'asked' | 'stopped'>): string | null {
  const { state, asked } = job;
  const question = openQuestion(job);
  const isOfTerminal = state.kind === 'waiting' && state.on !== undefined;
  return isOfTerminal && !asked.some((each) => each.question === question && each.answer === null) ? null : question;
}
