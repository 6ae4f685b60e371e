import type { AttemptId } from '../ids.ts';
import type { Problem } from '../problem.ts';
import type { EpochMs } from '../time.ts';
import { afterFailure } from './after-failure.ts';
import { answered, asked, asksOnTerminal, going, waited } from './asking.ts';
import { changed, goingOn, misfit, queue } from './change.ts';
import type { AfterStop, Attempt, Conversation, Job, JobState } from './job.ts';
import { endedAttempt, freshOf, goneOnIn, mostContinued, noProgress, withSpent } from './progress.ts';
import { leftOpen, told, toldBefore, unheard } from './question.ts';
import { attemptOf, hasEnded, isHeld, isIdle, knownTo } from './state.ts';
import { notFinished, resultOf, saveWork } from './stop-words.ts';
import { nothingSpent, type Stopped } from './stop.ts';
import { endless, givenBack, limitedOn, noRestarts, resumed, rungOf } from './restarts.ts';
import { answerLost, taken, untaken } from './terminal-answer.ts';
import { remembered } from '../watch/action.ts';
import type { JobEvent } from './job-event.ts';

/** What is to be done after a transition was written. Each can be done again after a crash. */
export type Effect =
  | { readonly kind: 'spawn'; readonly attempt: AttemptId }
  | { readonly kind: 'kill'; readonly attempt: AttemptId }
  /** An answer is typed into its terminal. */
  | {
      readonly kind: 'type';
      readonly attempt: AttemptId;
      readonly text: string;
      /** Pressed instead, in a dialog. */
      readonly key?: string;
    }
  /** What depends on the job may go on, or never will; one that repeats gets its successor. */
  | { readonly kind: 'ended' };

export type Transition = {
  readonly job: Job;
  /** The attempt that the event made or changed. */
  readonly attempt: Attempt | null;
  readonly effects: readonly Effect[];
};

/** The job's present attempt, where it has one, and the time. */
export type Given = { readonly attempt: Attempt | null; readonly now: EpochMs };

/**
 * The only place where a job changes. A Problem `conflict` for an event that does not fit where the job is, so that a
 * late one changes nothing: a cancelled job never becomes done, and what has ended ends once.
 */
export function transition(job: Job, event: JobEvent, given: Given): Transition | Problem {
  switch (event.kind) {
    case 'dispatched':
      return dispatched(job, event, given);
    case 'spawned':
      return spawned(job, event, given);
    case 'conversation':
      if (attemptOf(job) === null || isSame(job.conversation, event.conversation)) return misfit(job, event);
      return conversed(job, event, given);
    case 'model':
      if (attemptOf(job) !== event.attempt || job.usualModel === event.model) return misfit(job, event);
      // Who took it over has another.
      if (given.attempt?.agent !== job.spec.agent) return misfit(job, event);
      return { job: changed(job, given, { usualModel: event.model }), attempt: null, effects: [] };
    case 'turn-completed':
      if (job.state.kind !== 'running' || job.state.attempt !== event.attempt) return misfit(job, event);
      return { job: changed(job, given, { restarts: noRestarts, asked: toldBefore(job) }), attempt: null, effects: [] };
    case 'finished':
      return finished(job, event, given);
    case 'asked':
      return asked(job, event, given);
    case 'answered':
      return answered(job, event, given);
    case 'answer-lost':
      return answerLost(job, event, given);
    case 'switch':
      if (event.attempt !== attemptOf(job) || job.state.kind === 'stopping') return misfit(job, event);
      if (job.stopped !== null) return stop(job, { kind: 'done' }, given);
      return stop(job, { kind: 'queued', why: event.why }, given);
    case 'park':
      return park(job, event, given);
    case 'unpark':
      return unpark(job, event, given);
    case 'ended':
      return ended(job, event, given);
    case 'cancel':
      return cancel(job, event, given);
    case 'retry':
      return retry(job, event, given);
    case 'block':
      if (!isIdle(job)) return misfit(job, event);
      if (job.stopped !== null) return endStopped(job, job.stopped, given);
      return end(job, { kind: 'blocked', at: given.now, failure: 'unknown', detail: event.detail }, given);
    case 'watched':
      return watched(job, event, given);
    case 'warned':
      return warned(job, event, given);
    case 'stop':
      return meetsCondition(job, event, given);
    case 'wrap-up-skipped':
      if (job.state.kind !== 'queued' || job.stopped === null) return misfit(job, event);
      return endStopped(job, job.stopped, given);
    case 'reported':
      if (attemptOf(job) !== event.attempt) return misfit(job, event);
      return { job: changed(job, given, { report: event.report }), attempt: null, effects: [] };
    case 'answer-told':
      if (attemptOf(job) !== event.attempt) return misfit(job, event);
      return {
        job: changed(job, given, { asked: told(job, ({ question }) => question === event.question) }),
        attempt: null,
        effects: [],
      };
    case 'only-waited':
      return onlyWaited(job, event, given);
    case 'going':
      return going(job, event, given);
  }
}

