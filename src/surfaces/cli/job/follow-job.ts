import { Problem } from '../../../core/problem.ts';
import type { JobView } from '../../../operations/job-view.ts';
import type { Cli } from '../cli.ts';
import { reachLasting, type Lasting } from '../lasting.ts';
import type { GlobalOptions } from '../options.ts';
import { openTurns } from '../turn.ts';
import { listenForLeaving } from './leaving.ts';
import { jsonAudience, plainAudience, type Audience } from './progress.ts';
import type { JobLogLine } from './render-log.ts';
import { exitCodeOf, isOver } from './state.ts';

/** How long a look is good for while something happens, and while nothing is to be expected. */
const busyMs = 250;
const idleMs = 1000;

/** Shows how a job goes on until it has ended, or until somebody detaches. Resolves with the exit code. */
export async function followJob(cli: Cli, added: JobView, options: GlobalOptions): Promise<number> {
  const audience = options.json ? jsonAudience(cli.terminal) : plainAudience(cli.terminal, added.addedAt);
  const over = new AbortController();
  const reached = Promise.withResolvers<Lasting>();
  using leaving = listenForLeaving({
    interactive: cli.terminal.interactive && !options.json,
    cancel: () => void cancel(),
    hold: (isHeld) => audience.hold(isHeld),
    over: over.signal,
  });
  const cancel = async (): Promise<void> => {
    audience.tell('Cancelling it; once more detaches.');
    // One that ended in the meantime needs no cancelling.
    const daemon = await reached.promise;
    await daemon.call('job.cancel', { job: added.id }).catch((error: unknown) => tellProblem(audience, error));
  };
  if (!options.json) audience.tell(`Job ${added.id}: ${added.title}`);
  audience.state(added);
  const signal = AbortSignal.any([leaving.detached, over.signal]);
  const tell = (news: 'gone' | 'back'): void => audience.tell(news === 'gone' ? gone : back);
  const daemon = await reachLasting(cli, { options, signal, tell });
  reached.resolve(daemon);
  const seen = new Follower(daemon, audience, added);
  const listening = seen.listen().catch((error: unknown) => tellProblem(audience, error));
  await seen.untilOver(signal);
  if (!leaving.detached.aborted) await seen.listenToTheRest();
  over.abort();
  await listening;
  audience.end(seen.job, leaving.detached.aborted && !isOver(seen.job));
  return isOver(seen.job) ? exitCodeOf(seen.job) : leaving.code();
}

const gone = 'The daemon has stopped; this goes on when it runs again.';
const back = 'The daemon runs again.';

function tellProblem(audience: Audience, error: unknown): void {
  if (!(error instanceof Problem)) throw error;
  if (error.code !== 'conflict') audience.tell(error.message);
}

/** What was seen of a job: where it is, and how much of what its agents said. */
class Follower {
  readonly #daemon: Lasting;
  readonly #audience: Audience;
  #job: JobView;
  #looking: Promise<void> | undefined;
  #shown = 0;
  #isQuiet = false;

  constructor(daemon: Lasting, audience: Audience, job: JobView) {
    this.#daemon = daemon;
    this.#audience = audience;
    this.#job = job;
  }

  get job(): JobView {
    return this.#job;
  }

  async untilOver(signal: AbortSignal): Promise<void> {
    const turns = openTurns(this.#daemon, signal);
    while (!signal.aborted) {
      await this.#look();
      if (signal.aborted || isOver(this.#job)) return;
      const { state } = this.#job;
      await turns.next(state === 'parked' || state === 'queued' || state === 'waiting' ? idleMs : busyMs);
    }
  }

  /** Shows what the agents say, as they say it. */
  async listen(): Promise<void> {
    for await (const line of this.#lines(true)) {
      if (this.#isQuiet) return;
      await this.#show(line);
    }
  }

  /** What had not come yet when the job ended. */
  async listenToTheRest(): Promise<void> {
    this.#isQuiet = true;
    const shown = this.#shown;
    let at = 0;
    for await (const line of this.#lines(false)) {
      at += 1;
      if (at > shown) await this.#show(line);
    }
  }

  /** Begins anew after a gap; what was shown is left out. */
  async *#lines(follow: boolean): AsyncGenerator<JobLogLine> {
    let at = 0;
    let passed = 0;
    const from = (): object => {
      at = 0;
      return { job: this.#job.id, follow };
    };
    const isDone = (): Promise<boolean> => Promise.resolve(!follow || isOver(this.#job));
    for await (const line of this.#daemon.stream('job.logs', { from, isOver: isDone })) {
      at += 1;
      if (at <= passed) continue;
      passed = at;
      yield line as JobLogLine;
    }
  }

  async #show(line: JobLogLine): Promise<void> {
    this.#shown += 1;
    // Of an attempt that nobody has looked at yet.
    if (line.attempt > this.#job.attempts || this.#job.state === 'queued' || this.#job.state === 'starting')
      await this.#look();
    this.#audience.said(line);
  }

  /** Answers come in the order of their questions. */
  #look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #ask(): Promise<void> {
    const job = (await this.#daemon.call('job.show', { job: this.#job.id })) as JobView | undefined;
    if (job === undefined) return;
    this.#job = job;
    this.#audience.state(job);
  }
}
