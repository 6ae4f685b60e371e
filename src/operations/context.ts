import type { Account } from '../core/account/account.ts';
import type { AccountId, Label, PhantomId, ProviderId } from '../core/ids.ts';
import type { Limit } from '../core/limit/limit.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { Selection } from '../core/pool/selection.ts';
import type { EpochMs } from '../core/time.ts';

/** An account as it is at this moment. */
export type AccountNow = {
  readonly account: Account;
  readonly limits: readonly Limit[];
  readonly readings: readonly {
    readonly window: string;
    readonly family: string | null;
    readonly utilization: number | null;
    readonly resetsAt: EpochMs | null;
    readonly at: EpochMs;
  }[];
  readonly inFlight: number;
  readonly restUntil: EpochMs;
};

export type PoolNow = {
  readonly pool: Pool;
  readonly current: AccountId | null;
  /** Since when nobody is open, by model family (null: any model). */
  readonly exhausted: readonly { readonly family: string | null; readonly since: EpochMs }[];
};

export type SessionNow = {
  readonly id: string;
  readonly pool: Label;
  readonly account: AccountId;
  readonly startedAt: EpochMs;
  readonly movedAt: EpochMs;
  readonly seenAt: EpochMs;
  readonly moves: number;
};

export interface Accounts {
  all(): readonly AccountNow[];
  find(id: AccountId): AccountNow | undefined;
  /** Stores the secret, then the account; neither when one of them fails. */
  add(account: Account, secret: string): Promise<void>;
  /** The same account with another secret. */
  replace(account: Account, secret: string): Promise<void>;
  save(account: Account): Promise<void>;
  remove(id: AccountId): Promise<void>;
  /** Opens every window; returns how many were closed. */
  clear(id: AccountId): Promise<number>;
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
  }): Promise<{ id: PhantomId; token: string; expiresAt: EpochMs | null; environment: Readonly<Record<string, string>> }>;
  revoke(id: PhantomId): Promise<void>;
}

export interface Vendors {
  ids(): readonly ProviderId[];
  /** The kind of a secret by its form. Throws a Problem for one that can never work. */
  recognise(provider: ProviderId, secret: string): string;
  secretForms(provider: ProviderId): string;
  /** The agents that speak to this provider through the gateway: `claude`. */
  providerOfAgent(agent: string): ProviderId | undefined;
}

export type Finding = { readonly check: string; readonly ok: boolean; readonly detail: string; readonly hint: string | null };

export interface Daemon {
  describe(): {
    version: string;
    pid: number;
    home: string;
    startedAt: EpochMs;
    controlPort: number;
    agentPort: number;
    activeRequests: number;
    degraded: { since: EpochMs; reason: string } | null;
    setAside: string | null;
  };
  /** Begins a graceful stop and returns at once. */
  stop(): void;
  /** Checks what only the daemon can: vault, store, and each upstream. */
  check(): Promise<readonly Finding[]>;
  logTail(lines: number): Promise<readonly string[]>;
}

/** What operations act on; main.ts composes it. `actor` says who asks, for the audit trail. */
export interface OperationContext {
  readonly actor: string;
  readonly clock: () => EpochMs;
  /** How long a request of `stint claude` may be held. */
  readonly holdMs: number;
  readonly accounts: Accounts;
  readonly pools: Pools;
  readonly sessions: { all(): readonly SessionNow[] };
  readonly phantoms: Phantoms;
  readonly vendors: Vendors;
  readonly daemon: Daemon;
}