type Of<Kind extends JobEvent['kind']> = Extract<JobEvent, { kind: Kind }>;

function dispatched(job: Job, { on }: Of<'dispatched'>, given: Given): Transition | Problem {
  if (job.state.kind !== 'queued') return misfit(job, { kind: 'dispatched' });
  const number = job.attempts + 1;
  const id = `${job.id}.${number}` as AttemptId;
  const attempt: Attempt = {
    ...{ ...on, id, number, job: job.id, startedAt: given.now },
    ...{ pid: null, birth: null, endedAt: null, exitCode: null, outcome: null },
    ...{ spent: nothingSpent, waitedMs: 0 },
  };
  // What it might have been asked by Stint is of no use any more.
  const kept = job.asked.filter((each) => each.by !== 'stint' || each.answer !== null);
  const more = { state: { kind: 'starting', attempt: id }, attempts: number, asked: kept } as const;
  const next = changed(goneOnIn(job, knownTo(job, on.agent)?.session ?? null), given, more);
  return { job: next, attempt, effects: [{ kind: 'spawn', attempt: id }] };
}

function conversed(job: Job, { conversation }: Of<'conversation'>, given: Given): Transition {
  const next = goneOnIn(job, conversation?.session ?? null);
  return { job: changed(next, given, { conversation }), attempt: null, effects: [] };
}

/** One that is to be stopped by now still gets its pid, by which it is ended. */
function spawned(job: Job, { attempt: id, pid, birth }: Of<'spawned'>, given: Given): Transition | Problem {
  const { state } = job;
  if (given.attempt === null || attemptOf(job) !== id || (state.kind !== 'starting' && state.kind !== 'stopping'))
    return misfit(job, { kind: 'spawned' });
  const next: JobState = state.kind === 'starting' ? { kind: 'running', attempt: id } : state;
  return { job: changed(job, given, { state: next }), attempt: { ...given.attempt, pid, birth }, effects: [] };
}

/** A process without a terminal ends by itself; any other is ended. */
function finished(job: Job, event: Of<'finished'>, given: Given): Transition | Problem {
  const isCancelled = job.state.kind === 'stopping' && job.state.next.kind === 'cancelled';
  if (attemptOf(job) !== event.attempt || isCancelled) return misfit(job, event);
  const asks = event.by === 'turn' ? asksOnTerminal(job, event.attempt, given) : null;
  if (asks !== null) return asks;
  const said = { ...job, finished: event.result };
  if (job.spec.transport === 'pipe' || job.state.kind === 'stopping')
    return { job: changed(said, given, {}), attempt: null, effects: [] };
  return stop(said, { kind: 'done' }, given);
}

/** Calls that are made at once are of one turn. That of the first after other work may be the turn of that as well. */
function onlyWaited(job: Job, event: Of<'only-waited'>, { attempt, now }: Given): Transition | Problem {
  if (attemptOf(job) !== event.attempt || attempt === null) return misfit(job, event);
  const { turns, until } = attempt.idle ?? { turns: 0, until: 0 };
  if (event.since <= until) return misfit(job, event);
  const isWork = event.workedAt !== null && event.workedAt >= until;
  const idle = { turns: isWork ? turns : turns + 1, until: now };
  return { job: { ...job, fence: job.fence + 1 }, attempt: { ...attempt, idle }, effects: [] };
}

