import type { Account } from '../core/account/account.ts';
import type { AccountId } from '../core/ids.ts';
import { coversModel } from '../core/limit/family.ts';
import { minuteMs, type EpochMs } from '../core/time.ts';
import type { Book } from './book.ts';
import { episodeStateNow, selectionOf } from './episode.ts';
import type { Episode } from './ports.ts';
import type { Prober } from './probe.ts';
import { episodeKey, type AccountState, type PoolState } from './state.ts';

export type MonitorDeps = {
  readonly book: Book;
  readonly usage: { covers(account: Account): boolean; askNow(id: AccountId): Promise<void> };
  readonly prober: Prober;
  readonly bug: (error: unknown) => void;
  /** Runs something after a time, unless the function that it returns is called first: a timer of the runtime. */
  readonly schedule?: (run: () => void, delayMs: number) => () => void;
};

/** A timer stands still while the machine sleeps, and knows nothing of a wall clock that was set: it never runs for longer. */
const longestSleepMs = minuteMs;
const firstPauseMs = minuteMs;
const longestPauseMs = 30 * minuteMs;

/** How often an episode was looked into without an end to it, and when that may be done again. */
type Check = { readonly failures: number; readonly at: EpochMs };

/**
 * Watches over exhausted pools: sleeps until somebody of one may be open again, and then looks for a proof where no
 * agent asks. The proof is the usage endpoint's word or, where the pool allows it, one cheap request at a time; else the
 * next request of an agent. It knows nothing of its own but pauses: a new one goes on from the book.
 */
export class Monitor {
  readonly #deps: MonitorDeps;
  readonly #schedule: NonNullable<MonitorDeps['schedule']>;
  readonly #stopped = new AbortController();
  readonly #checks = new Map<string, Check>();
  #unwatch: (() => void) | undefined;
  #timer: { readonly at: EpochMs; readonly cancel: () => void } | undefined;
  #checking = false;

  constructor(deps: MonitorDeps) {
    this.#deps = deps;
    this.#schedule = deps.schedule ?? sleep;
  }

