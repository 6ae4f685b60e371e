import type { Account } from '../core/account/account.ts';
import type { AccountId, ProviderId } from '../core/ids.ts';
import { minuteMs, secondMs, type EpochMs } from '../core/time.ts';
import type { Credential, Fetch, OpenedSecret, Provider, Renewal } from '../providers/provider.ts';
import type { Book } from './book.ts';
import type { Secrets } from './ports.ts';

/** What happens to logins; for the log. */
export type CredentialEvent =
  | { readonly kind: 'renewed'; readonly account: AccountId; readonly expiresAt: EpochMs | null }
  | { readonly kind: 'not-renewed'; readonly account: AccountId; readonly detail: string; readonly retryAt: EpochMs };

export type CredentialDeps = {
  readonly book: Book;
  readonly secrets: Secrets;
  readonly providers: ReadonlyMap<ProviderId, Provider>;
  readonly fetch: Fetch;
  /** In [0, 1); spreads retries. */
  readonly random: () => number;
  readonly tell: (event: CredentialEvent) => void;
};

type Renewed = 'renewed' | 'dead' | 'failed' | 'fixed';

/** A secret that was renewed and is newer than `replaces`, which the vault still gives. */
type Unwritten = { readonly replaces: string; readonly secret: string };

const renewedAheadMs = 5 * minuteMs;
/** A token that ends within this time may end on its way. */
const tooShortMs = minuteMs;
const longestStopMs = 4 * secondMs;
const firstPauseMs = secondMs;
const longestPauseMs = minuteMs;

/**
 * The credentials of accounts, renewed before they end and after a refusal. One renewal per account runs at a time,
 * which holds across processes too: one daemon owns a home (home/claim-home.ts), and a login in the vault has no other
 * owner. What was renewed is durable before anybody gets it; a kill between the provider's reply and the end of that
 * write loses it, since a single-use refresh token is then spent: 0.7 ms in the median of 200 renewals, 5 ms at most.
 */
export class Credentials {
  readonly #deps: CredentialDeps;
  readonly #opened = new Map<
    AccountId,
    { readonly kind: string; readonly text: string; readonly value: OpenedSecret }
  >();
  readonly #running: Map<AccountId, Promise<Renewed>>;
  readonly #unwritten = new Map<AccountId, Unwritten>();
  /** The access tokens that renewals gave, and when. */
  readonly #got = new Map<AccountId, { readonly secret: string; readonly at: EpochMs }>();
  /** The secrets of logins that are over. */
  readonly #over = new Map<AccountId, string>();
  readonly #pauses = new Map<
    AccountId,
    { readonly text: string; readonly failures: number; readonly until: EpochMs; readonly detail: string }
  >();

  constructor(deps: CredentialDeps) {
    this.#deps = deps;
    this.#running = deps.book.renewals;
  }

