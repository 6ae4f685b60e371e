import type { Account } from '../core/account/account.ts';
import type { AccountId, Label, PhantomId, ProviderId, SessionId } from '../core/ids.ts';
import type { Limit } from '../core/limit/limit.ts';
import type { Reading, Signal } from '../core/limit/signal.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { Selection } from '../core/pool/selection.ts';
import type { EpochMs } from '../core/time.ts';
import type { Finding, SessionView } from './shape.ts';

/** An account as it is at this moment. */
export type AccountNow = {
  readonly account: Account;
  readonly limits: readonly Limit[];
  readonly readings: readonly (Reading & { readonly at: EpochMs })[];
  readonly inFlight: number;
  readonly restUntil: EpochMs;
  /** Why its login could not be renewed. */
  readonly notRenewed: { readonly detail: string; readonly retryAt: EpochMs } | null;
};

export type PoolNow = {
  readonly pool: Pool;
  readonly current: AccountId | null;
  /** Since when nobody is open, by model family (null: any model). */
  readonly exhausted: readonly { readonly family: string | null; readonly since: EpochMs }[];
};

export interface Accounts {
  all(): readonly AccountNow[];
  find(id: AccountId): AccountNow | undefined;
  /** Stores the secret, where it has one, then the account; neither when one of them fails. */
  add(account: Account, secret: string | null): Promise<void>;
  /** The same account with another secret. */
  replace(account: Account, secret: string): Promise<void>;
  save(account: Account): Promise<void>;
  remove(id: AccountId): Promise<void>;
  /** Opens every window; returns how many were closed. */
  clear(id: AccountId): Promise<number>;
}

/** A login that a CLI keeps in a folder. */
export type FoundLogin = {
  /** As people call it: `Claude Code`. */
  readonly cli: string;
  readonly folder: string;
  /** The file itself, where links lead to it. */
  readonly path: string;
  /** The kind of credential that it is. */
  readonly credential: string;
  /** Whether it was taken from the CLI before and never arrived. */
  readonly interrupted: boolean;
};

/** An account that is to have a secret. */
export type Wanted = { readonly provider: ProviderId; readonly id: AccountId };

/** How a secret compares with those of the vault. */
export type Kinship = {
  /** The other account that has this very login. */
  readonly heldBy: AccountId | null;
  /** Whether the login that the account has now is somebody else’s. */
  readonly otherOwner: boolean;
};

/** Logins of genuine CLIs on this machine. */
export interface Logins {
  /** Throws a Problem where there is none that could become an account. */
  find(wanted: Wanted, folder: string): Promise<FoundLogin & Kinship>;
  compare(wanted: Wanted, secret: string): Kinship;
  /** Moves it into the vault; the CLI has it as before when that fails. Returns the path of a copy that could not be deleted. */
  adopt(account: Account, login: FoundLogin): Promise<string | null>;
}

/** What an agent in a profile needs of the daemon, and what it tells it. */
export interface Profiles {
  /** The agent that a provider's profiles belong to. */
  agentOf(provider: ProviderId): string;
  /** Whether a directory holds a login of the provider's CLI. */
  hasLogin(provider: ProviderId, folder: string): Promise<boolean>;
  /** Sees which profiles have their login: one without it takes no work until it is there again. */
  checkLogins(): Promise<void>;
  /** Sees to the logins, and puts the transcripts where the pools want them. Only one at a time. */
  lookAfter(): Promise<void>;
  /** Those of some accounts whose profile has a conversation. */
  holders(accounts: readonly AccountId[], session: string): Promise<readonly AccountId[]>;
  /** Gives a profile whose account goes its conversations for itself. Only one at a time. */
  release(account: AccountId): Promise<void>;
  select(wish: {
    pool: Label;
    session: SessionId | null;
    model: string | null;
    exclude: readonly AccountId[];
    suits: (account: Account) => boolean;
  }): Selection;
  /** Moves the pool, and the conversation where it is known, to an account. */
  begin(turn: { pool: Label; session: SessionId | null; account: AccountId }): Promise<void>;
  observe(seen: {
    account: AccountId;
    model: string | null;
    sentAt: EpochMs;
    signals: readonly Signal[];
    served: boolean;
  }): Promise<void>;
}

export interface Pools {
  all(): readonly PoolNow[];
  find(name: Label): PoolNow | undefined;
  save(pool: Pool): Promise<void>;
  remove(name: Label): Promise<void>;
  /** What the next request of a new session for this model would use. */
  next(name: Label, model: string | null): Selection;
}

export interface Phantoms {
  issue(wish: {
    provider: ProviderId;
    pool: Label;
    origin: 'wrapper' | 'env';
    holdMs: number;
  }): Promise<{ id: PhantomId; token: string; expiresAt: EpochMs }>;
  /** False when there is none of that id. */
  revoke(id: PhantomId): Promise<boolean>;
}

export interface Providers {
  ids(): readonly ProviderId[];
  /** The kind of a secret by its form. Throws a Problem for one that can never work. */
  recognise(provider: ProviderId, secret: string): string;
  /** The provider that alone gives secrets of such a form. */
  issuerOf(secret: string): { readonly id: ProviderId; readonly title: string } | undefined;
  secretForms(provider: ProviderId): string;
}

/** A CLI product and how it reaches the gateway. */
export type KnownAgent = {
  readonly id: string;
  readonly provider: ProviderId;
  /** The executable on PATH. */
  readonly command: string;
  readonly install: string;
  /** Names that must not be in its environment. */
  readonly withheld: readonly string[];
  launch(phantom: string): Promise<{ args: readonly string[]; environment: Readonly<Record<string, string>> }>;
};

export interface Agents {
  ids(): readonly string[];
  find(id: string): KnownAgent | undefined;
}

export interface Daemon {
  describe(): {
    version: string;
    pid: number;
    home: string;
    startedAt: EpochMs;
    controlPort: number;
    agentPort: number;
    activeRequests: number;
    graceSeconds: number;
    degraded: { since: EpochMs; reason: string } | null;
    setAside: string | null;
  };
  /** Begins a graceful stop and returns at once. */
  stop(): void;
  /** Checks what only the daemon can: vault, store, and each upstream. */
  check(): Promise<readonly Finding[]>;
  /** Lines of the log from a cursor on, or the last ones; the cursor is where the next call goes on. */
  readLog(from: { cursor: number | null; lines: number }): Promise<{ lines: readonly string[]; cursor: number }>;
}

/** One change that somebody made. `of` names what was changed, never with a secret. */
export type AuditRecord = { readonly operation: string; readonly actor: string; readonly of: string };

/** What operations act on; the daemon composes it. `actor` says who asks. */
export interface OperationContext {
  readonly actor: string;
  /** Notes a change after it was made. */
  readonly audit: (record: AuditRecord) => void;
  /** Runs one change after the other: each looks at what is there before it writes. */
  readonly inTurn: <Value>(change: () => Promise<Value>) => Promise<Value>;
  readonly clock: () => EpochMs;
  /** How long a request of `stint claude` may be held. */
  readonly holdMs: number;
  readonly accounts: Accounts;
  readonly logins: Logins;
  readonly pools: Pools;
  readonly profiles: Profiles;
  readonly sessions: { all(): readonly SessionView[] };
  readonly phantoms: Phantoms;
  readonly providers: Providers;
  readonly agents: Agents;
  readonly daemon: Daemon;
}
