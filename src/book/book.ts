import type { Account } from '../core/account/account.ts';
import { mendOf } from '../core/account/mend.ts';
import type { Fault } from '../core/failover/outcome.ts';
import type { AccountId, Label, SessionId } from '../core/ids.ts';
import { entitlementWindow, isClosed, limitCovers, slotOf, type Limit } from '../core/limit/limit.ts';
import { observeClosed, observeOpen } from '../core/limit/observe.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { Notice } from '../core/notice.ts';
import { select } from '../core/pool/select.ts';
import type { Selection } from '../core/pool/selection.ts';
import type { Want } from '../core/pool/view.ts';
import { minuteMs, type EpochMs } from '../core/time.ts';
import { Edges } from './edges.ts';
import { episodesEnded, episodesVerified } from './episode.ts';
import { forgetOld } from './forget.ts';
import { Journal } from './journal.ts';
import { limitNotice, needsLoginNotice } from './notice-of.ts';
import type { BookStore, Episode, EpisodeReset } from './ports.ts';
import { moveCurrent, moveSession } from './session.ts';
import { earliestReset, poolsOf, restoreState, type AccountState, type BookState, type PoolState } from './state.ts';
import { Waiting } from './waiting.ts';

/** What the book tells about as it happens; for the log and the audit trail. */
export type BookEvent =
  | { readonly kind: 'closed'; readonly limit: Limit }
  | { readonly kind: 'opened'; readonly limit: Limit }
  | { readonly kind: 'needs-login'; readonly account: AccountId; readonly evidence: string; readonly mend: string }
  | {
      readonly kind: 'moved';
      readonly pool: Label;
      readonly session: SessionId;
      readonly from: AccountId;
      readonly to: AccountId;
    }
  | { readonly kind: 'resting'; readonly account: AccountId; readonly until: EpochMs }
  | { readonly kind: 'exhausted' | 'recovered'; readonly episode: Episode };

/** Which session wants which model from which pool. */
export type Request = {
  readonly pool: PoolState;
  readonly session: SessionId;
  readonly model: string | null;
} & Pick<Want, 'suits' | 'only'>;

/** What came of a try, for `Book.observe`. */
export type Observation = {
  readonly account: AccountId;
  readonly model: string | null;
  readonly sentAt: EpochMs;
  readonly signals: readonly Signal[];
  /** The provider did the work: what covered this model is open. */
  readonly served: boolean;
  /** It was no agent's request. */
  readonly by?: 'probe';
};

export type BookDeps = {
  readonly store: BookStore;
  readonly clock: () => EpochMs;
  readonly tell: (event: BookEvent) => void;
  /** Called when notices are in the store that nobody has told yet. */
  readonly noticed?: () => void;
};

const idleBeforeRampMs = minuteMs;
const networkErrorsBeforeRest = 3;
const restMs = 10_000;

/**
 * The account book: the only writer of the live state of accounts, pools and sessions. Reads are plain maps and touch
 * no database; what changes is in memory at once, and is durable when the promise that the change returned resolves.
 */
export class Book {
  readonly state: BookState;
  readonly journal: Journal;
  /** Whether a request may find out, once an hour, if an account that is closed for long is open after all. */
  probesClosed = false;
  /** The renewals of logins that are under way, and the accounts that are being renamed, whose logins wait for that. */
  readonly renewals = new Map<AccountId, Promise<'renewed' | 'dead' | 'failed' | 'fixed'>>();
  readonly renaming = new Set<AccountId>();
  readonly store: BookStore;
  readonly clock: () => EpochMs;
  readonly edges: Edges;
  readonly tell: (event: BookEvent) => void;
  readonly #noticed: () => void;
  readonly waiting: Waiting;
  /** The accounts that have been closed since episodes were begun last. */
  readonly #closing = new Set<AccountId>();

  private constructor(state: BookState, { store, clock, tell, noticed = () => undefined }: BookDeps) {
    this.state = state;
    this.store = store;
    this.clock = clock;
    this.journal = new Journal(clock);
    this.waiting = new Waiting(clock);
    this.tell = tell;
    this.#noticed = noticed;
    this.edges = new Edges(this, { tell, noticed });
  }

