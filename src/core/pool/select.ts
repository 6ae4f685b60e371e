import type { Account } from '../account/account.ts';
import { awaitsProbe, isClosed, isRefusal, limitCovers, type Limit } from '../limit/limit.ts';
import { hourMs, type EpochMs } from '../time.ts';
import { modeOf, suitsMode } from './mode.ts';
import type { Pool } from './pool.ts';
import { preferred } from './prefer.ts';
import type { Selection, Skipped, SkipReason, WaitsFor } from './selection.ts';
import type { Candidate, View, Want } from './view.ts';

const rampStepMs = 250;
const rampEndsAfterMs = 10_000;
const longestRampWaitMs = 2000;
const longestProbeWaitMs = 5000;
/** From then on a request that waits for a place is told of it, or held, like one that waits for a limit. */
const longestPlaceWaitMs = 60_000;
const placeRetryMs = 1000;
const placeUnknownMs = 5000;
const verifiedEveryMs = hourMs;

type Standing =
  | { readonly kind: 'open'; readonly probe: boolean }
  | {
      readonly kind: 'busy';
      readonly reason: 'ramping' | 'probing' | 'full';
      readonly until: EpochMs;
      readonly probe: boolean;
    }
  | { readonly kind: 'limited'; readonly reason: 'closed' | 'overage'; readonly limit: Limit }
  | { readonly kind: 'closed'; readonly reason: SkipReason; readonly until: EpochMs | null };

/**
 * Chooses the account for a request: the session's own while it is open, else by the pool's strategy. An open account
 * that is ramping up or being probed makes the request wait for it a little, then spills to another open one, then
 * goes anyway. One that rests after network errors serves while nobody else is open. Pure: `status` and the gateway ask the same question and get the same answer.
 */
export function select(view: View, asked: Want, now: EpochMs): Selection {
  const want = asked.suits === undefined ? { ...asked, suits: suitsModeOf(view) } : asked;
  const open: Candidate[] = [];
  const busy: Candidate[] = [];
  const full: Candidate[] = [];
  const resting: Candidate[] = [];
  const overage: Candidate[] = [];
  const skipped: Skipped[] = [];
  let earliest: EpochMs | null = null;
  let soonestTurn: EpochMs | null = null;
  let probes: Set<Candidate> | null = null;

  for (const candidate of view.candidates) {
    const standing = standingOf(candidate, view.pool, want, now);
    if (standing.kind === 'open') {
      open.push(candidate);
      if (standing.probe) (probes ??= new Set()).add(candidate);
      continue;
    }
    const told = skip(candidate, standing);
    skipped.push(told);
    if (standing.kind === 'busy') {
      (standing.reason === 'full' ? full : busy).push(candidate);
      if (standing.probe) (probes ??= new Set()).add(candidate);
      soonestTurn = earlier(soonestTurn, standing.until);
    } else if (told.reason === 'resting') {
      resting.push(candidate);
    } else if (told.reason === 'overage' && view.pool.overage === 'last') {
      overage.push(candidate);
    } else if (told.until !== null && told.refusal === undefined) {
      earliest = earlier(earliest, told.until);
    }
  }

  const choice = choose(view, { open, busy, full, resting, overage }, { queuedMs: want.queuedMs, now });
  if (choice !== null && 'account' in choice) {
    const chosen = choice;
    const others = skipped.filter((each) => each.account !== chosen.account.id);
    return { kind: 'use', account: chosen.account.id, probe: probes?.has(chosen) ?? false, skipped: others };
  }
  const doubted = soonestTurn === null ? longestUnverified(view, want, now) : null;
  if (doubted !== null) {
    const others = skipped.filter((each) => each.account !== doubted.account.id);
    return { kind: 'use', account: doubted.account.id, probe: true, skipped: others };
  }
  if (soonestTurn !== null) return { kind: 'wait', until: soonestTurn, queued: true, ...choice, skipped };
  if (earliest !== null) return { kind: 'wait', until: earliest, queued: false, skipped };
  return { kind: 'none', skipped };
}

type Tiers = Readonly<Record<'open' | 'busy' | 'full' | 'resting' | 'overage', readonly Candidate[]>>;

function choose(
  view: View,
  tiers: Tiers,
  at: { queuedMs: number; now: EpochMs },
): Candidate | { readonly waitsFor: WaitsFor } | null {
  const { open, busy, full, resting, overage } = tiers;
  if (busy.length + full.length > 0) {
    // What this request would use if nothing were busy decides whether it has to queue at all.
    const ready = view.candidates.filter((each) => open.includes(each) || busy.includes(each) || full.includes(each));
    const wished = preferred(view, ready, at.now);
    if (open.includes(wished)) return wished;
    if (full.includes(wished)) {
      const others = open.length > 0 ? open : busy;
      if (others.length === 0) return waitFor(wished, longestPlaceWaitMs - at.queuedMs);
      if (at.queuedMs < longestRampWaitMs) return waitFor(wished, longestRampWaitMs - at.queuedMs);
      return preferred(view, others, at.now);
    }
    const probing = wished.probeSince !== null;
    if (probing && open.length > 0) return preferred(view, open, at.now);
    const patienceMs = probing ? longestProbeWaitMs : longestRampWaitMs;
    if (at.queuedMs < patienceMs) return waitFor(wished, patienceMs - at.queuedMs);
    return open.length > 0 ? preferred(view, open, at.now) : wished;
  }
  if (open.length > 0) return preferred(view, open, at.now);
  // Nobody waits for a network: the client retries an honest failure, and cannot retry one inside a held 200.
  if (resting.length > 0) return preferred(view, resting, at.now);
  return overage.length > 0 ? preferred(view, overage, at.now) : null;
}