function park(job: Job, { park: asks }: Of<'park'>, given: Given): Transition | Problem {
  if (attemptOf(job) !== null && job.state.kind !== 'stopping') return stop(job, { kind: 'parked', ...asks }, given);
  if (!isIdle(job) || (job.state.kind === 'waiting' && asks.reason !== 'user')) return misfit(job, { kind: 'park' });
  if (isHeld(job) && asks.reason !== 'user') return misfit(job, { kind: 'park' });
  const since = job.state.kind === 'parked' ? job.state.since : given.now;
  const state: JobState = { kind: 'parked', ...asks, since };
  // The resume that it was queued for did not come to pass.
  const restarts = job.state.kind === 'queued' ? givenBack(job.restarts) : job.restarts;
  return { job: changed(job, given, { state, restarts }), attempt: null, effects: [] };
}

function unpark(job: Job, { because, says }: Of<'unpark'>, given: Given): Transition | Problem {
  if (job.state.kind !== 'parked' || (isHeld(job) && because !== 'asked')) return misfit(job, { kind: 'unpark' });
  const restarts = because === 'asked' ? noRestarts : resumed(job.restarts);
  if (restarts === null) {
    const { reason, detail } = job.state;
    const failure = reason === 'disk' ? 'disk-full' : 'window';
    return end(job, { kind: 'blocked', at: given.now, failure, detail: endless(job.restarts, detail) }, given);
  }
  const { againAt: _, ...fresh } = restarts;
  const more = { state: queue(null, says), restarts: fresh, ...goingOn(job, says) };
  return { job: changed(job, given, more), attempt: null, effects: [] };
}

function ended(before: Job, event: Of<'ended'>, given: Given): Transition | Problem {
  const { state } = before;
  if (given.attempt === null || attemptOf(before) !== event.attempt) return misfit(before, event);
  const { outcome } = event;
  const next = state.kind === 'stopping' ? state.next : null;
  const attempt = endedAttempt(before, given.attempt, { ...event, now: given.now });
  // A person who has ended it wants nothing more of it.
  const kept = outcome.kind === 'done' ? taken(before) : untaken(before);
  const job = withSpent({ ...before, ...kept }, attempt, event);
  if (next?.kind === 'cancelled') return { ...end(job, { kind: 'cancelled', at: given.now }, given), attempt };
  const done = outcome.kind === 'done' ? outcome.result : null;
  const words = done ?? event.words ?? null;
  // It was to save its work, and has had its time for that.
  if (job.stopped !== null && next?.kind !== 'wrap-up') {
    if (next?.kind === 'parked') return { ...stopped(job, { next, attempt }, given), attempt };
    const met = { ...job.stopped, words: job.finished ?? words ?? job.stopped.words };
    return { ...endStopped(job, met, given), attempt };
  }
  // An agent that finished is done, whatever limit was seen on the way.
  const isAwaited = job.spec.stop.completion || unheard(job) !== undefined || leftOpen(job) !== null;
  if (job.finished !== null || (done !== null && !isAwaited) || next?.kind === 'done') {
    const state: JobState = { kind: 'done', at: given.now, result: job.finished ?? done ?? '' };
    // What it asked it needs no more.
    const asked = job.asked.filter((each) => each.answer !== null);
    return { ...end({ ...job, stopped: null, asked }, state, given), attempt };
  }
  if (next?.kind === 'wrap-up') return { ...wrapUp(job, words, given), attempt };
  if (next !== null) return { ...stopped(job, { next, attempt }, given), attempt };
  if (done !== null) return { ...turnEnded(job, done, given), attempt };
  // Its question is still to be answered, and without that there is nothing to go on with.
  const isAsked = state.kind === 'waiting' && state.on === undefined;
  // Nobody wanted it to end, and its agent is not to blame.
  if (outcome.kind !== 'failed' && !isAsked) {
    const why = 'why' in outcome ? outcome.why : '';
    return { ...stopped(job, { next: { kind: 'queued', why, isLimit: false }, attempt }, given), attempt };
  }
  const failed =
    outcome.kind === 'failed'
      ? outcome
      : ({ kind: 'failed', failure: 'crash', detail: 'why' in outcome ? outcome.why : '', until: null } as const);
  const after = afterFailure(failed, { restarts: job.restarts, rung: rungOf(attempt) }, given.now);
  if (after.state.kind === 'failed' || after.state.kind === 'blocked') {
    const seen = after.action === undefined ? job.watched : remembered(job.watched, after.action, given.now);
    return { ...end({ ...job, watched: seen }, after.state, given), attempt };
  }
  const goesOn: JobState = isAsked ? { ...state, attempt: null } : after.state;
  const more = { state: goesOn, restarts: after.restarts, ...goingOn(job, after.says) };
  return { job: changed(job, given, more), attempt, effects: [] };
}

