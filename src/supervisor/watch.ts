import type { AgentEvent } from '../agents/job-mode.ts';
import type { AttemptId, JobId } from '../core/ids.ts';
import type { Attempt, Job } from '../core/job/job.ts';
import { readinessOf } from '../core/job/ready.ts';
import { attemptOf, hasEnded } from '../core/job/state.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { Action } from '../core/watch/action.ts';
import { contentLoop } from '../core/watch/content-loop.ts';
import { afterLook, dead, noMisses, type Look, type Misses } from '../core/watch/dead.ts';
import { disk } from '../core/watch/disk.ts';
import { idle, type IdleFacts } from '../core/watch/idle.ts';
import { limitedAndStuck } from '../core/watch/limited-stuck.ts';
import { toolsLost } from '../core/watch/mcp-lost.ts';
import { nextStep } from '../core/watch/next-step.ts';
import { lookMs, reconcileMs, sleptMs, strandedMs } from '../core/watch/numbers.ts';
import { orphan } from '../core/watch/orphan.ts';
import { processStart } from '../lib/process-start.ts';
import type { Effects } from './effects.ts';
import type { JobBook } from './job-book.ts';
import type { AccountPort, JobStore, OpenEffect, Processes } from './ports.ts';
import { isClosedFor } from './closed-for.ts';
import { afterEvent, answered, noSigns, toolCalled, worked, type Signs } from './signs.ts';
import type { Requests, ToolWitness, WatchedWorld } from './watch-ports.ts';

export type WatchDeps = {
  readonly world: WatchedWorld;
  readonly store: Pick<JobStore, 'openEffects'>;
  readonly processes: Pick<Processes, 'living' | 'end'>;
  readonly accounts: Pick<AccountPort, 'select'>;
  readonly book: JobBook;
  readonly effects: Effects;
  readonly clock: () => EpochMs;
  readonly bug: (error: unknown) => void;
  /** Looks at all jobs that wait; and when that was done last. */
  readonly look: () => void;
  readonly lookedAt: () => EpochMs;
};

/**
 * Looks after jobs: gathers facts, asks the rules of core/watch, and does what they say. Every action is written down
 * before it acts, and what it stops ends as anything else does.
 */