function waitFor({ account }: Candidate, upToMs: number): { readonly waitsFor: WaitsFor } {
  return { waitsFor: { account: account.id, upToMs } };
}

function suitsModeOf({ candidates }: View): (account: Account) => boolean {
  const mode = modeOf(candidates.map((each) => each.account));
  return (account) => suitsMode(account, mode);
}

/** Says what stands between this account and the request, the most lasting reason first. */
function standingOf(candidate: Candidate, pool: Pool, want: Want, now: EpochMs): Standing {
  const { account } = candidate;
  if (account.standing !== 'enabled') return closed(account.standing);
  if (pool.pinned !== null && pool.pinned !== account.id) return closed('not-pinned');
  if (want.suits?.(account) === false) return closed('unsuitable');
  if (want.only !== undefined && want.only !== account.id) return closed('bound');
  const limits = coveringLimits(candidate, want.model, now);
  if (limits?.closed) return { kind: 'limited', reason: 'closed', limit: limits.closed };
  if (want.exclude.includes(account.id)) return closed('tried');
  if (limits?.overage && pool.overage !== 'allow') {
    return { kind: 'limited', reason: 'overage', limit: limits.overage };
  }
  if (candidate.restUntil > now) return closed('resting', candidate.restUntil);
  const { maxConcurrent } = account;
  if (maxConcurrent !== null && candidate.inFlight >= maxConcurrent && Number.isFinite(want.queuedMs)) {
    if (want.queuedMs >= longestPlaceWaitMs) return closed('full', now + placeUnknownMs);
    return { kind: 'busy', reason: 'full', until: now + placeRetryMs, probe: false };
  }
  return openStanding(candidate, limits?.awaitsProbe ?? false, now);
}

/**
 * Of the accounts that are closed for more than an hour by a limit, the one that was asked longest ago, and not within
 * the hour: a plan may have been upgraded and a reset come early. Null where the view does not want that.
 */
function longestUnverified(view: View, want: Want, now: EpochMs): Candidate | null {
  if (view.probesClosed !== true) return null;
  const doubted = view.candidates.filter((each) => {
    const standing = standingOf(each, view.pool, want, now);
    if (standing.kind !== 'limited' || standing.reason !== 'closed' || isRefusal(standing.limit)) return false;
    if (closedByOperator(each, want.model, now)) return false;
    const { until, observedAt } = standing.limit;
    const askedAt = Math.max(each.verifiedAt, observedAt);
    return until - now > verifiedEveryMs && now - askedAt >= verifiedEveryMs && each.probeSince === null;
  });
  return doubted.toSorted((a, b) => a.verifiedAt - b.verifiedAt)[0] ?? null;
}

/** What an operator has closed is not to be tried. */
function closedByOperator({ limits }: Candidate, model: string | null, now: EpochMs): boolean {
  for (const limit of limits.values())
    if (limit.source === 'operator' && isClosed(limit, now) && limitCovers(limit, model)) return true;
  return false;
}

function openStanding(candidate: Candidate, awaitingProbe: boolean, now: EpochMs): Standing {
  if (awaitingProbe && candidate.probeSince !== null) {
    // A probe may be out for longer than anybody waits for it: a time in the past would make the next request spin.
    const until = Math.max(candidate.probeSince + longestProbeWaitMs, now + rampStepMs);
    return { kind: 'busy', reason: 'probing', until, probe: false };
  }
  const rampUntil = rampFullUntil(candidate, now);
  if (rampUntil !== null) return { kind: 'busy', reason: 'ramping', until: rampUntil, probe: awaitingProbe };
  return { kind: 'open', probe: awaitingProbe };
}

/** When the next request may join a ramping account; null when one may join at once. */
function rampFullUntil(candidate: Candidate, now: EpochMs): EpochMs | null {
  const { rampFrom, inFlight } = candidate;
  if (rampFrom === null || now - rampFrom >= rampEndsAfterMs) return null;
  const allowed = 1 + Math.floor((now - rampFrom) / rampStepMs);
  return inFlight < allowed ? null : rampFrom + allowed * rampStepMs;
}

type Covering = { closed: Limit | null; overage: Limit | null; awaitsProbe: boolean };

/** The longest limits that cover the model; null for the usual account without any. */
function coveringLimits(candidate: Candidate, model: string | null, now: EpochMs): Covering | null {
  if (candidate.limits.size === 0) return null;
  const found: Covering = { closed: null, overage: null, awaitsProbe: false };
  for (const limit of candidate.limits.values()) {
    if (!limitCovers(limit, model)) continue;
    if (!isClosed(limit, now)) {
      if (awaitsProbe(limit, now)) found.awaitsProbe = true;
    } else if (limit.overage) {
      found.overage = longer(found.overage, limit);
    } else {
      found.closed = longer(found.closed, limit);
    }
  }
  return found;
}

function longer(a: Limit | null, b: Limit): Limit {
  return a === null || b.until > a.until ? b : a;
}

function closed(reason: SkipReason, until: EpochMs | null = null): Standing {
  return { kind: 'closed', reason, until };
}

function skip({ account: { id } }: Candidate, standing: Exclude<Standing, { kind: 'open' }>): Skipped {
  const { reason } = standing;
  if (standing.kind !== 'limited') return { account: id, reason, until: standing.until, window: null };
  const { until, window, evidence, source } = standing.limit;
  const skipped = {
    account: id,
    reason,
    until,
    window,
    ...(source === 'estimated' ? { estimated: true as const } : {}),
  };
  return isRefusal(standing.limit) ? { ...skipped, refusal: evidence } : skipped;
}

function earlier(a: EpochMs | null, b: EpochMs): EpochMs {
  return a === null ? b : Math.min(a, b);
}
