import type { AccountId } from '../core/ids.ts';
import { coversModel } from '../core/limit/family.ts';
import { isClosed, limitCovers, type Limit } from '../core/limit/limit.ts';
import type { Signal } from '../core/limit/signal.ts';
import { select } from '../core/pool/select.ts';
import type { Selection, SkipReason } from '../core/pool/selection.ts';
import type { EpochMs } from '../core/time.ts';
import type { Episode } from './ports.ts';
import { episodesOf, type BookState, type PoolState } from './state.ts';

export type PoolView = Pick<PoolState, 'pool' | 'candidates' | 'current'>;

/**
 * Where an episode stands:
 *
 * - `normal`: there is none.
 * - `exhausted`: nobody takes a request for its models. `nextTryAt` is when somebody may again, null where that is up to people.
 * - `retrying`: somebody would take a request, and nothing has shown yet that it is served.
 * - `recovered`: something has.
 */
export type EpisodeNow = {
  readonly state: 'normal' | 'exhausted' | 'retrying' | 'recovered';
  readonly nextTryAt: EpochMs | null;
};

/** Says where an episode stands, by what selection says of its pool at this moment. Pure. */
export function episodeStateNow(pool: PoolView, episode: Episode | null | undefined, now: EpochMs): EpisodeNow {
  if (episode === null || episode === undefined) return { state: 'normal', nextTryAt: null };
  if (episode.recoveredAt !== null) return { state: 'recovered', nextTryAt: null };
  const selection = selectionOf(pool, episode.family, now);
  if (isOpenFor(selection)) return { state: 'retrying', nextTryAt: null };
  const times = selection.skipped.flatMap(({ until }) => (until !== null && until > now ? [until] : []));
  return { state: 'exhausted', nextTryAt: times.length === 0 ? null : Math.min(...times) };
}

/** An episode that begins, and those for narrower families that are part of it from then on. */
export type Begun = {
  readonly episode: Episode;
  /** It is the first of these, grown: the same matter for whoever was told of that. */
  readonly widened: boolean;
  readonly absorbed: readonly Episode[];
};

/**
 * The episodes of a pool that begin: for each model family that nobody serves and of which no open episode speaks, be it
 * one for more than this family. One event is one episode: of families that it closes, those within another do not count.
 */
export function episodesBegun(
  state: BookState,
  pool: PoolState,
  { model, now }: { readonly model: string | null; readonly now: EpochMs },
): Begun[] {
  const closed = closedFamilies(pool, model, now);
  if (closed.length === 0) return [];
  const open = episodesOf(state, pool.pool.name);
  return closed
    .filter((family) => !closed.some((other) => other !== family && coversModel(other, family)))
    .filter((family) => !open.some((each) => coversModel(each.family, family)))
    .map((family) => {
      const absorbed = open.filter((each) => coversModel(family, each.family));
      const [first] = absorbed;
      const episode: Episode = {
        id: first?.id ?? crypto.randomUUID(),
        pool: pool.pool.name,
        family,
        exhaustedAt: now,
        recoveredAt: null,
        model: coversModel(family, model) ? model : null,
        verifiedBy: null,
        reset: null,
      };
      return { episode, widened: first !== undefined, absorbed };
    });
}

/** What was heard of an account that works: from an answer to a request for a model, or to our own question. */
export type Served = {
  readonly account: AccountId;
  readonly model: string | null;
  readonly sentAt: EpochMs;
  readonly now: EpochMs;
  readonly by?: 'probe';
};

/**
 * The episodes that end because a request for this model was really served; a deadline that passed proves nothing, nor
 * does an answer to a request of before the episode, nor one that was served for extra money which the pool forbids.
 */
export function episodesEnded(state: BookState, { account, model, now, sentAt, by }: Served): Episode[] {
  if (state.episodes.size === 0) return [];
  return endedOf(state, { account, verifiedBy: by ?? 'request', now }, (episode, pool) => {
    if (sentAt <= begunAt(episode, now) || !coversModel(episode.family, model)) return false;
    return isOpenFor(selectionOf(pool, episode.family, now));
  });
}

/**
 * The episodes that end because this account is open by its provider's own word, asked for after they began: by itself
 * it would take a request, no limit of the episode has merely run out, and nothing of what was `told` closes it.
 */