function warned(job: Job, event: Of<'warned'>, given: Given): Transition | Problem {
  const all = [...job.progress.warned, ...freshOf(job, event.warnings).map((each) => ({ ...each, at: given.now }))];
  if (attemptOf(job) !== event.attempt || all.length === job.progress.warned.length || given.attempt === null)
    return misfit(job, event);
  return {
    job: changed(job, given, { progress: { ...job.progress, warned: all } }),
    attempt: { ...given.attempt, spent: event.spent },
    effects: [],
  };
}

/** Its process is ended first; what its agent was at is saved by the attempt after that. */
function meetsCondition(job: Job, event: Of<'stop'>, given: Given): Transition | Problem {
  const { state } = job;
  const isWaiting = event.attempt === null && isIdle(job) && state.kind !== 'parked' && job.stopped === null;
  const isRunning = event.attempt !== null && attemptOf(job) === event.attempt && state.kind !== 'stopping';
  const met: Stopped = { ...event.met, at: given.now, words: null };
  if (isWaiting) return wrapUp({ ...job, stopped: met }, null, given);
  if (!isRunning) return misfit(job, event);
  if (job.stopped !== null) return stop(job, { kind: 'done' }, given);
  const stopping = stop({ ...job, stopped: met }, { kind: 'wrap-up' }, given);
  const attempt = stopping.attempt ?? given.attempt;
  if (attempt === null || event.spent === undefined) return stopping;
  return { ...stopping, attempt: { ...attempt, spent: event.spent } };
}

/** One attempt more with the same conversation, where there is one, in which the agent saves its work. */
function wrapUp(job: Job, words: string | null, given: Given): Transition {
  const met = { ...(job.stopped as Stopped), words };
  if (job.conversation === null) return endStopped(job, met, given);
  const says = saveWork(met);
  const more: Partial<Job> = { state: queue(null, met.detail), stopped: met, handover: { kind: 'resume', says } };
  return { job: changed(job, given, more), attempt: null, effects: [] };
}

/** A job that was stopped by a condition is done, and never failed: what depends on it goes on. */
function endStopped(job: Job, met: Stopped, given: Given): Transition {
  return end({ ...job, stopped: met }, { kind: 'done', at: given.now, result: resultOf(met) }, given);
}

/** The end of a turn is not the end of this job: its agent waits for an answer, or has to say that it is finished. */
function turnEnded(job: Job, words: string, given: Given): Transition {
  if (unheard(job) !== undefined) {
    const more = { state: queue(null, null), ...goingOn(job, 'You ended your turn before you were told an answer.') };
    return { job: changed(job, given, more), attempt: null, effects: [] };
  }
  const question = leftOpen(job);
  if (question !== null) {
    const since = job.state.kind === 'waiting' ? job.state.since : given.now;
    const state: JobState = { kind: 'waiting', attempt: null, question, since };
    return { job: changed(job, given, { state, restarts: noRestarts }), attempt: null, effects: [] };
  }
  const continued = job.progress.continued + 1;
  if (continued > mostContinued) {
    const detail = `Its agent has ended its turn ${continued} times without finish_job.`;
    return endStopped(job, { by: 'completion', detail, at: given.now, words }, given);
  }
  const more = { state: queue(null, null), progress: { ...job.progress, continued }, ...goingOn(job, notFinished) };
  return { job: changed(job, given, more), attempt: null, effects: [] };
}

