import type { Job } from '../core/job/job.ts';

/**
 * What an attempt is told. The first gets the task; one that resumes the conversation only what happened, for it knows
 * the rest: an empty prompt is an error to more than one agent. One that begins anew gets both.
 */
export function promptFor({ spec, handover, answer, asked, stopped }: Job, left: string | null): string {
  const own = answer === null ? undefined : asked.findLast((each) => each.answer === answer);
  const said = own === undefined ? null : `You asked: ${own.question}\n\nThe answer to your question: ${answer}`;
  if (handover === null) return spec.prompt;
  // It is not to go on.
  if (stopped !== null) return handover.says;
  const goOn = 'Continue with the task where it was left off; do not repeat what is done.';
  if (handover.kind === 'resume') return [goOn, handover.says, said].filter((each) => each !== null).join('\n\n');
  return [spec.prompt, `An earlier attempt was interrupted. ${handover.says}`, left, said, goOn]
    .filter((each) => each !== null)
    .join('\n\n');
}
