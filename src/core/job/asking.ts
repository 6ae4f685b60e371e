import type { AttemptId } from '../ids.ts';
import type { Problem } from '../problem.ts';
import { changed, goingOn, misfit, queue } from './change.ts';
import { dialogKey, noChoice, yesOrNo } from './dialog.ts';
import type { Asked, Attempt, Job, JobState, Waiting } from './job.ts';
import type { JobEvent } from './job-event.ts';
import { waitingMs } from './progress.ts';
import { isAnswerOf, openEntry, openQuestion, told, unheard } from './question.ts';
import { attemptOf } from './state.ts';
import { asksOther, isAnswered } from './terminal-answer.ts';
import type { Effect, Given, Transition } from './transition.ts';

type Of<Kind extends JobEvent['kind']> = Extract<JobEvent, { kind: Kind }>;

const keptQuestions = 20;

/** One that ends its turn on a terminal is answered there; null where nothing is to be answered. */
export function asksOnTerminal(job: Job, attempt: AttemptId, given: Given): Transition | null {
  const { state } = job;
  const question = openQuestion(job);
  if (state.kind === 'stopping' || (state.kind === 'waiting' && state.on !== undefined)) return null;
  const late = unheard(job);
  if (late !== undefined && state.kind === 'running' && state.answering === undefined) {
    const answer = late.answer ?? '';
    const to = { kind: 'waiting', attempt, question: late.question, since: given.now, on: 'terminal' } as const;
    const type: Effect = { kind: 'type', attempt, text: answer };
    return {
      job: changed(job, given, { state: { ...state, answering: { answer, to } } }),
      attempt: null,
      effects: [type],
    };
  }
  if (question === null) return null;
  const waits: JobState =
    state.kind === 'waiting'
      ? { ...state, on: 'terminal' }
      : { kind: 'waiting', attempt, question, since: given.now, on: 'terminal' };
  return { job: changed(job, given, { state: waits }), attempt: null, effects: [] };
}

export function asked(job: Job, event: Of<'asked'>, given: Given): Transition | Problem {
  const { attempt, question, on, yes } = event;
  const isTurnEnd = attempt !== null && attempt === attemptOf(job) && on !== undefined && yes === undefined;
  const own = isTurnEnd ? asksOnTerminal(job, attempt, given) : null;
  if (own !== null) return own;
  const isRunning = job.state.kind === 'running' && job.state.attempt === attempt;
  const fits = attempt === null ? job.state.kind === 'queued' : isRunning && !isAnswered(job, event);
  if (!fits) return asksOther(job, event, given) ?? misfit(job, event);
  if (on !== undefined) {
    const state: JobState = {
      kind: 'waiting',
      attempt,
      question,
      since: given.now,
      on,
      ...(yes === undefined ? {} : { yes }),
    };
    return { job: changed(job, given, { state }), attempt: null, effects: [] };
  }
  // Asked before its process or its account was lost: people were told of it then.
  const open = openEntry(job, question);
  const since = open?.at ?? given.now;
  const from = attempt === null ? {} : { waitsFrom: given.now };
  const state: JobState = { kind: 'waiting', attempt, question, since, ...from };
  const entry: Asked = { question, at: since, answer: null, ...(attempt === null ? { by: 'stint' } : {}) };
  const all = open === undefined ? [...job.asked, entry].slice(-keptQuestions) : job.asked;
  return { job: changed(job, given, { state, asked: all }), attempt: null, effects: [] };
}

export function answered(job: Job, { answer }: Of<'answered'>, given: Given): Transition | Problem {
  const { state } = job;
  const question = openQuestion(job);
  // What one that is being started is told is settled already.
  if (question === null || state.kind === 'starting') return misfit(job, { kind: 'answered' });
  const entry = openEntry(job, question);
  if (entry?.by === 'stint') return allowed(job, answer, given);
  const all = job.asked.map((each) => (each === entry ? { ...each, answer, after: job.attempts } : each));
  // Wherever it is, its agent is told when it asks again, or goes on.
  if (state.kind !== 'waiting')
    return { job: { ...job, asked: all, fence: job.fence + 1 }, attempt: null, effects: [] };
  if (state.attempt !== null) {
    const running = { kind: 'running', attempt: state.attempt } as const;
    const attempt = waited(state, given);
    if (state.on === undefined)
      return { job: changed(job, given, { state: running, asked: all }), attempt, effects: [] };
    const key = state.yes === undefined ? undefined : dialogKey(answer, state.yes);
    if (key === null) return noChoice(job, answer);
    const typed = key === undefined ? {} : { key };
    const type: Effect = { kind: 'type', attempt: state.attempt, text: answer, ...typed };
    const answering: JobState = { ...running, answering: { answer, to: state } };
    return { job: changed(job, given, { state: answering, asked: all }), attempt, effects: [type] };
  }
  const added = entry === undefined ? [...all, { question, at: state.since, answer, after: job.attempts }] : all;
  const more = { state: queue(null, null), asked: added, ...goingOn(job, 'You waited for an answer.') };
  return { job: changed(job, given, more), attempt: null, effects: [] };
}

/** Its user says whether it goes on elsewhere; what is more than a yes or no is for its agent. */
function allowed(job: Job, answer: string, given: Given): Transition {
  const word = yesOrNo(answer);
  const isTold = word === null ? {} : { isTold: true as const };
  const all = job.asked.map((each) =>
    each.by === 'stint' && each.answer === null ? { ...each, answer, after: job.attempts, ...isTold } : each,
  );
  if (word === 'no') {
    const park = {
      reason: 'user',
      dueAt: null,
      estimated: false,
      detail: 'you said no to going on elsewhere',
    } as const;
    const state: JobState = { kind: 'parked', ...park, since: given.now };
    return { job: changed(job, given, { state, asked: all }), attempt: null, effects: [] };
  }
  const goes = job.attempts === 0 ? {} : goingOn(job, 'A limit stopped you, and your user lets you go on.');
  return { job: changed(job, given, { state: queue(null, null), asked: all, ...goes }), attempt: null, effects: [] };
}

export function going(job: Job, { attempt }: Of<'going'>, given: Given): Transition | Problem {
  const { state } = job;
  if (state.kind === 'running' && state.attempt === attempt && state.answering !== undefined) {
    const all = told(job, isAnswerOf(state.answering));
    return {
      job: changed(job, given, { state: { kind: 'running', attempt }, asked: all }),
      attempt: null,
      effects: [],
    };
  }
  if (state.kind !== 'waiting' || state.attempt !== attempt || state.on === undefined)
    return misfit(job, { kind: 'going' });
  const running: JobState = { kind: 'running', attempt };
  return { job: changed(job, given, { state: running }), attempt: waited(state, given), effects: [] };
}

/** An attempt whose wait is over, which was no time of its running. */
export function waited(state: Waiting, { attempt, now }: Given): Attempt | null {
  if (attempt === null || attempt.id !== state.attempt) return null;
  return { ...attempt, waitedMs: attempt.waitedMs + waitingMs(state, now) };
}
