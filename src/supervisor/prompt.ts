import type { Asked, Job } from '../core/job/job.ts';
import { untold } from '../core/job/question.ts';

/**
 * What an attempt is told. The first gets the task; one that resumes the conversation only what happened, for it knows
 * the rest: an empty prompt is an error to more than one agent. One that begins anew gets both.
 */
export function promptFor(job: Job, left: string | null): string {
  const { spec, handover, asked, stopped } = job;
  const answers = (all: readonly Asked[]): string[] => all.filter(({ answer }) => answer !== null).map(answerText);
  if (handover === null) return [spec.prompt, ...answers(untold(job))].join('\n\n');
  // It is not to go on.
  if (stopped !== null) return handover.says;
  const goOn = 'Continue with the task where it was left off; do not repeat what is done.';
  if (handover.kind === 'resume') return [goOn, handover.says, ...answers(untold(job))].join('\n\n');
  // It knows nothing of what those before it were told.
  const all = answers(asked.filter(({ by, isTold }) => by === undefined || isTold !== true));
  return [spec.prompt, `An earlier attempt was interrupted. ${handover.says}`, left, ...all, goOn]
    .filter((each) => each !== null)
    .join('\n\n');
}

function answerText({ question, answer, by }: Asked): string {
  if (by === 'stint') return `Your user was asked: ${question}\n\nTheir answer: ${answer}`;
  return `You asked: ${question}\n\nThe answer to your question: ${answer}`;
}