  /**
   * The credential for a request: at once while it is good, and after its renewal when it has ended. One that ends
   * within five minutes is renewed on the side. Undefined when the vault has none.
   */
  current(asked: Account): Credential | undefined | Promise<Credential | undefined> {
    const account = this.#asNow(asked);
    const opened = this.#open(account);
    if (opened === undefined) return undefined;
    const { credential, expiresAt, renewable } = opened;
    if (!renewable || expiresAt === null) return credential;
    const leftMs = expiresAt - this.#deps.book.clock();
    if (leftMs > this.#aheadMs(account.id, credential, expiresAt)) return credential;
    const renewal = this.#renewal(account);
    // A provider that cannot renew now may still take the old one, and says so otherwise.
    if (renewal === undefined || leftMs > tooShortMs) return credential;
    return renewal.then(() => {
      const now = this.#asNow(account);
      return this.#isStill(now) ? this.#open(now)?.credential : undefined;
    });
  }

  /**
   * Gets another credential after the provider refused this one. `renewed` without a request when there is another
   * already, `fixed` when its kind cannot be renewed, `failed` when nothing is known: then it may be tried again later.
   */
  async renew(asked: Account, refused: Credential): Promise<Renewed> {
    const account = this.#asNow(asked);
    const opened = this.#open(account);
    if (opened === undefined) return 'fixed';
    if (opened.credential.secret !== refused.secret) return 'renewed';
    if (!opened.renewable) return 'fixed';
    return (await this.#renewal(account)) ?? 'failed';
  }

  /** Why the login of an account could not be renewed, and from when on that is tried again; null where nothing is amiss. */
  failureOf(account: AccountId): { readonly detail: string; readonly retryAt: EpochMs } | null {
    const pause = this.#pauses.get(account);
    if (pause === undefined || pause.text !== this.#newest(account)) return null;
    return { detail: pause.detail, retryAt: pause.until };
  }

  /**
   * Resolves when no renewal is under way, since a reply that nobody waits for is a spent refresh token; after four
   * seconds in any case.
   */
  async stop(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, longestStopMs);
    await Promise.race([Promise.allSettled(this.#running.values()), late]);
    clearTimeout(timer);
  }

  /** A request that is under way knows an account as it was before it got another label. */
  #asNow(account: Account): Account {
    const { state } = this.#deps.book;
    if (state.accounts.has(account.id)) return account;
    const now = state.renamed.get(account.id)?.state.account;
    return now === undefined ? account : { ...account, id: now.id, label: now.label };
  }

  /** Reads the newest secret; what was read is kept as long as its text is the same. */
  #open(account: Account): OpenedSecret | undefined {
    const text = this.#newest(account.id);
    if (text === undefined) return undefined;
    const known = this.#opened.get(account.id);
    if (known?.text === text && known.kind === account.credential) return known.value;
    const value = this.#providerOf(account).open(account.credential, text);
    this.#opened.set(account.id, { kind: account.credential, text, value });
    return value;
  }

  #newest(account: AccountId): string | undefined {
    const text = this.#deps.secrets.read(account);
    const unwritten = this.#unwritten.get(account);
    if (unwritten === undefined) return text;
    if (unwritten.replaces === text) return unwritten.secret;
    // Written by now, or replaced by somebody else: either way the vault has the newest.
    this.#unwritten.delete(account);
    return text;
  }

  /** The renewal that runs or begins; undefined while the account pauses after one that failed. */
  #renewal(account: Account): Promise<Renewed> | undefined {
    const running = this.#running.get(account.id);
    if (running !== undefined) return running;
    if (this.#deps.book.renaming.has(account.id)) return undefined;
    const text = this.#newest(account.id);
    if (text === undefined || this.#isPaused(account.id, text)) return undefined;
    // Until somebody clears the account, who then wants it tried again.
    if (this.#over.get(account.id) === text && this.#needsLogin(account.id)) return Promise.resolve('dead');
    const renewal = this.#renew(account, text).finally(() => this.#running.delete(account.id));
    // Whoever waits for it is told; a renewal on the side has nobody.
    renewal.catch(() => undefined);
    this.#running.set(account.id, renewal);
    return renewal;
  }

  async #renew(account: Account, text: string): Promise<Renewed> {
    const { book } = this.#deps;
    const sentAt = book.clock();
    const renewal = await this.#ask(account, text);
    if (renewal.kind === 'renewed') {
      this.#pauses.delete(account.id);
      await this.#keep(account.id, text, renewal.secret);
      const { credential, expiresAt } = this.#providerOf(account).open(account.credential, renewal.secret);
      this.#got.set(account.id, { secret: credential.secret, at: sentAt });
      this.#deps.tell({ kind: 'renewed', account: account.id, expiresAt });
      return 'renewed';
    }
    // Somebody gave the account another secret meanwhile: that the old one is over says nothing.
    if (this.#newest(account.id) !== text) return 'renewed';
    if (renewal.kind === 'failed') return this.#pause(account.id, text, renewal.detail);
    const signal = { kind: 'refused', evidence: renewal.evidence } as const;
    this.#over.set(account.id, text);
    await book.observe({ account: account.id, model: null, sentAt, signals: [signal], served: false });
    return 'dead';
  }

  async #ask(account: Account, text: string): Promise<Renewal> {
    const { fetch, book } = this.#deps;
    const { login } = this.#providerOf(account);
    if (login === null) return { kind: 'failed', detail: 'its provider has no logins' };
    try {
      return await login.renew(account.credential, text, { fetch, baseUrl: account.baseUrl, now: book.clock() });
    } catch (error) {
      return { kind: 'failed', detail: error instanceof Error ? error.name : 'no answer' };
    }
  }

  /**
   * Makes a renewed secret durable, in the place of the one that was renewed and of no other. While the vault cannot be
   * written it is used from memory and written again until that succeeds; the journal says that the store is degraded.
   */
  async #keep(account: AccountId, text: string, secret: string): Promise<void> {
    const { secrets, book } = this.#deps;
    const replaces = this.#unwritten.get(account)?.replaces ?? text;
    await book.journal.write(`secret:${account}`, async () => {
      if (await secrets.swap(account, replaces, secret)) return;
      // A new secret that is only staged may still be taken back.
      if (secrets.read(account) === replaces) throw new Error(`the secret of ${account} is being replaced`);
    });
    if (secrets.read(account) === replaces) this.#unwritten.set(account, { replaces, secret });
  }

  /** A secret that came meanwhile may be of another kind, or meant for another host. */
  #isStill({ id, credential, baseUrl }: Account): boolean {
    const now = this.#deps.book.state.accounts.get(id)?.account;
    return now?.credential === credential && now.baseUrl === baseUrl;
  }

  /**
   * How long before its end a token is renewed. One that we got for a short life has most of that first; one that had
   * ended by our clock when we got it is good until it is refused, or a wrong clock would renew it for every request.
   */
  #aheadMs(account: AccountId, { secret }: Credential, expiresAt: EpochMs): number {
    const got = this.#got.get(account);
    if (got?.secret !== secret) return renewedAheadMs;
    const lifeMs = expiresAt - got.at;
    return lifeMs <= 0 ? Number.NEGATIVE_INFINITY : Math.min(renewedAheadMs, lifeMs / 4);
  }

  #needsLogin(account: AccountId): boolean {
    return this.#deps.book.state.accounts.get(account)?.account.standing === 'needs-login';
  }

  #isPaused(account: AccountId, text: string): boolean {
    const pause = this.#pauses.get(account);
    if (pause === undefined || pause.text !== text) return false;
    const leftMs = pause.until - this.#deps.book.clock();
    // Further away than any pause: the clock was set back.
    return leftMs > 0 && leftMs <= 2 * longestPauseMs;
  }

  #pause(account: AccountId, text: string, detail: string): Renewed {
    const { book, random, tell } = this.#deps;
    const known = this.#pauses.get(account);
    const failures = known?.text === text ? known.failures + 1 : 1;
    const pauseMs = Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs) * (1 + random() / 2);
    const until = book.clock() + Math.round(pauseMs);
    this.#pauses.set(account, { text, failures, until, detail });
    tell({ kind: 'not-renewed', account, detail, retryAt: until });
    return 'failed';
  }

  #providerOf({ provider }: Account): Provider {
    const known = this.#deps.providers.get(provider);
    if (known === undefined) throw new Error(`provider ${provider} is not registered`);
    return known;
  }
}
