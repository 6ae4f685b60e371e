import type { JobId } from '../ids.ts';
import { formatDuration, formatWhen, secondMs, type EpochMs } from '../time.ts';
import type { AfterStop, Job } from './job.ts';
import { shownQuestion } from './question.ts';

/** What "why is this not running?" is answered from. */
export type WhyFacts = {
  readonly now: EpochMs;
  /** IANA name of the zone in which the answer tells the time. */
  readonly timeZone: string;
  /** Those it depends on that are not done, with where they are. */
  readonly waitsFor: readonly { readonly id: JobId; readonly state: Job['state']['kind'] }[];
  /** Jobs that go before it, where all places are taken; null where there is room. */
  readonly room: { readonly running: number; readonly places: number } | null;
  /** When what looked open to it, and was not, is tried again; null where it is not in its way. */
  readonly restsUntil: EpochMs | null;
  /** Dispatch as a whole is paused, and why. */
  readonly paused: string | null;
};

const longEndMs = 30 * secondMs;

/** One sentence for every job that is not running; null for one that is. */
export function whyNotRunning(job: Job, facts: WhyFacts): string | null {
  const { state, spec } = job;
  const when = (at: EpochMs): string => formatWhen(at, facts.now, facts.timeZone);
  switch (state.kind) {
    case 'running':
      return null;
    case 'queued':
      return whyQueued(job, facts);
    case 'starting':
      return `${spec.agent} is being started.`;
    case 'parked': {
      if (state.reason === 'user') return `You parked it: ${state.detail}. Go on with: stint job resume ${job.id}`;
      const until =
        state.dueAt === null
          ? 'until somebody mends that'
          : `and goes on ${when(state.dueAt)}${state.estimated ? ', which is a guess' : ''}`;
      return `It is parked, for nothing is open (${state.detail}), ${until}.`;
    }
    case 'waiting':
      return `It waits for you: ${shownQuestion(job)} Answer with: stint job answer ${job.id} "..."`;
    case 'stopping':
      return `Its process is being ended${lasting(state.since, facts.now)}; then ${afterStop[state.next.kind]}.`;
    case 'done':
      return job.stopped === null
        ? `It was done ${when(state.at)}.`
        : `It was stopped ${when(state.at)}: ${job.stopped.detail}`;
    case 'failed':
      return `It failed ${when(state.at)} (${state.failure}): ${state.detail} Try again with: stint job retry ${job.id}`;
    case 'blocked':
      return `It is blocked: ${state.detail.replace(/\.$/, '')}. Go on with: stint job retry ${job.id}`;
    case 'cancelled':
      return `It was cancelled ${when(state.at)}.`;
  }
}

const afterStop: Readonly<Record<AfterStop['kind'], string>> = {
  cancelled: 'it is cancelled',
  done: 'it is done',
  queued: 'it is tried elsewhere',
  parked: 'it is parked',
  blocked: 'it is blocked',
  'wrap-up': 'its agent saves its work',
};

function whyQueued(
  { state, spec, stopped }: Job,
  { now, timeZone, waitsFor, room, restsUntil, paused }: WhyFacts,
): string {
  const when = (at: EpochMs): string => formatWhen(at, now, timeZone);
  if (spec.scheduleAt !== null && spec.scheduleAt > now) return `It is scheduled and starts ${when(spec.scheduleAt)}.`;
  if (stopped !== null) return `${stopped.detail} Its agent is about to save its work.`;
  const [first] = waitsFor;
  if (first !== undefined) return `It waits for job ${first.id}, which is ${first.state}.`;
  if (paused !== null) return `Nothing is started at the moment: ${paused}.`;
  if (state.kind === 'queued' && state.notBefore !== null && state.notBefore > now)
    return `It is tried again ${when(state.notBefore)}: ${plain(state.why)}.`;
  if (state.kind === 'queued' && restsUntil !== null)
    return `It met a limit where something looked open, and is tried there again ${when(restsUntil)}: ${plain(state.why)}.`;
  if (room !== null)
    return `All ${room.places} places are taken (${room.running} running); it is started when one is free.`;
  return 'It is about to be started.';
}

function plain(why: string | null): string {
  return (why ?? 'the last attempt failed').replace(/\.$/, '');
}

/** Nobody needs longer to end than a kill takes, but a process of another user, or one that waits for a disk. */
function lasting(since: EpochMs, now: EpochMs): string {
  if (now - since < longEndMs) return '';
  return `, which has not worked for ${formatDuration(now - since)}: one of them may be another user’s, and is to be ended by hand`;
}
