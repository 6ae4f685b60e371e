import type { AgentEvent } from '../agents/job-mode.ts';
import { asAttemptId, asJobId, jobOf, type AccountId, type AttemptId, type JobId, type Label } from '../core/ids.ts';
import type { Reached } from '../core/job/commit-point.ts';
import type { Attempt, Job, JobSpec } from '../core/job/job.ts';
import { noProgress } from '../core/job/progress.ts';
import { noRestarts } from '../core/job/restarts.ts';
import { nothingSpent } from '../core/job/stop.ts';
import { attemptOf } from '../core/job/state.ts';
import type { Effect } from '../core/job/transition.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import { Problem } from '../core/problem.ts';
import { neverWatched } from '../core/watch/action.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import { pause } from '../lib/pause.ts';
import { processStart } from '../lib/process-start.ts';
import { followAttempt } from './follow.ts';
import { Gate } from './gate.ts';
import type { JobBook } from './job-book.ts';
import { launchOf, type LaunchDeps } from './launch.ts';
import type { Metered } from './meter.ts';
import type { Exit, JobStore, OpenEffect, Processes } from './ports.ts';
import type { WatchedWorld } from './watch-ports.ts';

export type EffectDeps = LaunchDeps & {
  readonly store: JobStore;
  readonly processes: Processes;
  readonly world: Pick<WatchedWorld, 'requests'>;
  readonly book: JobBook;
  readonly clock: () => EpochMs;
  readonly newId: () => JobId;
  readonly stopping: AbortSignal;
  /** A turn was served from this account of a profile, or this pool. */
  readonly verified: (of: AccountId | Label) => void;
  readonly heard: (attempt: AttemptId, event: AgentEvent) => void;
  /** A line of it came, which was written then. */
  readonly line?: (attempt: AttemptId, at: EpochMs) => void;
  readonly spent: (attempt: AttemptId, metered: Metered, isOver: boolean) => void;
  /** Attempts whose processes ended while nobody supervised them. */
  readonly gone: () => Promise<ReadonlySet<AttemptId>>;
  readonly bug: (error: unknown) => void;
  readonly reached?: Reached;
  /** See FollowDeps. */
  readonly silenceMs?: number;
  readonly dialogMs?: number;
  readonly restMs?: number;
  readonly screenMs?: number;
};

export const writeAgainMs = secondMs;
/** A spawn holds up everything else for a millisecond or two. */
const spawnsAtOnce = 4;

/**
 * Does what transitions entail, those of one job one after the other: a process that is being started is only ended
 * when it was. Each can be done again, since a crash may come before it is written down as done.
 */
export class Effects {
  readonly #deps: EffectDeps;
  readonly #spawns = new Gate(spawnsAtOnce);
  readonly #chains = new Map<JobId, Promise<void>>();
  readonly #ending = new Set<AttemptId>();
  readonly #followed = new Map<AttemptId, { readonly over: Promise<void>; readonly gone: (exit: Exit) => void }>();

  constructor(deps: EffectDeps) {
    this.#deps = deps;
  }

