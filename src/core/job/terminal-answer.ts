import type { EpochMs } from '../time.ts';
import type { JobEvent } from './job-event.ts';
import { changed, misfit } from './change.ts';
import type { Answering, Job, JobState, Waiting } from './job.ts';
import type { Problem } from '../problem.ts';
import type { Given, Transition } from './transition.ts';

type Asked = Extract<JobEvent, { kind: 'asked' }>;

/** Heard again after a restart, what is being answered is no new question. */
export function isAnswered(
  { state, asked }: Pick<Job, 'state' | 'asked'>,
  { again, on, question, yes }: Asked,
): boolean {
  if (again !== true || on === undefined || state.kind !== 'running') return false;
  const to = state.answering?.to;
  if (to === undefined) return false;
  // What it has asked with a tool stands in the place of its last words.
  return (to.question === question && to.yes === yes) || asked.some((each) => each.question === to.question);
}

/** What its terminal waits for is another thing than a moment ago: somebody has closed a dialog there. */
export function asksOther(job: Job, { attempt, question, on, yes }: Asked, given: Given): Transition | null {
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
  return { job: changed(job, given, { state: stillAsks(state.answering, given.now) }), attempt: null, effects: [] };
}

/** What it waits for as before, in words that say what became of the answer. */
function stillAsks({ to }: Answering, now: EpochMs): Waiting {
  const question = to.question.startsWith(notTyped) ? to.question : `${notTyped} ${to.question}`;
  return { ...to, question, since: now, waitsFrom: now };
}

const notTyped = 'Your answer could not be typed into its terminal. It still asks:';

/**
 * What its user has answered on a terminal whose agent did not go on with it, for the next attempt; a choice in a dialog is
 * gone with that.
 */
export function untaken({ state, asked }: Pick<Job, 'state' | 'asked'>): Partial<Pick<Job, 'answer' | 'asked'>> {
  const { answering } = state.kind === 'running' ? state : {};
  if (answering === undefined || answering.to.yes !== undefined) return {};
  const { answer, to } = answering;
  const isKnown = asked.some((each) => each.question === to.question && each.answer === answer);
  return { answer, asked: isKnown ? asked : [...asked, { question: to.question, at: to.since, answer }] };
}
