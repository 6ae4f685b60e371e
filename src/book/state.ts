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
export type PoolState = {
  pool: Pool;
  candidates: AccountState[];
  current: AccountId | null;
  removed: boolean;
  /** When an agent's request was sent last since the start; 0 for never. And for which model the last one that named one. */
  lastAskedAt: EpochMs;
  lastModel: string | null;
};

/** Everything the book knows, as plain maps. */
export type BookState = {
  readonly accounts: Map<AccountId, AccountState>;
  /** Renamed accounts by the ids of before, with how many requests that know them so have not ended. */
  readonly renamed: Map<AccountId, { readonly state: AccountState; inFlight: number }>;
  readonly pools: Map<Label, PoolState>;
  /** In the order in which they were seen last. */
  readonly sessions: Map<SessionId, Session>;
  /** Open episodes, by `episodeKey`. */
  readonly episodes: Map<string, Episode>;
  /** Episodes that have ended and whose auth reset has not, by id. */
  readonly resets: Map<string, Episode>;
  /** By the hash of the token. */
  readonly phantoms: Map<string, Phantom>;
  turn: number;
};

export function restoreState(snapshot: BookSnapshot): BookState {
  const state: BookState = {
    accounts: new Map(snapshot.accounts.map((account) => [account.id, accountState(account, 0)])),
    renamed: new Map(),
    pools: new Map(),
    sessions: new Map(snapshot.sessions.map((session) => [session.id, session])),
    episodes: new Map(),
    resets: new Map(),
    phantoms: new Map(snapshot.phantoms.map((phantom) => [phantom.hash, phantom])),
    turn: 0,
  };
  for (const limit of snapshot.limits) state.accounts.get(limit.account)?.limits.set(slotOf(limit), limit);
  for (const pool of snapshot.pools) {
    state.pools.set(pool.name, poolState(state, pool, snapshot.currents.get(pool.name) ?? null));
  }
  for (const episode of snapshot.episodes) {
    if (episode.recoveredAt !== null) state.resets.set(episode.id, episode);
    else state.episodes.set(episodeKey(episode.pool, episode.family), episode);
  }
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
  return { pool, candidates: candidatesOf(state, pool), current, removed: false, lastAskedAt: 0, lastModel: null };
}

export function candidatesOf(state: BookState, pool: Pool): AccountState[] {
  return pool.accounts.flatMap((id) => state.accounts.get(id) ?? []);
}

export function episodeKey(pool: Label, family: string | null): string {
  return `${pool}|${family ?? '*'}`;
}

/** The open episodes of a pool, the oldest first. */
export function episodesOf({ episodes }: BookState, pool: Label): Episode[] {
  return [...episodes.values()].filter((each) => each.pool === pool);
}

export function poolsOf({ pools }: BookState, account: AccountId): PoolState[] {
  return [...pools.values()].filter((each) => each.pool.accounts.includes(account));
}

/** The first of the resets to come that answers told. */
export function earliestReset(state: AccountState, now: EpochMs): EpochMs | null {
  let earliest: EpochMs | null = null;
  for (const { resetsAt } of state.readings.values()) {
    if (resetsAt !== null && resetsAt > now && (earliest === null || resetsAt < earliest)) earliest = resetsAt;
  }
  return earliest;
}