  static async open(deps: BookDeps): Promise<Book> {
    const snapshot = await deps.store.load();
    const book = new Book(restoreState(snapshot), deps);
    await forgetOld(book);
    book.edges.tellUntold();
    // A limit may have reached the disk without the episode that it began.
    book.edges.begin(book.state.pools.values(), null);
    await book.journal.written();
    return book;
  }

  async stop(): Promise<void> {
    this.wake();
    await this.journal.stop();
  }

  /** Asks selection for a request as things stand; `status` asks the same with a session that has no affinity. */
  select(request: Request, exclude: readonly AccountId[], queuedMs: number): Selection {
    const { pool, candidates, current } = request.pool;
    const session = this.state.sessions.get(request.session);
    const affinity = session !== undefined && session.pool === pool.name ? session.account : null;
    const { model, suits, only } = request;
    const view = { pool, candidates, current, affinity, probesClosed: this.probesClosed };
    return select(view, { model, exclude, queuedMs, suits, only }, this.clock());
  }

  /** The accounts with a login that may serve a pool, closed or not: first the one where the session or the pool is. */
  loggedIn({ pool: { pool, candidates, current }, session, suits, only }: Request): AccountId[] {
    const near = [this.state.sessions.get(session)?.account, current];
    const open = candidates
      .map((each) => each.account)
      .filter(({ standing, id }) => standing === 'enabled' && (pool.pinned ?? id) === id && (only ?? id) === id)
      .filter((account) => suits?.(account) !== false);
    return open.map(({ id }) => id).toSorted((a, b) => Number(near.includes(b)) - Number(near.includes(a)));
  }

  /** Says whether an account still takes a request for which it was selected, be it busy or not. */
  takes({ pool: { pool, candidates }, model, suits, only }: Request, account: AccountId): boolean {
    const own = candidates.filter((each) => each.account.id === account);
    const view = { pool, candidates: own, current: null, affinity: null };
    const want = { model, exclude: [], queuedMs: Number.POSITIVE_INFINITY, suits, only };
    return select(view, want, this.clock()).kind === 'use';
  }

  /**
   * Counts a try as in flight and moves its session to its account, its pool only from one that takes nothing any more.
   * Await the result, where there is one, before the request is sent. Each `begin` needs its `end`.
   */
  begin(
    request: Request,
    account: AccountId,
    how: { probe: boolean; failover: boolean },
  ): Promise<unknown> | undefined {
    const state = this.find(account);
    // Removed a moment ago: the send finds out.
    if (state === undefined) return undefined;
    const now = this.clock();
    if (how.failover && state.inFlight === 0 && now - state.servedAt > idleBeforeRampMs) state.rampFrom = now;
    if (how.probe) {
      state.probeSince = now;
      state.verifiedAt = now;
    }
    state.inFlight += 1;
    state.servedTurn = this.state.turn += 1;
    state.servedAt = now;
    request.pool.lastAskedAt = now;
    request.pool.lastModel = request.model ?? request.pool.lastModel;
    if (!request.pool.removed) {
      moveCurrent(this, request.pool, state.account.id);
      moveSession(this, request, state.account.id);
    }
    return this.journal.written();
  }

  /** Ends a try, however it went. */
  end(account: AccountId, how: { probe: boolean }): void {
    const state = this.find(account);
    if (state === undefined) return;
    // A request of before the account was removed and added again was never counted here.
    if (state.inFlight > 0) state.inFlight -= 1;
    this.#countRenamed(account);
    if (how.probe) state.probeSince = null;
    if (how.probe) this.wake();
    // Nothing begins or ends with a place: an account that is only busy is open.
    else if (state.rampFrom !== null || state.account.maxConcurrent !== null) this.waiting.wakeRequests();
  }

  /** The verdict on a probe is in with the head of its answer; those who wait need not wait for the rest. */
  endProbe(account: AccountId): void {
    const state = this.find(account);
    if (state === undefined || state.probeSince === null) return;
    state.probeSince = null;
    this.wake();
  }

