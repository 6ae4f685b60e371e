import { coversModel } from '../core/limit/family.ts';
import { select } from '../core/pool/select.ts';
import type { AccountId } from '../core/ids.ts';
import type { EpochMs } from '../core/time.ts';
import type { Episode } from './ports.ts';
import { episodeKey, type BookState, type PoolState } from './state.ts';

/** What happened to an account, for a model (null: for all). */
type Edge = { readonly account: AccountId; readonly model: string | null; readonly now: EpochMs };

/** The episodes that begin when this account closed for a model: of its pools, those that now have nobody open. */
export function episodesBegun(state: BookState, { account, model, now }: Edge): Episode[] {
  const begun: Episode[] = [];
  for (const pool of poolsOf(state, account)) {
    const family = closedFamily(pool, model, now);
    if (family === undefined || state.episodes.has(episodeKey(pool.pool.name, family))) continue;
    begun.push({ id: crypto.randomUUID(), pool: pool.pool.name, family, exhaustedAt: now, recoveredAt: null });
  }
  return begun;
}

/**
 * The episodes that end because a request for this model was really served; a deadline that passed proves nothing, nor
 * does an answer to a request of before the episode, nor one that was served for extra money which the pool forbids.
 */
export function episodesEnded(
  state: BookState,
  { account, model, now, sentAt }: Edge & { readonly sentAt: EpochMs },
): Episode[] {
  if (state.episodes.size === 0) return [];
  const pools = new Map(poolsOf(state, account).map((each) => [each.pool.name, each]));
  return [...state.episodes.values()]
    .filter(({ pool: name, family, exhaustedAt }) => {
      const pool = pools.get(name);
      if (pool === undefined || sentAt <= exhaustedAt || !coversModel(family, model)) return false;
      return isOpen(pool, family, now);
    })
    .map((episode) => ({ ...episode, recoveredAt: now }));
}

/** Null when the pool is closed for every model, the model when only that is, undefined when somebody is open. */
function closedFamily(pool: PoolState, model: string | null, now: EpochMs): string | null | undefined {
  if (isOpen(pool, null, now)) return model === null || isOpen(pool, model, now) ? undefined : model;
  return null;
}

function isOpen(pool: PoolState, model: string | null, now: EpochMs): boolean {
  const view = { pool: pool.pool, candidates: pool.candidates, current: pool.current, affinity: null };
  const selection = select(view, { model, exclude: [], queuedMs: 0 }, now);
  return selection.kind === 'use' || (selection.kind === 'wait' && selection.queued);
}

function poolsOf(state: BookState, account: AccountId): PoolState[] {
  return [...state.pools.values()].filter((each) => each.pool.accounts.includes(account));
}
