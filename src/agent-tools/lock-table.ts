import type { AttemptId, JobId } from '../core/ids.ts';
import { circleOf } from '../core/job/circle.ts';
import { livingLocks, lockedWith, lockedWithout, type Lock, type LockWish } from '../core/lock/lock.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import { pause } from '../lib/pause.ts';
import type { ToolJobs, ToolStore } from './ports.ts';

export type LockTableDeps = {
  readonly store: Pick<ToolStore, 'loadLocks' | 'saveLocks'>;
  readonly clock: () => EpochMs;
  readonly isPresent: (attempt: AttemptId) => boolean;
  /** Whether nothing more comes of a job by itself, so that it holds nothing. */
  readonly isSettled: (job: JobId) => boolean;
  /** Whom a job waits for in another way. */
  readonly alsoWaitsFor: (job: JobId) => readonly JobId[];
  /** Until that is disposed of, a job waits for these others, and takes no place: they may need one to let go. */
  readonly awaits: ToolJobs['awaits'];
  readonly bug: (error: unknown) => void;
};

export type Locked =
  | { readonly kind: 'locked'; readonly locks: readonly Lock[] }
  | { readonly kind: 'blocked'; readonly by: readonly Lock[] }
  /** Waiting would never end: who waits for whom, from the first round to itself. */
  | { readonly kind: 'circle'; readonly circle: readonly JobId[]; readonly by: readonly Lock[] };

/** What an attempt wants for its job, and for how long. */
export type Wanted = Omit<LockWish, 'until'> & { readonly attempt: AttemptId; readonly ttlMs: number };

type Waiter = { readonly holder: JobId; others: readonly JobId[]; woken: AbortController };

/**
 * The locks of all jobs. A change is on the disk before it counts. A job that is moved to another account, or parked, has
 * its own until their time is over: its conversation goes on as if they were there. Those of one that has ended or is blocked are
 * gone.
 */
export class LockTable {
  readonly #deps: LockTableDeps;
  readonly #waiters = new Set<Waiter>();
  #locks: readonly Lock[];
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(deps: LockTableDeps, locks: readonly Lock[]) {
    this.#deps = deps;
    this.#locks = locks;
  }

  static async open(deps: LockTableDeps): Promise<LockTable> {
    const locks = await deps.store.loadLocks();
    return new LockTable(
      deps,
      locks.filter(({ holder }) => !deps.isSettled(holder)),
    );
  }

  all(): readonly Lock[] {
    return livingLocks(this.#locks, this.#deps.clock());
  }

  /** Whom a job waits for now, for locks or in another way. */
  waitsFor(job: JobId): readonly JobId[] {
    const forLocks = [...this.#waiters].filter(({ holder }) => holder === job).flatMap(({ others }) => others);
    return [...forLocks, ...this.#deps.alsoWaitsFor(job)];
  }

  /** Locks all of these paths or none; waits for those in the way until the signal aborts. */
  async lock(wish: Wanted, signal: AbortSignal): Promise<Locked> {
    const waiter: Waiter = { holder: wish.holder, others: [], woken: new AbortController() };
    this.#waiters.add(waiter);
    try {
      for (;;) {
        // What changes from here on is not missed.
        waiter.woken = new AbortController();
        const next = await this.#inTurn(() => this.#try(wish));
        if (next.kind === 'locked') return next;
        waiter.others = [...new Set(next.by.map(({ holder }) => holder))];
        const circle = circleOf(wish.holder, waiter.others, (job) => this.waitsFor(job));
        if (circle !== null) return { ...next, kind: 'circle', circle };
        if (signal.aborted) return next;
        using _ = this.#deps.awaits(wish.holder, waiter.others);
        const freeAt = Math.min(...next.by.map(({ until }) => until));
        await pause(freeAt - this.#deps.clock(), AbortSignal.any([signal, waiter.woken.signal]));
      }
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** Lets go of the holder's locks at these paths and below them, or of all; returns which they were. */
  release(holder: JobId, paths: readonly string[] | null): Promise<readonly Lock[]> {
    return this.#inTurn(async () => {
      const before = this.all();
      const rest = lockedWithout(before, holder, paths);
      if (rest.length === before.length) return [];
      await this.#become(rest);
      return before.filter((lock) => !rest.includes(lock));
    });
  }

  /** What a job held is free; on the disk a restart sees to that as well. */
  settled(job: JobId): void {
    // After what is being written: it may be a lock of this very job.
    void this.#inTurn(async () => {
      const rest = lockedWithout(this.#locks, job, null);
      if (rest.length === this.#locks.length) return;
      await this.#become(rest).catch((error: unknown) => {
        this.#deps.bug(error);
        this.#is(rest);
      });
    });
  }

  /** Resolves when nothing is being written any more. */
  async written(): Promise<void> {
    await this.#turn;
  }

  async #try({ ttlMs, attempt, ...wish }: Wanted): Promise<Exclude<Locked, { kind: 'circle' }>> {
    const { clock, isPresent } = this.#deps;
    if (!isPresent(attempt)) throw new Problem('conflict', 'Your work has ended: nothing is locked.');
    const now = clock();
    const next = lockedWith(this.#locks, { ...wish, until: now + ttlMs }, now);
    if (next.kind === 'blocked') return next;
    await this.#become(next.locks);
    return {
      kind: 'locked',
      locks: next.locks.filter(({ path, holder }) => holder === wish.holder && wish.paths.includes(path)),
    };
  }

  async #become(locks: readonly Lock[]): Promise<void> {
    await this.#deps.store.saveLocks(locks);
    this.#is(locks);
  }

  #is(locks: readonly Lock[]): void {
    this.#locks = locks;
    for (const { woken } of this.#waiters) woken.abort();
  }

  #inTurn<Value>(run: () => Promise<Value>): Promise<Value> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
