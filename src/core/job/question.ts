import type { Answering, Asked, Job } from './job.ts';

type Questions = Pick<Job, 'state' | 'asked' | 'stopped'>;

/**
 * What the user of a job is asked; null for nothing. What its agent has asked with a tool stays open where its process
 * was lost or parked, until it is answered or the job has ended.
 */
export function openQuestion({ state, asked, stopped }: Questions): string | null {
  if (state.kind === 'waiting') return state.question;
  if ('at' in state || stopped !== null) return null;
  const last = asked.findLast(({ by }) => by === undefined);
  return last?.answer === null ? last.question : null;
}

/** As `openQuestion`, in the words that its user reads. */
export function shownQuestion(job: Questions): string | null {
  const question = openQuestion(job);
  const isAgain = job.state.kind === 'waiting' && job.state.isAgain === true;
  return isAgain ? `Your answer could not be typed into its terminal. It still asks: ${question}` : question;
}

/** What is open once its process has ended: what only its terminal asked has gone with that. */
export function leftOpen(job: Questions): string | null {
  const { state, asked } = job;
  const question = openQuestion(job);
  const isOfTerminal = state.kind === 'waiting' && state.on !== undefined;
  return isOfTerminal && openEntry({ asked }, question) === undefined ? null : question;
}

/** What is known of a question that nobody has answered; undefined where only a terminal asks it. */
export function openEntry({ asked }: Pick<Job, 'asked'>, question: string | null): Asked | undefined {
  return asked.find((each) => each.question === question && each.answer === null);
}

/** Whether an entry is what was answered on a terminal. */
export function isAnswerOf({ to, answer }: Answering): (each: Asked) => boolean {
  return (each) => each.question === to.question && each.answer === answer;
}

/** Of what was answered, what its agent does not surely know. */
export function untold({ asked }: Pick<Job, 'asked'>): readonly Asked[] {
  return asked.filter(({ answer, after, isTold }) => answer !== null && after !== undefined && isTold !== true);
}

/** Answered since its present attempt began, which it was not told; undefined for nothing. */
export function unheard(job: Pick<Job, 'asked' | 'attempts'>): Asked | undefined {
  return untold(job).find(({ after }) => after === job.attempts);
}

/** An attempt has done something with what it was told as it began. */
export function toldBefore({ asked, attempts }: Pick<Job, 'asked' | 'attempts'>): readonly Asked[] {
  return told({ asked }, ({ answer, after }) => answer !== null && after !== undefined && after < attempts);
}

export function told({ asked }: Pick<Job, 'asked'>, isTold: (each: Asked) => boolean): readonly Asked[] {
  return asked.map((each) => (isTold(each) ? { ...each, isTold: true } : each));
}
