import type { AttemptId } from '../ids.ts';
import { Problem } from '../problem.ts';
import type { EpochMs } from '../time.ts';
import type { Attempt, AttemptOutcome, Conversation, Handover, Job, Park } from './job.ts';

/** What happens to a job. `now` is a parameter of `transition`. */
export type JobEvent =
  /** Room for it: an attempt is written down and will be spawned. */
  | {
      readonly kind: 'dispatched';
      readonly attempt: Pick<Attempt, 'agent' | 'model' | 'pool' | 'account'>;
      readonly handover: Handover | null;
    }
  | { readonly kind: 'spawned'; readonly attempt: AttemptId; readonly pid: number; readonly birth: string }
  /** The conversation that the agent works on became known. */
  | { readonly kind: 'conversation'; readonly conversation: Conversation }
  /** A turn came to its end: the streak of resumes is over. */
  | { readonly kind: 'turn-completed'; readonly attempt: AttemptId }
  | { readonly kind: 'asked'; readonly attempt: AttemptId; readonly question: string }
  | { readonly kind: 'answered'; readonly answer: string }
  /** It cannot go on where it is: its process is to be ended, and then the next rung is tried. */
  | { readonly kind: 'switch'; readonly attempt: AttemptId; readonly why: string }
  /** Nothing is open: with a process it is ended first. */
  | { readonly kind: 'park'; readonly park: Park }
  /** `due` by time, `freed` because something opened, `asked` by the user. */
  | { readonly kind: 'unpark'; readonly because: 'due' | 'freed' | 'asked'; readonly says: string }
  /** The process has ended, or never began. */
  | {
      readonly kind: 'ended';
      readonly attempt: AttemptId;
      readonly exitCode: number | null;
      readonly outcome: AttemptOutcome;
    }
  | { readonly kind: 'cancel' }
  /** The user wants an ended job to go on, with its conversation or anew. */
  | { readonly kind: 'retry'; readonly anew: boolean }
  /** It is not wanted any more, or cannot go on. */
  | { readonly kind: 'block'; readonly detail: string };

/** What is to be done after a transition was written, once; each can be done again after a crash. */
export type Effect =
  | { readonly kind: 'spawn'; readonly attempt: AttemptId }
  | { readonly kind: 'kill'; readonly attempt: AttemptId }
  /** What depends on the job may go on, or never will. */
  | { readonly kind: 'ended' }
  /** The next of its kind is added. */
  | { readonly kind: 'repeat' };

export type Transition = {
  readonly job: Job;
  /** The attempt that the event made or changed. */
  readonly attempt: Attempt | null;
  readonly effects: readonly Effect[];
};

/**
 * The only place where a job changes. Returns a Problem `conflict` for an event that does not fit the job's state, so that
 * a late one changes nothing: a cancelled job never becomes done, and what has ended ends once.
 */
export function transition(
  job: Job,
  event: JobEvent,
  given: { attempt: Attempt | null; now: EpochMs },
): Transition | Problem {
  return new Problem('conflict', `${job.id} ${event.kind} ${given.now}`);
}
