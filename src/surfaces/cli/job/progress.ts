import { formatDuration } from '../../../core/time.ts';
import type { JobView } from '../../../operations/job-view.ts';
import type { Terminal } from '../terminal.ts';
import { renderJobLogLine, type JobLogLine } from './render-log.ts';
import { attemptText } from './render-job.ts';
import { isOver } from './state.ts';

/** Who looks at a job while it goes on. */
export interface Audience {
  /** Where the job is; called again and again. */
  state(job: JobView): void;
  said(line: JobLogLine): void;
  tell(sentence: string): void;
  /** While something is asked, nothing is shown; it comes afterwards. */
  hold(isHeld: boolean): void;
  /** The last words: the job as it is. */
  end(job: JobView, isDetached: boolean): void;
}

/** For scripts: an event on each line of stdout, and the job on the last. */
export function jsonAudience(terminal: Terminal): Audience {
  let last = '';
  const print = (event: object): void => terminal.print(JSON.stringify(event));
  return {
    state({ id, state, why, attempts, dueAt }) {
      const event = { event: 'state', job: id, state, why, attempts, dueAt };
      const key = JSON.stringify([state, attempts, dueAt]);
      if (key !== last) print(event);
      last = key;
    },
    said: ({ attempt, kind, text }) => print({ event: 'said', attempt, kind, text }),
    tell: (sentence) => terminal.error(sentence),
    hold: () => undefined,
    end: (job) => print(job),
  };
}

/** What is over in a moment is not worth a line. */
const briefMs = 700;

/** For people: progress on stderr, the result alone on stdout. */
export function plainAudience(terminal: Terminal, startedAt: number): Audience {
  let shown = '';
  let brief = { key: '', since: 0 };
  /** What the agent said last, which may turn out to be the result. */
  let pending: string | null = null;
  let held: string[] | null = null;
  const write = (line: string): void => {
    if (held === null) terminal.error(line);
    else held.push(line);
  };
  const flush = (): void => {
    if (pending !== null) write(pending);
    pending = null;
  };
  return {
    state(job) {
      const line = stateLine(job, terminal);
      const key = `${job.state} ${job.attempts} ${job.dueAt}`;
      if (line === null || key === shown) return;
      if (brief.key !== key) brief = { key, since: performance.now() };
      const passes = job.state === 'queued' || job.state === 'starting' || job.state === 'stopping';
      if (passes && performance.now() - brief.since < briefMs) return;
      shown = key;
      flush();
      write(line);
    },
    said(line) {
      if (line.kind === 'session' || line.kind === 'result') return;
      flush();
      if (line.kind === 'text') pending = line.text;
      else write(renderJobLogLine(line, terminal));
    },
    tell(sentence) {
      flush();
      write(sentence);
    },
    hold(isHeld) {
      const lines = held ?? [];
      held = isHeld ? lines : null;
      if (!isHeld) for (const line of lines) terminal.error(line);
    },
    end(job, isDetached) {
      if (pending?.trim() === job.result?.trim()) pending = null;
      flush();
      this.hold(false);
      for (const line of lastLines(job, isDetached, startedAt)) terminal.error(styled(job, line, terminal));
      if (job.result !== null && job.result.trim() !== '') terminal.print(job.result.trimEnd());
    },
  };
}

/** Null for an end, which has lines of its own. */
function stateLine(job: JobView, terminal: Terminal): string | null {
  if (isOver(job)) return null;
  if (job.state === 'running') {
    const runs = `Attempt ${job.attempts} runs on ${attemptText(job)}`;
    return job.stopped === null
      ? terminal.style('dim', `${runs}.`)
      : terminal.style('yellow', `${job.stopped.detail} ${runs}, to save the work.`);
  }
  const why = job.why?.replaceAll(/\s+/g, ' ') ?? job.state;
  return terminal.style(job.state === 'parked' || job.state === 'waiting' ? 'yellow' : 'dim', why);
}

function lastLines(job: JobView, isDetached: boolean, startedAt: number): string[] {
  if (isDetached)
    return [
      `Job ${job.id} goes on without you.`,
      `  See what it does: stint job logs ${job.id} --follow`,
      `  End it:           stint job cancel ${job.id}`,
    ];
  const took = formatDuration(Date.now() - startedAt);
  const after = job.attempts > 1 ? `, after ${job.attempts} attempts` : '';
  if (job.stopped !== null && job.state === 'done') return [`Stopped in ${took}${after}. ${job.stopped.detail}`];
  if (job.state === 'done') return [`Done in ${took}${after}.`];
  if (job.state === 'cancelled') return [`Job ${job.id} was cancelled; its agent is gone.`];
  return [job.why?.replaceAll(/\s+/g, ' ') ?? `Job ${job.id} is ${job.state}.`];
}

function styled({ state, stopped }: JobView, line: string, terminal: Terminal): string {
  if (state === 'done' && stopped !== null) return terminal.style('yellow', line);
  if (state === 'done') return terminal.style('green', line);
  return state === 'failed' || state === 'blocked' ? terminal.style('red', line) : line;
}
