import { coversModel } from '../core/limit/family.ts';
import { isClosed } from '../core/limit/limit.ts';
import { select } from '../core/pool/select.ts';
import type { AccountId } from '../core/ids.ts';
import type { EpochMs } from '../core/time.ts';
import type { Episode } from './ports.ts';
import { episodeKey, type BookState, type PoolState } from './state.ts';

/** What happened to an account, for a model (null: for all). */
type Edge = { readonly account: AccountId; readonly model: string | null; readonly now: EpochMs };

/** The episodes that begin when this account closed for a model: of its pools, those that now have nobody open. */
export function episodesBegun(state: BookState, { account, model, now }: Edge): Episode[] {
  return poolsOf(state, account).flatMap((pool) =>
    closedFamilies(pool, model, now)
      .filter((family) => !state.episodes.has(episodeKey(pool.pool.name, family)))
      .map((family) => ({
        id: crypto.randomUUID(),
        pool: pool.pool.name,
        family,
        exhaustedAt: now,
        recoveredAt: null,
        model,
        verifiedBy: null,
        reset: null,
      })),
  );
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
    .map((episode) => ({ ...episode, recoveredAt: now, verifiedBy: 'request' as const }));
}

/**
 * The episodes that end because this account is open by its provider's own word, asked for after they began: by itself
 * it would take a request, which need not find out whether a long cooldown is really over.
 */
export function episodesVerified(
  state: BookState,
  { account, now, sentAt }: Edge & { readonly sentAt: EpochMs },
): Episode[] {
  const pools = new Map(poolsOf(state, account).map((each) => [each.pool.name, each]));
  return [...state.episodes.values()]
    .filter(({ pool: name, family, exhaustedAt }) => {
      const pool = pools.get(name);
      if (pool === undefined || sentAt <= exhaustedAt) return false;
      const own = pool.candidates.filter((each) => each.account.id === account);
      const view = { pool: pool.pool, candidates: own, current: null, affinity: null };
      const selection = select(view, { model: family, exclude: [], queuedMs: 0 }, now);
      return selection.kind === 'use' && !selection.probe;
    })
    .map((episode) => ({ ...episode, recoveredAt: now, verifiedBy: 'usage' as const }));
}

/** Null when the pool is closed for every model, else the families that one account's limits and another's close together. */
function closedFamilies(pool: PoolState, model: string | null, now: EpochMs): (string | null)[] {
  if (!isOpen(pool, null, now)) return [null];
  const limits = pool.candidates.flatMap((each) => [...each.limits.values()]);
  const families = limits.filter((limit) => isClosed(limit, now)).map((limit) => limit.family);
  return [...new Set([...families, model])].filter((family) => family !== null && !isOpen(pool, family, now));
}

function isOpen(pool: PoolState, model: string | null, now: EpochMs): boolean {
  const view = { pool: pool.pool, candidates: pool.candidates, current: pool.current, affinity: null };
  const selection = select(view, { model, exclude: [], queuedMs: 0 }, now);
  return selection.kind === 'use' || (selection.kind === 'wait' && selection.queued);
}

function poolsOf(state: BookState, account: AccountId): PoolState[] {
  return [...state.pools.values()].filter((each) => each.pool.accounts.includes(account));
}