function stopped(
  job: Job,
  {
    next,
    attempt,
  }: { readonly next: Extract<AfterStop, { kind: 'queued' | 'parked' | 'blocked' }>; readonly attempt: Attempt },
  given: Given,
): Transition {
  if (next.kind === 'parked')
    return { job: changed(job, given, { state: { ...next, since: given.now } }), attempt: null, effects: [] };
  if (next.kind === 'blocked') return end(job, { ...next, at: given.now }, given);
  const isLimit = next.isLimit !== false;
  const restarts = isLimit ? limitedOn(rungOf(attempt), job.restarts, given.now) : resumed(job.restarts);
  if (restarts === null) {
    const detail = endless(job.restarts, next.why);
    return end(job, { kind: 'blocked', at: given.now, failure: isLimit ? 'window' : 'unknown', detail }, given);
  }
  const more = { state: queue(null, next.why), restarts, ...goingOn(job, next.says ?? next.why) };
  return { job: changed(job, given, more), attempt: null, effects: [] };
}

function cancel(job: Job, event: JobEvent, given: Given): Transition | Problem {
  if (hasEnded(job)) return misfit(job, event);
  if (job.state.kind === 'stopping') {
    const state: JobState = { ...job.state, next: { kind: 'cancelled' } };
    return { job: changed(job, given, { state }), attempt: null, effects: [] };
  }
  if (attemptOf(job) !== null) return stop(job, { kind: 'cancelled' }, given);
  return end(job, { kind: 'cancelled', at: given.now }, given);
}

function retry(before: Job, event: Of<'retry'>, given: Given): Transition | Problem {
  const job = event.anew ? goneOnIn(before, null) : before;
  const { kind } = job.state;
  if (kind !== 'failed' && kind !== 'blocked' && kind !== 'cancelled' && kind !== 'done') return misfit(job, event);
  const says = 'You were stopped, and are asked to go on.';
  const anew = { handover: null, conversation: null, report: null, asked: [] };
  const begins = event.anew ? anew : goingOn({ ...job, stopped: null }, says);
  // It gets its conditions afresh, or would be stopped at once by what it has spent before; that stays told.
  const again = { stopped: null, progress: { ...job.progress, ...noProgress, told: job.progress.told } };
  const forgotten = { restarts: noRestarts, finished: null, watched: { ...job.watched, loops: 0 } };
  const more = { state: queue(null, null), ...forgotten, ...again, ...begins };
  return { job: changed(job, given, more), attempt: null, effects: [] };
}

/** What only has to be remembered changes nothing else, not even since when the job is where it is. */
function watched(job: Job, { attempt, action }: Of<'watched'>, given: Given): Transition | Problem {
  const { deed, why, says } = action;
  if (attempt !== attemptOf(job)) return misfit(job, { kind: 'watched' });
  const seen = { ...job, watched: remembered(job.watched, action, given.now) };
  if (deed !== 'resume' && deed !== 'block')
    return { job: { ...seen, fence: job.fence + 1 }, attempt: null, effects: [] };
  if (attempt === null || job.state.kind === 'stopping') return misfit(job, { kind: 'watched' });
  if (deed === 'block') return stop(seen, { kind: 'blocked', failure: 'task', detail: why }, given);
  const more = {
    ...(says === undefined ? {} : { says }),
    ...(action.rule === 'limited-stuck' ? {} : { isLimit: false as const }),
  };
  return stop(seen, { kind: 'queued', why, ...more }, given);
}

/** What it becomes is written before its process is ended. */
function stop(job: Job, next: AfterStop, given: Given): Transition {
  const attempt = attemptOf(job) as AttemptId;
  const state: JobState = { kind: 'stopping', attempt, next, since: given.now };
  const more = { state, ...untaken(job) };
  const over = job.state.kind === 'waiting' ? waited(job.state, given) : null;
  return { job: changed(job, given, more), attempt: over, effects: [{ kind: 'kill', attempt }] };
}

/** The one way to an end. */
function end(job: Job, state: Extract<JobState, { at: EpochMs }>, given: Given): Transition {
  return { job: changed(job, given, { state }), attempt: null, effects: [{ kind: 'ended' }] };
}

/** Some agents tell it with every line. */
function isSame(a: Conversation | null, b: Conversation | null): boolean {
  return a?.agent === b?.agent && a?.session === b?.session && a?.account === b?.account;
}