  entail(effects: readonly OpenEffect[]): void {
    for (const each of effects) {
      const before = this.#chains.get(each.job) ?? Promise.resolve();
      const chain = before.then(() => this.#untilDone(() => this.#do(each)));
      this.#chains.set(each.job, chain);
      void chain.then(() => this.#chains.get(each.job) === chain && this.#chains.delete(each.job));
    }
  }

  /** Listens to an attempt to its end, once. */
  follow(attempt: Attempt, isAdopted = true): void {
    if (this.#followed.has(attempt.id)) return;
    const { promise: gone, resolve } = Promise.withResolvers<Exit>();
    const over = this.#untilDone(() => this.#listen(attempt, gone, isAdopted)).finally(() => {
      this.#followed.delete(attempt.id);
      this.#ending.delete(attempt.id);
    });
    this.#followed.set(attempt.id, { over, gone: resolve });
  }

  /** Whether its end is known, and only to be written down. */
  isEnding(id: AttemptId): boolean {
    return this.#ending.has(id);
  }

  isFollowed(id: AttemptId): boolean {
    return this.#followed.has(id);
  }

  /** Whether somebody works on what its transitions entail. */
  isUnderWay(id: JobId): boolean {
    return this.#chains.has(id);
  }

  /** The process of an attempt is gone: whoever listens to it reads what is left, and writes down its end. */
  conclude(attempt: Attempt): void {
    this.follow(attempt);
    this.#followed.get(attempt.id)?.gone({ code: null, at: null });
  }

  async #listen(attempt: Attempt, gone: Promise<Exit>, isAdopted: boolean): Promise<void> {
    const { accounts, agents, book, processes, heard, line, spent, verified, stopping } = this.#deps;
    const agent = agents.get(attempt.agent);
    if (agent === undefined) {
      await processes.end(attempt);
      const detail = `Stint knows no agent ${attempt.agent} any more.`;
      return this.#never(attempt, { kind: 'failed', failure: 'launch', detail, until: null });
    }
    const deps = {
      ...this.#deps,
      apply: (event: JobEvent) => this.#applyUntilWritten(attempt.job, event),
      tell: (event: AgentEvent) => {
        if (event.kind === 'turn-completed') verified(attempt.account ?? attempt.pool);
        heard(attempt.id, event);
      },
      line: (at: EpochMs) => line?.(attempt.id, at),
      gone,
      endedAlone: async () => (await this.#deps.gone()).has(attempt.id),
      isAdopted,
      state: () => book.find(attempt.job)?.state,
      over: () => void this.#ending.add(attempt.id),
      spent: (amount: Metered, isOver: boolean) => spent(attempt.id, amount, isOver),
      conversation: () => {
        const job = book.find(attempt.job);
        return { session: job?.conversation?.session ?? null, told: job?.progress.told ?? null };
      },
    };
    const spec = this.#deps.book.find(attempt.job)?.spec;
    await followAttempt(deps, { attempt, mode: agent.mode, ...(spec === undefined ? {} : { spec }) }, stopping);
    // What is left of it at a crash is revoked with the job's end.
    await accounts.revoke(attempt.id);
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#chains.values(), ...[...this.#followed.values()].map((each) => each.over)]);
  }

  async #do({ id, job, effect }: OpenEffect): Promise<void> {
    const { reached, stopping } = this.#deps;
    if (stopping.aborted) return;
    if (effect.kind === 'type') {
      await this.#type(id, effect);
      return this.#untilDone(() => this.#deps.store.effectDone(id));
    }
    reached?.(`effect.${effect.kind}.begins`);
    switch (effect.kind) {
      case 'spawn':
        await this.#spawn(effect.attempt);
        break;
      case 'kill':
        await this.#kill(effect.attempt);
        break;
      case 'ended':
        await this.#ended(job);
        break;
    }
    reached?.(`effect.${effect.kind}.ends`);
    await this.#untilDone(() => this.#deps.store.effectDone(id));
    reached?.(`effect.${effect.kind}.written`);
  }