  /** Takes in what an answer told. Await the result, or `journal.written`, before acting on it. */
  observe(seen: Observation): Promise<unknown> | undefined {
    const state = this.find(seen.account);
    if (state === undefined) return undefined;
    for (const signal of seen.signals) {
      // It may speak of another login, or of what an operator has cleared.
      if (signal.kind === 'closed' && seen.sentAt < state.secretSince) continue;
      this.#observeSignal(state, signal, seen);
    }
    // Of one answer that closes several windows, one episode comes.
    if (this.#closing.size > 0) this.#beginEpisodes(seen.model);
    if (seen.served) this.#observeServed(state, seen, this.clock());
    return this.journal.written();
  }

  /**
   * Ends the episodes that are over by the provider's word outside an answer, which is all of `told`: this account alone
   * takes requests again.
   */
  observeVerified(account: AccountId, sentAt: EpochMs, told: readonly Signal[] = []): Promise<unknown> | undefined {
    this.edges.end(episodesVerified(this.state, { account, sentAt, now: this.clock(), told }));
    return this.journal.written();
  }

  /** Recovered episodes whose auth reset has not ended: it is due, running or waiting. */
  resets(): readonly Episode[] {
    return [...this.state.resets.values()];
  }

  /** Changes the reset of an episode, with the notices about it in one transaction; nothing where it is gone. */
  saveReset(id: string, reset: EpisodeReset, notices: readonly Notice[] = []): Promise<void> {
    return this.edges.saveReset(id, reset, notices);
  }

  /** When an agent's request of this pool was sent last; null where that was not since the start. */
  lastAskedAt(pool: Label): EpochMs | null {
    const at = this.state.pools.get(pool)?.lastAskedAt ?? 0;
    return at === 0 ? null : at;
  }

  /** Counts network errors in a row: three rest the account for ten seconds. */
  observeFault(account: AccountId, fault: Fault | null): void {
    const state = this.find(account);
    if (state === undefined) return;
    state.networkErrors = fault === 'network' ? state.networkErrors + 1 : 0;
    if (state.networkErrors < networkErrorsBeforeRest) return;
    state.networkErrors = 0;
    state.restUntil = this.clock() + restMs;
    this.tell({ kind: 'resting', account, until: state.restUntil });
  }

  /** Stores a limit that an operator or an observation has changed. */
  setLimit(state: AccountState, known: Limit | undefined, limit: Limit): void {
    const slot = slotOf(limit);
    state.limits.set(slot, limit);
    if (limit.until === 0) this.tell({ kind: 'opened', limit });
    else if (known === undefined || limit.until !== known.until) this.tell({ kind: 'closed', limit });
    void this.journal.write(`limit:${limit.account}|${slot}`, () => this.store.saveLimits([limit]));
    if (limit.until < (known?.until ?? 0)) this.wake();
    if (isClosed(limit, this.clock())) this.#closing.add(limit.account);
  }

  /** Begins the episodes that follow from a limit on a model (null: on all) that no observation brought. */
  noteClosed(account: AccountId, model: string | null): void {
    this.#closing.add(account);
    this.#beginEpisodes(model);
  }

  /** Stores notices that belong to no episode. */
  addNotices(notices: readonly Notice[]): void {
    for (const notice of notices) {
      void this.journal.write(`notice:${notice.id}`, async () => {
        await this.store.addNotices([notice]);
        this.#noticed();
      });
    }
  }

  /**
   * Resolves at `until`, when something opens that may let a waiting request go, or when `signal` aborts: ask
   * selection again in any case.
   */
  waitForTurn(until: EpochMs, signal: AbortSignal): Promise<void> {
    return this.waiting.forTurn(until, signal);
  }

  /** Lets everybody who waits ask selection again. */
  wake(): void {
    this.waiting.wake();
  }

  /**
   * Calls `look` when something may have changed for episodes or their resets; often for nothing, and on the path of
   * requests. Returns what ends that.
   */
  watch(look: () => void): () => void {
    return this.waiting.watch(look);
  }

  #beginEpisodes(model: string | null): void {
    const pools = new Set([...this.#closing].flatMap((account) => poolsOf(this.state, account)));
    this.#closing.clear();
    this.edges.begin(pools, model);
  }

  #observeSignal(state: AccountState, signal: Signal, seen: Observation): void {
    const now = this.clock();
    switch (signal.kind) {
      case 'closed':
        this.#observeClosed(state, signal, now);
        break;
      case 'open':
        if (state.limits.size > 0)
          this.#observeOpen(
            state,
            seen.sentAt,
            (limit) => limit.window === signal.window && limit.family === signal.family,
          );
        break;
      case 'reading':
        state.readings.set(`${signal.window}|${signal.family ?? '*'}`, { ...signal, at: now });
        state.nextReset = earliestReset(state, now);
        break;
      case 'refused':
        this.#observeRefused(state, signal.evidence, seen.sentAt);
        break;
    }
  }

