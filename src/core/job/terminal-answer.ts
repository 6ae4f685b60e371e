import type { JobEvent } from './job-event.ts';
import { changed, misfit } from './change.ts';
import type { Asked, Job, JobState, Waiting } from './job.ts';
import { isAnswerOf, told, toldBefore } from './question.ts';
import type { Problem } from '../problem.ts';
import type { Given, Transition } from './transition.ts';

type AskedEvent = Extract<JobEvent, { kind: 'asked' }>;

/** Heard again after a restart, what is being answered is no new question. */
export function isAnswered(
  { state, asked }: Pick<Job, 'state' | 'asked'>,
  { again, on, question, yes }: AskedEvent,
): boolean {
  if (again !== true || on === undefined || state.kind !== 'running') return false;
  const to = state.answering?.to;
  if (to === undefined) return false;
  // What it has asked with a tool stands in the place of its last words.
  return (to.question === question && to.yes === yes) || asked.some((each) => each.question === to.question);
}

/** What its terminal waits for is another thing than a moment ago: somebody has closed a dialog there. */
export function asksOther(job: Job, { attempt, question, on, yes }: AskedEvent, given: Given): Transition | null {
  const { state } = job;
  if (on === undefined || state.kind !== 'waiting' || state.on !== on || state.attempt !== attempt) return null;
  // What it has asked with a tool is still to be answered.
  const last = job.asked.at(-1);
  if (yes === undefined && last?.answer === null && last.question === state.question) return null;
  if (state.question === question && state.yes === yes) return null;
  const { yes: _, ...waiting } = { ...state, question, since: given.now, waitsFrom: state.waitsFrom ?? state.since };
  const next: JobState = yes === undefined ? waiting : { ...waiting, yes };
  return { job: changed(job, given, { state: next }), attempt: null, effects: [] };
}

/** It waits as before, and its user is told. */
export function answerLost(
  job: Job,
  event: Extract<JobEvent, { kind: 'answer-lost' }>,
  given: Given,
): Transition | Problem {
  const { state } = job;
  if (state.kind !== 'running' || state.attempt !== event.attempt || state.answering === undefined)
    return misfit(job, event);
  const { answering } = state;
  const isIt = isAnswerOf(answering);
  const open = ({ question, at }: Asked): Asked => ({ question, at, answer: null });
  const asks: Waiting = { ...answering.to, since: given.now, waitsFrom: given.now, isAgain: true };
  const all = job.asked.map((each) => (isIt(each) ? open(each) : each));
  return { job: changed(job, given, { state: asks, asked: all }), attempt: null, effects: [] };
}

/** A person who has ended its agent wants nothing more of it. */
export function taken({ state, asked, attempts }: Pick<Job, 'state' | 'asked' | 'attempts'>): Pick<Job, 'asked'> {
  const { answering } = state.kind === 'running' ? state : {};
  const known = toldBefore({ asked, attempts });
  return { asked: answering === undefined ? known : told({ asked: known }, isAnswerOf(answering)) };
}

/**
 * What its user has answered on a terminal whose agent did not go on with it, for the next attempt; a choice in a dialog is
 * gone with that.
 */
export function untaken({ state, asked, attempts }: Pick<Job, 'state' | 'asked' | 'attempts'>): Pick<Job, 'asked'> {
  const { answering } = state.kind === 'running' ? state : {};
  if (answering === undefined || answering.to.yes !== undefined) return { asked };
  const { answer, to } = answering;
  return {
    asked: asked.some(isAnswerOf(answering))
      ? asked
      : [...asked, { question: to.question, at: to.since, answer, after: attempts }],
  };
}
