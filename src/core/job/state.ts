import type { AttemptId } from '../ids.ts';
import type { Conversation, Job } from './job.ts';

/** The attempt whose process lives, or is about to. */
export function attemptOf({ state }: Job): AttemptId | null {
  return 'attempt' in state ? state.attempt : null;
}

export function hasEnded({ state }: Job): boolean {
  return state.kind === 'done' || state.kind === 'failed' || state.kind === 'cancelled';
}

/** Nothing happens to one that is blocked before a person sees to it, and nobody is to wait for that. */
export function isSettled(job: Job): boolean {
  return hasEnded(job) || job.state.kind === 'blocked';
}

/** The conversation that an attempt of this agent goes on with; null where it begins anew. */
export function knownTo(
  { handover, conversation }: Pick<Job, 'handover' | 'conversation'>,
  agent: string,
): Conversation | null {
  return handover?.kind === 'resume' && conversation?.agent === agent ? conversation : null;
}

/** Parked by a person: what was decided before without knowing that does not count. */
export function isHeld({ state }: Job): boolean {
  return state.kind === 'parked' && state.reason === 'user';
}

/** Neither running nor ended: a job that waits for something. */
export function isIdle({ state }: Job): boolean {
  return state.kind === 'queued' || state.kind === 'parked' || (state.kind === 'waiting' && state.attempt === null);
}