  /** A limit of one account of a project is a limit of all, since they share its quota. */
  #observeClosed(state: AccountState, signal: Extract<Signal, { kind: 'closed' }>, now: EpochMs): void {
    // What one key may not do, another key of its project may.
    const closed = signal.window === entitlementWindow ? [state] : this.sharers(state);
    for (const each of closed) {
      const known = each.limits.get(slotOf(signal));
      const limit = observeClosed(each.account.id, known, signal, now);
      if (limit === known) continue;
      this.setLimit(each, known, limit);
      // One quota is one matter.
      const notice = each === state ? limitNotice(each.account, known, limit) : null;
      if (notice !== null) this.addNotices([notice]);
    }
  }

  /** The accounts whose quota this one shares, itself included. */
  sharers(state: AccountState): readonly AccountState[] {
    const { project, provider } = state.account;
    if (project === null) return [state];
    return [...this.state.accounts.values()].filter(
      ({ account }) => account.project === project && account.provider === provider,
    );
  }

  #observeServed(state: AccountState, seen: Observation, now: EpochMs): void {
    if (state.limits.size > 0)
      this.#observeOpen(state, seen.sentAt, (limit) => !limit.overage && limitCovers(limit, seen.model));
    if (this.state.episodes.size === 0) return;
    this.edges.end(episodesEnded(this.state, { ...seen, account: state.account.id, now }));
  }

  #observeOpen(state: AccountState, sentAt: EpochMs, concerns: (limit: Limit) => boolean): void {
    for (const each of this.sharers(state)) {
      for (const known of each.limits.values()) {
        if (!concerns(known)) continue;
        const limit = observeOpen(known, sentAt, this.clock());
        if (limit !== known) this.setLimit(each, known, limit);
      }
    }
  }

  #observeRefused(state: AccountState, evidence: string, sentAt: EpochMs): void {
    const { account } = state;
    if (account.standing !== 'enabled' || sentAt < state.secretSince) return;
    const refused: Account = { ...account, standing: 'needs-login', standingReason: evidence };
    state.account = refused;
    void this.journal.write(`account:${account.id}`, () => this.store.saveAccount(refused));
    this.noteNeedsLogin(account, evidence);
    this.#closing.add(account.id);
  }

  /** Tells that an account needs a login from now on. */
  noteNeedsLogin(account: Account, evidence: string): void {
    this.tell({ kind: 'needs-login', account: account.id, evidence, mend: mendOf(account) });
    this.addNotices([needsLoginNotice(account, evidence, this.clock())]);
  }

  /** The account of an id, be it the one of before it was renamed, by which requests under way know it. */
  find(id: AccountId): AccountState | undefined {
    return this.state.accounts.get(id) ?? this.state.renamed.get(id)?.state;
  }

  #countRenamed(id: AccountId): void {
    const before = this.state.renamed.get(id);
    if (before !== undefined && !this.state.accounts.has(id) && before.inFlight > 0) before.inFlight -= 1;
  }

  account(id: AccountId): AccountState {
    const state = this.state.accounts.get(id);
    if (state === undefined) throw new Error(`account ${id} is not in the book`);
    return state;
  }

  pool(name: Label): PoolState | undefined {
    return this.state.pools.get(name);
  }
}
