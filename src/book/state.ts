import type { Account } from '../core/account/account.ts';
import type { AccountId, Label, SessionId } from '../core/ids.ts';
import { slotOf, type Limit } from '../core/limit/limit.ts';
import type { Reading } from '../core/limit/signal.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { Candidate } from '../core/pool/view.ts';
import type { EpochMs } from '../core/time.ts';
import type { BookSnapshot, Episode, Phantom, Session } from './ports.ts';

/** How full a window was when a response told last, and when that was. */
type ReadingAt = Reading & { readonly at: EpochMs };

/** The live state of one account. Only the book writes it; selection reads it as a candidate. */
export type AccountState = {
  -readonly [Key in keyof Omit<Candidate, 'limits'>]: Candidate[Key];
} & {
  readonly limits: Map<string, Limit>;
  readonly readings: Map<string, ReadingAt>;
  networkErrors: number;
  servedAt: EpochMs;
  /** Requests sent before it say nothing about the credential: since then it may be another. */
  secretSince: EpochMs;
};

/**
 * The live state of one pool; `candidates` are the states of its accounts, in its order. It changes in place, and those
 * who hold it when its pool is removed see that.
 */
export type PoolState = { pool: Pool; candidates: AccountState[]; current: AccountId | null; removed: boolean };

/** Everything the book knows, as plain maps. */
export type BookState = {
  readonly accounts: Map<AccountId, AccountState>;
  readonly pools: Map<Label, PoolState>;
  /** In the order in which they were seen last. */
  readonly sessions: Map<SessionId, Session>;
  /** Open episodes, by `episodeKey`. */
  readonly episodes: Map<string, Episode>;
  /** By the hash of the token. */
  readonly phantoms: Map<string, Phantom>;
  turn: number;
};

export function restoreState(snapshot: BookSnapshot): BookState {
  const state: BookState = {
    accounts: new Map(snapshot.accounts.map((account) => [account.id, accountState(account, 0)])),
    pools: new Map(),
    sessions: new Map(snapshot.sessions.map((session) => [session.id, session])),
    episodes: new Map(),
    phantoms: new Map(snapshot.phantoms.map((phantom) => [phantom.hash, phantom])),
    turn: 0,
  };
  for (const limit of snapshot.limits) state.accounts.get(limit.account)?.limits.set(slotOf(limit), limit);
  for (const pool of snapshot.pools) {
    state.pools.set(pool.name, poolState(state, pool, snapshot.currents.get(pool.name) ?? null));
  }
  for (const episode of snapshot.episodes) state.episodes.set(episodeKey(episode.pool, episode.family), episode);
  return state;
}

/** The state of an account of which nothing is known yet. */
export function accountState(account: Account, secretSince: EpochMs): AccountState {
  return {
    account,
    limits: new Map(),
    readings: new Map(),
    inFlight: 0,
    restUntil: 0,
    rampFrom: null,
    probeSince: null,
    nextReset: null,
    servedTurn: 0,
    verifiedAt: 0,
    networkErrors: 0,
    servedAt: 0,
    secretSince,
  };
}

export function poolState(state: BookState, pool: Pool, current: AccountId | null): PoolState {
  return { pool, candidates: candidatesOf(state, pool), current, removed: false };
}

export function candidatesOf(state: BookState, pool: Pool): AccountState[] {
  return pool.accounts.flatMap((id) => state.accounts.get(id) ?? []);
}

export function episodeKey(pool: Label, family: string | null): string {
  return `${pool}|${family ?? '*'}`;
}