export function episodesVerified(
  state: BookState,
  { account, now, sentAt, told }: Omit<Served, 'model' | 'by'> & { readonly told: readonly Signal[] },
): Episode[] {
  return endedOf(state, { account, verifiedBy: 'usage', now }, (episode, pool) => {
    const { family } = episode;
    const from = begunAt(episode, now);
    if (sentAt <= from) return false;
    if (told.some((each) => each.kind === 'closed' && !each.overage && coversModel(each.family, family))) return false;
    const own = pool.candidates.filter((each) => each.account.id === account);
    if (own.some(({ limits }) => hasLapsed(limits, { family, from, to: now }))) return false;
    const selection = selectionOf({ ...pool, candidates: own }, family, now);
    return selection.kind === 'use' && !selection.probe;
  });
}

/** When it began, as far as the clock is to be trusted: one that was set back since puts nothing before it. */
function begunAt({ exhaustedAt }: Episode, now: EpochMs): EpochMs {
  return exhaustedAt > now ? 0 : exhaustedAt;
}

/**
 * A limit of which nobody has said that it is over: an endpoint that knows of plans says nothing of missing money. The
 * end of what an operator has closed is his word.
 */
function hasLapsed(
  limits: ReadonlyMap<string, Limit>,
  { family, from, to }: { readonly family: string | null; readonly from: EpochMs; readonly to: EpochMs },
): boolean {
  for (const limit of limits.values())
    if (limit.until > from && limit.until <= to && isDoubted(limit) && limitCovers(limit, family)) return true;
  return false;
}

function isDoubted({ overage, source }: Limit): boolean {
  return !overage && source !== 'operator';
}

/**
 * The episodes of an account's pools that are over by the word of the operator who began them: somebody is open again,
 * and nothing but what people set has closed anybody since.
 */
export function episodesOpened(state: BookState, account: AccountId, now: EpochMs): Episode[] {
  return [...state.episodes.values()].flatMap((episode) => {
    const pool = state.pools.get(episode.pool);
    if (pool === undefined || !pool.pool.accounts.includes(account)) return [];
    if (!isOpenFor(selectionOf(pool, episode.family, now)) || !isByHand(pool, episode)) return [];
    return [{ ...episode, recoveredAt: now }];
  });
}

/** A cleared limit keeps its source. */
function isByHand({ candidates }: PoolState, { family, exhaustedAt }: Episode): boolean {
  return candidates.every(({ account, limits }) => {
    if (account.standing === 'needs-login') return false;
    return [...limits.values()].every(
      (limit) =>
        limit.source === 'operator' ||
        !limitCovers(limit, family) ||
        Math.max(limit.until, limit.observedAt) < exhaustedAt,
    );
  });
}

type Proof = { readonly account: AccountId; readonly verifiedBy: Episode['verifiedBy']; readonly now: EpochMs };

function endedOf(
  state: BookState,
  { account, verifiedBy, now }: Proof,
  isOver: (episode: Episode, pool: PoolState) => boolean,
): Episode[] {
  return [...state.episodes.values()].flatMap((episode) => {
    const pool = state.pools.get(episode.pool);
    if (pool === undefined || !pool.pool.accounts.includes(account) || !isOver(episode, pool)) return [];
    const { authResetTarget: target } = pool.pool;
    const reset = target === '' ? null : ({ state: 'due', target, at: now, ranAt: null, detail: null } as const);
    return [{ ...episode, recoveredAt: now, verifiedBy, reset }];
  });
}

/** Null when the pool is closed for every model, else the families that one account's limits and another's close together. */
function closedFamilies(pool: PoolState, model: string | null, now: EpochMs): (string | null)[] {
  if (isExhausted(pool, null, now)) return [null];
  const limits = pool.candidates.flatMap((each) => [...each.limits.values()]);
  const families = limits.filter((limit) => isClosed(limit, now)).map((limit) => limit.family);
  return [...new Set([...families, model])].filter((family) => family !== null && isExhausted(pool, family, now));
}

/** What is no person's decision: a pool whose accounts are all switched off is not exhausted. */
const exhausting: readonly SkipReason[] = ['closed', 'overage', 'needs-login'];

function isExhausted(pool: PoolView, family: string | null, now: EpochMs): boolean {
  const selection = selectionOf(pool, family, now);
  return !isOpenFor(selection) && selection.skipped.some(({ reason }) => exhausting.includes(reason));
}

function isOpenFor(selection: Selection): boolean {
  return selection.kind === 'use' || (selection.kind === 'wait' && selection.queued);
}

/** Whom a request for this model would go to that belongs to no session. */
export function selectionOf({ pool, candidates, current }: PoolView, model: string | null, now: EpochMs): Selection {
  return select({ pool, candidates, current, affinity: null }, { model, exclude: [], queuedMs: 0 }, now);
}
