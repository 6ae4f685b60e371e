import type { Account } from '../core/account/account.ts';
import type { AccountId, ProviderId } from '../core/ids.ts';
import { isClosed } from '../core/limit/limit.ts';
import { believeUsage, nextUsagePoll, wantsUsage, type UsagePoll } from '../core/limit/verify.ts';
import { minuteMs, secondMs, type EpochMs } from '../core/time.ts';
import type { Fetch, Provider, UsageEndpoint, UsageReport } from '../providers/provider.ts';
import type { Book } from './book.ts';
import type { Credentials } from './credentials.ts';
import type { AccountState } from './state.ts';

export type UsageEvent = { readonly kind: 'usage-unknown'; readonly account: AccountId; readonly detail: string };

export type UsageDeps = {
  readonly book: Book;
  readonly credentials: Pick<Credentials, 'current'>;
  readonly providers: ReadonlyMap<ProviderId, Provider>;
  readonly fetch: Fetch;
  /** In [0, 1); keeps accounts out of lockstep. */
  readonly random: () => number;
  readonly tell: (event: UsageEvent) => void;
  readonly bug: (error: unknown) => void;
};

const lookEveryMs = 30 * secondMs;
const firstWithinMs = minuteMs;

/**
 * Asks the usage endpoints of accounts that serve or are closed, each account's on a pace of its own, and tells the
 * book what may be believed of the answers. An endpoint that fails says nothing about its account.
 */
export class UsagePoller {
  readonly #deps: UsageDeps;
  readonly #polls = new Map<AccountId, UsagePoll & { readonly jitter: number }>();
  readonly #firstAt = new Map<AccountId, EpochMs>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopped = false;

  constructor(deps: UsageDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.poll().catch(this.#deps.bug), lookEveryMs);
  }

  /** What is still under way then is not heard any more. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Asks for every account that is due; resolves when all have answered. */
  async poll(): Promise<void> {
    const { accounts } = this.#deps.book.state;
    for (const id of this.#polls.keys()) if (!accounts.has(id)) this.#forget(id);
    await Promise.all([...accounts.values()].map((state) => this.#pollIfDue(state)));
  }

  /** Whether an account has a usage endpoint that it may ask. */
  covers({ provider, credential }: Account): boolean {
    return this.#deps.providers.get(provider)?.usageEndpoint?.covers(credential) === true;
  }

  /** Asks for one account before its time, at most every five minutes and less often while it gets no answer. */
  async askNow(id: AccountId): Promise<void> {
    const { book, providers } = this.#deps;
    const state = book.state.accounts.get(id);
    if (this.#stopped || state?.account.standing !== 'enabled' || !this.covers(state.account)) return;
    const last = this.#polls.get(id);
    const now = book.clock();
    if (last !== undefined && last.at <= now && now < nextUsagePoll(last, false, 0)) return;
    const endpoint = providers.get(state.account.provider)?.usageEndpoint ?? null;
    if (endpoint !== null) await this.#ask(state, endpoint);
  }

  async #pollIfDue(state: AccountState): Promise<void> {
    const { account } = state;
    const endpoint = this.#deps.providers.get(account.provider)?.usageEndpoint ?? null;
    if (endpoint?.covers(account.credential) === true && this.#isDue(state)) await this.#ask(state, endpoint);
  }

  #isDue(state: AccountState): boolean {
    const { book, random } = this.#deps;
    const { account, servedAt } = state;
    const now = book.clock();
    const closed = isClosedNow(state, now);
    if (account.standing !== 'enabled' || !wantsUsage(servedAt, closed, now)) return false;
    const last = this.#polls.get(account.id);
    // A clock that was set back would keep the endpoint from being asked until it has caught up.
    if (last !== undefined && last.at <= now) return now >= nextUsagePoll(last, closed, last.jitter);
    const firstAt = this.#firstAt.get(account.id) ?? now + Math.round(random() * firstWithinMs);
    this.#firstAt.set(account.id, firstAt);
    return now >= Math.min(firstAt, now + firstWithinMs);
  }

  async #ask(state: AccountState, endpoint: UsageEndpoint): Promise<void> {
    const { book, random, tell } = this.#deps;
    const { account } = state;
    const sentAt = book.clock();
    const failures = this.#polls.get(account.id)?.failures ?? 0;
    const poll = { at: sentAt, failures, retryAfterMs: null, jitter: random() };
    // Before it is asked: nobody is due again while its answer is awaited.
    this.#polls.set(account.id, poll);
    const report = await this.#read(account, endpoint);
    // Of another secret, or of an account that is gone: it says nothing of what is there now.
    if (this.#stopped || sentAt < state.secretSince || book.state.accounts.get(account.id) !== state) return;
    if (report.kind === 'unknown') {
      const { retryAfterMs, detail } = report;
      this.#polls.set(account.id, { ...poll, failures: failures + 1, retryAfterMs });
      return tell({ kind: 'usage-unknown', account: account.id, detail });
    }
    this.#polls.set(account.id, { ...poll, failures: 0 });
    await this.#hear(state, report, sentAt);
  }

  async #read(account: Account, endpoint: UsageEndpoint): Promise<UsageReport> {
    const { book, credentials, fetch, bug } = this.#deps;
    try {
      const credential = await credentials.current(account);
      if (credential === undefined) return { kind: 'unknown', detail: 'no credential', retryAfterMs: null };
      return await endpoint.read(credential, { fetch, baseUrl: account.baseUrl, now: book.clock() });
    } catch (error) {
      bug(error);
      return { kind: 'unknown', detail: 'a bug', retryAfterMs: null };
    }
  }

  async #hear(state: AccountState, report: Extract<UsageReport, { kind: 'known' }>, sentAt: EpochMs): Promise<void> {
    const { book } = this.#deps;
    const { limits, servedAt, inFlight } = state;
    const account = state.account.id;
    const signals = believeUsage(report.signals, { limits, servedAt, inFlight, sentAt });
    // Whoever has just been asked this way needs no request that finds it out.
    state.verifiedAt = sentAt;
    await book.observe({ account, model: null, sentAt, signals, served: false });
    if (report.signals.some((each) => each.kind === 'open'))
      await book.observeVerified(account, sentAt, report.signals);
  }

  #forget(id: AccountId): void {
    this.#polls.delete(id);
    this.#firstAt.delete(id);
  }
}

function isClosedNow({ limits }: AccountState, now: EpochMs): boolean {
  for (const limit of limits.values()) if (isClosed(limit, now)) return true;
  return false;
}