  start(): void {
    if (this.#stopped.signal.aborted || this.#unwatch !== undefined) return;
    this.#unwatch = this.#deps.book.watch(() => this.#plan());
    this.#plan();
  }

  /** What is still under way then is not heard any more. */
  stop(): void {
    this.#stopped.abort();
    this.#unwatch?.();
    this.#sleepUntil(null);
  }

  #plan(): void {
    const { episodes } = this.#deps.book.state;
    if (this.#checking || this.#stopped.signal.aborted) return;
    if (episodes.size > 0) return this.#sleepUntil(this.#nextAt());
    this.#checks.clear();
    this.#sleepUntil(null);
  }

  #sleepUntil(at: EpochMs | null): void {
    if (at !== null && this.#timer?.at === at) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (at === null) return;
    const delayMs = Math.min(Math.max(at - this.#deps.book.clock(), 1), longestSleepMs);
    this.#timer = { at, cancel: this.#schedule(() => this.#wake(), delayMs) };
  }

  #nextAt(): EpochMs | null {
    const { book } = this.#deps;
    const now = book.clock();
    const times = [...book.state.episodes.values()].flatMap((episode) => this.#nextAtOf(episode, now) ?? []);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** When there is something to do about an episode; null while that is up to others. */
  #nextAtOf(episode: Episode, now: EpochMs): EpochMs | null {
    const pool = this.#deps.book.pool(episode.pool);
    if (pool === undefined) return null;
    const { state, nextTryAt } = episodeStateNow(pool, episode, now);
    if (state === 'exhausted') return nextTryAt;
    if (this.#askable(pool, episode).length === 0 && this.#probeable(pool, episode) === undefined)
      return this.#modelOpensAt(pool, episode, now);
    const { at } = this.#checks.get(episode.id) ?? { at: now };
    // Further away than any pause: the clock was set back.
    return at > now && at - now <= longestPauseMs ? at : now;
  }

  #wake(): void {
    this.#timer = undefined;
    const now = this.#deps.book.clock();
    const open = [...this.#deps.book.state.episodes.values()];
    for (const id of this.#checks.keys()) if (open.every((each) => each.id !== id)) this.#checks.delete(id);
    const due = open.filter((episode) => this.#isDue(episode, now));
    if (due.length === 0) return this.#plan();
    this.#checking = true;
    void this.#check(due)
      .catch(this.#deps.bug)
      .finally(() => {
        this.#checking = false;
        this.#plan();
      });
  }

  #isDue(episode: Episode, now: EpochMs): boolean {
    const at = this.#nextAtOf(episode, now);
    return at !== null && at <= now;
  }

  async #check(due: readonly Episode[]): Promise<void> {
    for (const episode of due) {
      await this.#verify(episode);
      if (this.#stopped.signal.aborted) return;
    }
  }

  async #verify(episode: Episode): Promise<void> {
    const { book, usage, prober } = this.#deps;
    const pool = this.#poolOf(episode);
    if (pool === undefined) return;
    const { failures } = this.#checks.get(episode.id) ?? { failures: 0 };
    const pauseMs = Math.min(firstPauseMs * 2 ** failures, longestPauseMs);
    this.#checks.set(episode.id, { failures: failures + 1, at: book.clock() + pauseMs });
    await Promise.all(this.#askable(pool, episode).map(({ id }) => usage.askNow(id)));
    const still = this.#stopped.signal.aborted ? undefined : this.#poolOf(episode);
    const probe = still === undefined ? undefined : this.#probeable(still, episode);
    if (probe !== undefined) await prober.ask(probe.account, probe.model, this.#stopped.signal);
    if (this.#poolOf(episode) === undefined) this.#checks.delete(episode.id);
  }

  /** The pool as it is at this moment, while the episode lasts. */
  #poolOf({ id, pool, family }: Episode): PoolState | undefined {
    const { book } = this.#deps;
    return book.state.episodes.get(episodeKey(pool, family))?.id === id ? book.pool(pool) : undefined;
  }

  /** Whose usage endpoint can tell that the episode is over: of accounts that would take a request. */
  #askable(pool: PoolState, { family }: Episode): Account[] {
    return openOf(pool, family, this.#deps.book.clock())
      .map((each) => each.account)
      .filter((account) => this.#deps.usage.covers(account));
  }

  /** Who may be probed, and for which model: of those that would take such a request, whom it would go to. */
  #probeable(pool: PoolState, episode: Episode): { account: Account; model: string } | undefined {
    const { book, prober } = this.#deps;
    const model = this.#modelOf(pool, episode);
    if (!pool.pool.probe || model === null) return undefined;
    const now = book.clock();
    const open = openOf(pool, model, now).filter((each) => each.probeSince === null);
    const covered = open.map((each) => each.account).filter((account) => prober.covers(account, model));
    const selection = selectionOf(pool, model, now);
    const wished = selection.kind === 'use' ? selection.account : null;
    const account = covered.find(({ id }) => id === wished) ?? covered[0];
    return account === undefined ? undefined : { account, model };
  }

  /**
   * What a probe asks for: what met the episode first, else what an agent asked for last, else the cheapest. An episode
   * for other models needs one of those.
   */
  #modelOf({ pool, lastModel }: PoolState, { model, family }: Episode): string | null {
    const known = [model, lastModel, this.#deps.prober.cheapestModel(pool.provider)];
    return known.find((each) => each !== null && coversModel(family, each)) ?? null;
  }

  /** Where the pool may be probed, but the model of the probe is still closed: when it opens. */
  #modelOpensAt(pool: PoolState, episode: Episode, now: EpochMs): EpochMs | null {
    const model = this.#modelOf(pool, episode);
    if (!pool.pool.probe || model === null) return null;
    const { state, nextTryAt } = episodeStateNow(pool, { ...episode, family: model }, now);
    // All are busy now: whoever keeps them so may prove nothing.
    return state === 'retrying' && openOf(pool, model, now).length === 0 ? now + longestSleepMs : nextTryAt;
  }
}

function openOf(pool: PoolState, model: string | null, now: EpochMs): AccountState[] {
  return pool.candidates.filter((each) => selectionOf({ ...pool, candidates: [each] }, model, now).kind === 'use');
}

function sleep(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
