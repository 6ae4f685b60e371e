import type { Account } from '../core/account/account.ts';
import type { AccountId, Label, PhantomId, ProviderId, SessionId } from '../core/ids.ts';
import type { Limit } from '../core/limit/limit.ts';
import type { Notice } from '../core/notice.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { EpochMs } from '../core/time.ts';

/** A conversation and the account it stays on while that is open. */
export type Session = {
  readonly id: SessionId;
  readonly pool: Label;
  readonly account: AccountId;
  /** When it was first seen, moved last and seen last; the last one is kept to the hour. */
  readonly startedAt: EpochMs;
  readonly movedAt: EpochMs;
  readonly seenAt: EpochMs;
  readonly moves: number;
};

/** A pool's time without an open account for a model family, or for any model when `family` is null. */
export type Episode = {
  readonly id: string;
  readonly pool: Label;
  readonly family: string | null;
  readonly exhaustedAt: EpochMs;
  /** When somebody was seen to be open again: null while the episode lasts. */
  readonly recoveredAt: EpochMs | null;
  /** What was asked for when it began, for a probe. */
  readonly model: string | null;
  readonly verifiedBy: 'request' | 'usage' | 'probe' | null;
  /** The auth reset that this recovery entails; null before, and where the pool has no target. */
  readonly reset: EpisodeReset | null;
};

/**
 * What becomes of an auth reset:
 *
 * - `due`: to be run; goes on after a crash.
 * - `running`: written before the command starts. A crash leaves it there, and it is not run again: its traffic tells.
 * - `waiting`: the command ended with 0, which is no proof.
 * - `resumed`: a request of the agent came after it. `silent`: none within ten minutes.
 * - `failed`: the command could not be run, or did not end with 0.
 */
export type EpisodeReset = {
  readonly state: 'due' | 'running' | 'waiting' | 'resumed' | 'silent' | 'failed';
  readonly target: string;
  /** Since when it is in this state. */
  readonly at: EpochMs;
  /** When the command was started. */
  readonly ranAt: EpochMs | null;
  readonly detail: string | null;
};

export function isResetUnderWay({ state }: EpisodeReset): boolean {
  return state === 'due' || state === 'running' || state === 'waiting';
}

/** A token that an agent holds in place of a secret. Only its SHA-256 is kept, as hex. */
export type Phantom = {
  readonly id: PhantomId;
  readonly hash: string;
  readonly provider: ProviderId;
  readonly pool: Label;
  /** `wrapper` ends with its `stint claude`, and use makes it last; `env` was printed and expires. */
  readonly origin: 'wrapper' | 'env';
  /** How long a request of this phantom may be held, in milliseconds. */
  readonly holdMs: number;
  readonly createdAt: EpochMs;
  readonly expiresAt: EpochMs;
};

export type BookSnapshot = {
  readonly accounts: readonly Account[];
  readonly pools: readonly Pool[];
  /** Where `sticky` goes on, by pool. */
  readonly currents: ReadonlyMap<Label, AccountId>;
  readonly limits: readonly Limit[];
  /** In the order in which they were seen last. */
  readonly sessions: readonly Session[];
  /** Those that have not ended, and those whose auth reset has not. */
  readonly episodes: readonly Episode[];
  readonly phantoms: readonly Phantom[];
};

/**
 * What the book remembers across a restart. Each write is durable when its promise resolves and rejects when it is
 * not; each is one transaction.
 */
export interface BookStore {
  load(): Promise<BookSnapshot>;
  /** Inserts the account together with the pool that it goes into, which is inserted or replaced. */
  addAccount(account: Account, pool: Pool): Promise<void>;
  /** Replaces the account; does nothing when it is gone. */
  saveAccount(account: Account): Promise<void>;
  /** Puts the account in the place of the one with this id, and all that is that one's with it. */
  renameAccount(id: AccountId, account: Account): Promise<void>;
  /** Removes the account with its limits and its place in pools, as current account and in sessions. */
  removeAccount(id: AccountId): Promise<void>;
  /** Inserts or replaces each, the order of accounts included; all or none. */
  savePools(pools: readonly Pool[]): Promise<void>;
  /** Gives the pool another name, with its members, sessions, episodes and phantoms. */
  renamePool(name: Label, to: Label): Promise<void>;
  /** Removes the pool with its sessions, episodes and phantoms. */
  removePool(name: Label): Promise<void>;
  /** Inserts or replaces by account and slot (window, family, overage). */
  saveLimits(limits: readonly Limit[]): Promise<void>;
  removeLimits(account: AccountId, slots: readonly string[]): Promise<void>;
  saveCurrent(pool: Label, account: AccountId): Promise<void>;
  saveSession(session: Session): Promise<void>;
  removeSessions(ids: readonly SessionId[]): Promise<void>;
  /** Inserts or replaces, together with the notices about it that are not there yet. */
  saveEpisode(episode: Episode, notices?: readonly Notice[]): Promise<void>;
  /** Inserts those whose id is not there yet. */
  addNotices(notices: readonly Notice[]): Promise<void>;
  /** Removes the episodes that began before a time. */
  removeEpisodes(before: EpochMs): Promise<void>;
  savePhantom(phantom: Phantom): Promise<void>;
  removePhantoms(ids: readonly PhantomId[]): Promise<void>;
}

/** The secrets of accounts. A write is durable when its promise resolves, and rejects when it is not. */
export interface Secrets {
  read(account: AccountId): string | undefined;
  /** Writes a secret in the place of exactly this one; false, and nothing written, when another or none is there. */
  swap(account: AccountId, known: string, secret: string): Promise<boolean>;
}