export class Watch implements ToolWitness {
  readonly #deps: WatchDeps;
  readonly #signs = new Map<AttemptId, Signs>();
  readonly #misses = new Map<AttemptId, Misses>();
  /** Since when processes of an attempt have been seen that no job has. */
  #alone = new Map<AttemptId, EpochMs>();
  /** Attempts whose processes are being ended. */
  readonly #ending = new Set<AttemptId>();
  #seenSince = 0;
  #tickedAt = 0;
  #reconciledAt = 0;
  #warnedAt: EpochMs | null = null;
  #paused: string | null = null;
  #ticking: Promise<void> | undefined;
  #stopTicking: () => void = () => undefined;
  #stopped = false;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { world, bug } = this.#deps;
    const tick = (): void => void this.tick().catch(bug);
    this.#stopTicking = world.every(lookMs, tick);
    tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTicking();
    await this.#ticking?.catch(() => undefined);
  }

  /** Why nothing is started; null when the disk has room. */
  get paused(): string | null {
    return this.#paused;
  }

  line(attempt: AttemptId, at: EpochMs): void {
    this.#note(attempt, (signs) => ({ ...signs, lineAt: at }));
  }

  heard(attempt: AttemptId, event: AgentEvent): void {
    this.#note(attempt, (signs) => afterEvent(signs, event, signs.lineAt ?? this.#deps.clock()));
  }

  toolCalled(attempt: AttemptId): void {
    this.#note(attempt, (signs) => toolCalled(signs, this.#deps.clock()));
  }

  worked(attempt: AttemptId): void {
    this.#note(attempt, (signs) => worked(signs, this.#deps.clock()));
  }

  workedAt(attempt: AttemptId): EpochMs | null {
    return this.#signs.get(attempt)?.workedAt ?? null;
  }

  toolsLost(attempt: AttemptId): void {
    this.#note(attempt, (signs) => ({ ...signs, lostAt: this.#deps.clock() }));
  }

  /** Its user has said what it waited for. */
  answered(attempt: AttemptId): void {
    this.#note(attempt, (signs) => answered(signs, this.#deps.clock()));
  }

  waits(attempt: AttemptId): () => void {
    const count = (by: number): void => this.#note(attempt, (signs) => ({ ...signs, waits: signs.waits + by }));
    count(1);
    return () => {
      count(-1);
      this.toolCalled(attempt);
    };
  }

  /** One look; a second one at the same time is the same. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => (this.#ticking = undefined));
    return this.#ticking;
  }

  async #tick(): Promise<void> {
    if (this.#stopped) return;
    const { clock, book } = this.#deps;
    const now = clock();
    if (now - this.#tickedAt > sleptMs) this.#seenSince = now;
    this.#tickedAt = now;
    await this.#disk(now);
    this.#forget();
    const present = book.present().filter(({ job, attempt }) => {
      // Whoever ends a process is at it, and what it ends is gone before that is written.
      const isBeingEnded = job.state.kind === 'stopping' && now - job.changedAt < strandedMs;
      return attempt.pid !== null && !isBeingEnded;
    });
    await Promise.all(present.map(({ job, attempt }) => this.#look(job, attempt, now)));
    if (now - this.#reconciledAt < reconcileMs) return;
    this.#reconciledAt = now;
    await this.#reconcile(now);
  }

  async #look(job: Job, attempt: Attempt, now: EpochMs): Promise<void> {
    if (this.#deps.effects.isEnding(attempt.id)) return;
    const misses = afterLook(this.#misses.get(attempt.id) ?? noMisses, await this.#find(attempt), now);
    this.#misses.set(attempt.id, misses);
    const action = dead(misses, now) ?? (isAtWork(job) ? await this.#judge(job, attempt, now) : null);
    if (action === null || this.#stopped) return;
    this.#misses.delete(attempt.id);
    await this.#apply(job, action);
  }

  /** What an attempt that is at work has to be stopped for; the surest reason first. */
  async #judge(job: Job, attempt: Attempt, now: EpochMs): Promise<Action | null> {
    const { accounts, world } = this.#deps;
    const signs = this.#signs.get(attempt.id) ?? noSigns;
    const { lineAt, toolAt, answeredAt, lostAt, limitedAt, limit } = signs;
    const { tool, times, lastAt } = signs.repeats;
    const [running = null] = signs.open.values();
    const requests = await world.requests(attempt.id).catch(() => null);
    const seenSince = this.#seenSince;
    const isClosed = limitedAt === null ? null : isClosedFor(accounts, attempt, job.conversation?.session ?? null);
    return (
      contentLoop({ tool, times, lastAt, loops: job.watched.loops }) ??
      limitedAndStuck({ seenSince, limitedAt, limit, isClosed, isHeld: requests === null || requests.held > 0 }, now) ??
      toolsLost({ seenSince, toolAt, lostAt }, now) ??
      idle(
        {
          ...{
            startedAt: attempt.startedAt,
            seenSince,
            lineAt,
            requestAt: requests?.lastAt ?? null,
            toolAt,
            answeredAt,
          },
          ...{ waitsFor: waitsFor(job, signs, requests), running, limitMs: world.idleMs() },
        },
        now,
      )
    );
  }

  async #find(attempt: Attempt): Promise<Look> {
    const { pid, birth } = attempt;
    try {
      if (pid !== null && birth !== null && birth !== '' && (await processStart(pid)) === birth) return 'alive';
      return (await this.#deps.processes.living(attempt)).length > 0 ? 'alive' : 'none';
    } catch {
      return 'unknown';
    }
  }

  async #disk(now: EpochMs): Promise<void> {
    const { world, look } = this.#deps;
    const freeBytes = await world.freeBytes().catch(() => null);
    const action = disk({ freeBytes, isPaused: this.#paused !== null, warnedAt: this.#warnedAt }, now);
    if (action === null) return;
    if (action.deed !== 'go-on') this.#warnedAt = now;
    if (action.deed !== 'warn') this.#paused = action.deed === 'pause' ? action.why : null;
    world.told(action);
    look();
  }

  async #reconcile(now: EpochMs): Promise<void> {
    const { store, bug } = this.#deps;
    const open = await store.openEffects().catch(() => null);
    for (const job of open === null ? [] : [...this.#deps.book.all()]) {
      if (this.#stopped) return;
      await this.#step(job, open?.filter((each) => each.job === job.id) ?? [], now);
    }
    await this.#orphans(now).catch(bug);
  }

  async #step(job: Job, open: readonly OpenEffect[], now: EpochMs): Promise<void> {
    const { book, effects, lookedAt } = this.#deps;
    const attempt = attemptOf(job);
    const find = (id: JobId): Job | undefined => book.find(id);
    const action = nextStep(
      {
        ...{ state: job.state.kind, changedAt: job.changedAt, hasAttempt: attempt !== null },
        ...{ openEffects: open.length, isUnderWay: effects.isUnderWay(job.id) },
        isFollowed: attempt !== null && effects.isFollowed(attempt),
        ...{ readyAt: readyAt(job, find, now), lookedAt: lookedAt() },
      },
      now,
    );
    // What was open may have been done while the store was asked.
    if (action === null || book.find(job.id) !== job) return;
    await this.#apply(job, action, open);
  }

  async #orphans(now: EpochMs): Promise<void> {
    const { book, processes, world, bug } = this.#deps;
    const before = this.#alone;
    this.#alone = new Map();
    for (const { attempt, pids } of await world.marked()) {
      const isPresent = book.isPresent(attempt);
      const aloneSince = before.get(attempt) ?? now;
      const isOfThisHome = !isPresent && (await world.isOfThisHome(attempt));
      if (isOfThisHome) this.#alone.set(attempt, aloneSince);
      const action = orphan({ attempt, pids, aloneSince, isOfThisHome, isPresent }, now);
      if (action === null || this.#stopped || this.#ending.has(attempt)) continue;
      world.told(action);
      // One that cannot be ended holds up nobody.
      this.#ending.add(attempt);
      const left = processes.end({ id: attempt, pid: null, birth: null });
      const ended = left.catch((error: unknown) => (this.#stopped ? undefined : bug(error)));
      void ended.finally(() => this.#ending.delete(attempt));
    }
  }

  async #apply(job: Job, action: Action, open: readonly OpenEffect[] = []): Promise<void> {
    const { book, effects, look } = this.#deps;
    const attempt = attemptOf(job);
    // One that has ended does not change any more; what its end entails is done again all the same.
    if (hasEnded(job)) return effects.entail(open);
    const next = await book.apply(job.id, { kind: 'watched', attempt, action });
    if (next instanceof Problem) return;
    if (action.deed === 'look') look();
    const present = book.attempt(job.id);
    if (action.deed === 'conclude' && present?.id === attempt) effects.conclude(present);
    if (action.deed !== 'again') return;
    if (open.length > 0) effects.entail(open);
    else if (present?.id === attempt) effects.entail(stepOf(job, present));
    if (present?.id === attempt && present.pid !== null && job.state.kind !== 'stopping') effects.follow(present);
  }

  #note(attempt: AttemptId, change: (signs: Signs) => Signs): void {
    this.#signs.set(attempt, change(this.#signs.get(attempt) ?? noSigns));
  }

  #forget(): void {
    for (const known of [this.#signs, this.#misses])
      for (const attempt of known.keys()) if (!this.#deps.book.isPresent(attempt)) known.delete(attempt);
  }
}

/** What its state entails, for a job whose outbox has nothing: each can be done again. */
function stepOf({ id, state }: Job, attempt: Attempt): OpenEffect[] {
  const again = (kind: 'spawn' | 'kill'): OpenEffect[] => [
    { id: `${id}:again`, job: id, effect: { kind, attempt: attempt.id } },
  ];
  if (state.kind === 'starting') return again('spawn');
  return state.kind === 'stopping' ? again('kill') : [];
}

/** When a job might have gone on by itself; null for one that waits for something else than a look. */
function readyAt(job: Job, find: (id: JobId) => Job | undefined, now: EpochMs): EpochMs | null {
  const { state, spec, changedAt } = job;
  if (state.kind === 'parked') return state.reason === 'user' ? null : state.dueAt;
  if (state.kind !== 'queued' || readinessOf(job, find, now).kind === 'later') return null;
  const needed = spec.dependsOn.map((id) => find(id)?.changedAt ?? 0);
  return Math.max(changedAt, spec.scheduleAt ?? 0, state.notBefore ?? 0, ...needed);
}

/** One that has asked with a tool is in the middle of its turn; one that waits on its terminal does nothing before somebody types. */
function isAtWork({ state }: Job): boolean {
  return state.kind === 'running' || (state.kind === 'waiting' && state.on === undefined);
}

function waitsFor(job: Job, { hasAnswered, waits, lineAt }: Signs, requests: Requests | null): IdleFacts['waitsFor'] {
  if (requests === null) return 'unknown';
  if (requests.open > 0) return 'answer';
  if (waits > 0) return 'jobs';
  if (job.state.kind === 'waiting') return 'user';
  // Of one that tells nothing at all only the person on its terminal knows what it does.
  return job.spec.interactive && (hasAnswered || lineAt === null) ? 'user' : null;
}
