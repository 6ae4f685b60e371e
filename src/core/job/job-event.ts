import type { AttemptId } from '../ids.ts';
import type { Told } from '../spend/usage.ts';
import type { EpochMs } from '../time.ts';
import type { Attempt, AttemptOutcome, Conversation, Park } from './job.ts';
import type { Spent, Stopped, Warned } from './stop.ts';
import type { Action } from '../watch/action.ts';

/** What happens to a job. */
export type JobEvent =
  /** There is room: an attempt is written down, and will be spawned. */
  | { readonly kind: 'dispatched'; readonly on: Pick<Attempt, 'agent' | 'model' | 'pool' | 'account'> }
  | { readonly kind: 'spawned'; readonly attempt: AttemptId; readonly pid: number; readonly birth: string }
  /** The conversation that the agent works on became known; null when it turned out not to exist. */
  | { readonly kind: 'conversation'; readonly conversation: Conversation | null }
  /** Which model its agent takes by itself. */
  | { readonly kind: 'model'; readonly attempt: AttemptId; readonly model: string }
  /** A turn came to its end: the streak of resumes is over. */
  | { readonly kind: 'turn-completed'; readonly attempt: AttemptId }
  /** Its agent says with a tool that the task is finished; the end of its process follows. */
  | {
      readonly kind: 'finished';
      readonly attempt: AttemptId;
      readonly result: string;
      /** It has ended its turn on a terminal, and said nothing of that. */
      readonly by?: 'turn';
    }
  | {
      readonly kind: 'asked';
      readonly attempt: AttemptId | null;
      readonly question: string;
      /** Its agent waits for somebody to type. */
      readonly on?: 'terminal';
      /** It shows a dialog there, in which this key is yes. */
      readonly yes?: string;
      /** It was heard again after a restart, and may be what was answered since. */
      readonly again?: boolean;
    }
  | { readonly kind: 'answered'; readonly answer: string }
  /** The answer could not be typed into its terminal. */
  | { readonly kind: 'answer-lost'; readonly attempt: AttemptId }
  /** It cannot go on where it is: its process is ended, and then the next rung is tried. */
  | { readonly kind: 'switch'; readonly attempt: AttemptId; readonly why: string }
  /** Nothing is open; a process is ended first. */
  | { readonly kind: 'park'; readonly park: Park }
  /** `due` by time, `freed` because something opened, `asked` by the user. `says` is for the agent. */
  | { readonly kind: 'unpark'; readonly because: 'due' | 'freed' | 'asked'; readonly says: string }
  /** The process has ended, or never began. */
  | {
      readonly kind: 'ended';
      readonly attempt: AttemptId;
      readonly exitCode: number | null;
      readonly outcome: AttemptOutcome;
      /** When its process ended, where that is known better than by now. */
      readonly at?: EpochMs | null;
      /** What it has told of its spending, and what its agent said last. */
      readonly spent?: Spent;
      readonly told?: Told | null;
      /** What it did not tell is told by whoever goes on with its conversation. */
      readonly toldLater?: true;
      readonly words?: string | null;
    }
  | { readonly kind: 'cancel' }
  /** The user wants it to go on after it ended: with its conversation, or from the beginning. */
  | { readonly kind: 'retry'; readonly anew: boolean }
  /** It is not wanted any more, or cannot go on by itself. */
  | { readonly kind: 'block'; readonly detail: string }
  /** A rule of the watch does something to its attempt; what it stops comes to its end as anything else does. */
  | { readonly kind: 'watched'; readonly attempt: AttemptId | null; readonly action: Action }
  /** Its user is warned of a stop condition. */
  | {
      readonly kind: 'warned';
      readonly attempt: AttemptId;
      readonly warnings: readonly Pick<Warned, 'by' | 'detail'>[];
      readonly spent: Spent;
    }
  /** A stop condition was met; or the attempt that saves the work has taken too long. */
  | {
      readonly kind: 'stop';
      /** Null for a job that waits for its next attempt. */
      readonly attempt: AttemptId | null;
      readonly met: Pick<Stopped, 'by' | 'detail'>;
      readonly spent?: Spent;
    }
  /** Its work cannot be saved by its agent: nothing is open. */
  | { readonly kind: 'wrap-up-skipped' }
  /** Its agent says with a tool where it is. */
  | { readonly kind: 'reported'; readonly attempt: AttemptId; readonly report: string }
  /** Its agent was given the answer by the tool that had asked: no later attempt is told it again. */
  | { readonly kind: 'answer-told'; readonly attempt: AttemptId; readonly question: string }
  /** A call of one of Stint's tools has only waited since then: its agent makes it again. */
  | {
      readonly kind: 'only-waited';
      readonly attempt: AttemptId;
      readonly since: EpochMs;
      /** When its agent did anything else with a tool last; null for never. */
      readonly workedAt: EpochMs | null;
    }
  /** Its agent goes on with what was typed into its terminal, by whomever. */
  | { readonly kind: 'going'; readonly attempt: AttemptId };