  /** Starts a process, unless it was started before a crash that came before its pid was written down. */
  async #spawn(id: AttemptId): Promise<void> {
    const { book, processes } = this.#deps;
    const job = book.find(jobOf(id));
    const attempt = job === undefined ? undefined : book.attempt(job.id);
    if (job === undefined || attempt?.id !== id || attemptOf(job) !== id) return;
    if (attempt.pid !== null) return this.follow(attempt);
    const [alive] = await processes.living(attempt);
    if (alive !== undefined) return this.#spawned(attempt, { pid: alive, birth: (await processStart(alive)) ?? '' });
    if (await processes.wasStarted(id)) return this.follow(attempt);
    if (job.state.kind === 'stopping')
      return this.#never(attempt, { kind: 'stopped', why: 'it was not started any more' });
    return this.#start(job, attempt);
  }

  async #start(job: Job, attempt: Attempt): Promise<void> {
    const { processes, reached, bug } = this.#deps;
    let started: Pick<Attempt, 'pid' | 'birth'> & { pid: number; birth: string };
    try {
      const launch = await launchOf(this.#deps, job, attempt);
      reached?.('spawn.begins');
      started = await this.#spawns.pass(() => processes.spawn(launch));
      reached?.('spawn.ends');
    } catch (error) {
      if (!(error instanceof Problem)) bug(error);
      const detail = error instanceof Error ? error.message : String(error);
      // What is missing is told in words; anything else may be over in a moment.
      const failure = isFull(error) ? 'disk-full' : error instanceof Problem ? 'launch' : 'crash';
      return this.#never(attempt, { kind: 'failed', failure, detail, until: null });
    }
    await this.#spawned(attempt, started);
  }

  async #spawned({ id, job }: Attempt, { pid, birth }: { pid: number; birth: string }): Promise<void> {
    await this.#applyUntilWritten(job, { kind: 'spawned', attempt: id, pid, birth });
    const spawned = this.#deps.book.attempt(job);
    if (spawned?.id === id) this.follow(spawned, false);
  }

  async #kill(id: AttemptId): Promise<void> {
    const { book, processes } = this.#deps;
    const attempt = book.attempt(jobOf(id));
    if (attempt?.id !== id) return;
    // What it told to the last counts, also where it has ended before a crash: a job that is done is not run again.
    if (book.isPresent(id) && (attempt.pid !== null || (await processes.wasStarted(id)))) this.follow(attempt);
    await processes.end(attempt);
    // Whoever follows it writes down its end, with what it told to the last.
    if (this.#followed.has(id) || !book.isPresent(id)) return;
    await this.#never(attempt, { kind: 'stopped', why: 'it was ended' });
  }

  /** Done again after a crash it types nothing again. Where the terminal is gone, the end of the attempt keeps the answer. */
  async #type(id: string, { attempt, text, key }: Extract<Effect, { kind: 'type' }>): Promise<void> {
    const { agents, book, processes, bug } = this.#deps;
    const job = book.find(jobOf(attempt));
    // It would be an answer to something else.
    const isAskedAgain = job?.state.kind === 'waiting' && job.state.on !== undefined;
    if (job === undefined || attemptOf(job) !== attempt || job.state.kind === 'stopping' || isAskedAgain) return;
    try {
      const terminal = await processes.terminal(attempt);
      if (terminal === undefined) {
        const attemptNow = book.attempt(job.id);
        const isAlive = attemptNow?.id === attempt && (await processes.living(attemptNow)).length > 0;
        return isAlive ? await this.#applyUntilWritten(job.id, { kind: 'answer-lost', attempt }) : undefined;
      }
      await (key === undefined ? terminal.paste(text, id) : terminal.press(key, id));
    } catch (error) {
      bug(error);
      return this.#applyUntilWritten(job.id, { kind: 'answer-lost', attempt });
    }
    // Nothing else will tell that it goes on.
    const agent = agents.get(book.attempt(job.id)?.agent ?? '');
    if (agent?.mode.terminal?.silent === true) await this.#applyUntilWritten(job.id, { kind: 'going', attempt });
  }

  async #ended(id: JobId): Promise<void> {
    const { accounts, book, clock, reached } = this.#deps;
    const job = book.find(id);
    for (let number = 1; number <= (job?.attempts ?? 0); number += 1)
      await accounts.revoke(asAttemptId(`${id}.${number}`));
    // One that is blocked may still be let go on, and is repeated then.
    const { kind } = job?.state ?? { kind: 'cancelled' };
    if (job === undefined || job.spec.repeatMs === null || kind === 'cancelled' || kind === 'blocked') return;
    const { repeatMs, scheduleAt } = job.spec;
    const from = scheduleAt ?? job.addedAt;
    const missed = Math.max(0, Math.floor((clock() - from) / repeatMs));
    const spec = { ...job.spec, scheduleAt: from + (missed + 1) * repeatMs };
    const successor = acceptedJob(spec, this.#successorId(job), clock());
    if (book.find(successor.id) !== undefined) return;
    await this.#untilDone(() => book.add([successor]));
    reached?.('successor');
  }

  /** The same after a crash and after a retry, so that there is only one. */
  #successorId({ id }: Job): JobId {
    const { length } = this.#deps.newId();
    return asJobId(Bun.hash(`after ${id}`).toString(36).padStart(length, '0').slice(-length));
  }

  /** One that never ran, or left nothing to be heard. */
  #never(attempt: Attempt, outcome: NonNullable<Attempt['outcome']>): Promise<void> {
    return this.#applyUntilWritten(attempt.job, { kind: 'ended', attempt: attempt.id, exitCode: null, outcome });
  }

  /** What a process did cannot be refused: it is written as soon as that is possible. */
  #applyUntilWritten(id: JobId, event: JobEvent): Promise<void> {
    return this.#untilDone(async () => void (await this.#deps.book.apply(id, event)));
  }

  /** Tries a step again until it works, or the supervisor stops: a full disk, or no file descriptor left, is no end. */
  async #untilDone(step: () => Promise<void>): Promise<void> {
    const { stopping, bug } = this.#deps;
    while (!stopping.aborted) {
      try {
        return await step();
      } catch (error) {
        if (stopping.aborted) return;
        bug(error);
        await pause(writeAgainMs, stopping);
      }
    }
  }
}

/** No room on the disk: of a file, or of the database. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(String(error.code));
}

export function acceptedJob(spec: JobSpec, id: JobId, now: EpochMs): Job {
  return {
    ...{ id, spec, addedAt: now, changedAt: now, fence: 0, attempts: 0, restarts: noRestarts },
    state: { kind: 'queued', notBefore: null, why: null },
    ...{ conversation: null, handover: null },
    ...{ spent: nothingSpent, stopped: null, report: null, finished: null },
    watched: neverWatched,
    progress: noProgress,
    asked: [],
  };
}
