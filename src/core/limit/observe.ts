import type { AccountId } from '../ids.ts';
import { dayMs, minuteMs, secondMs, type EpochMs } from '../time.ts';
import { clearLimit, isClosed, mergeLimits, type Limit } from './limit.ts';
import type { Signal } from './signal.ts';

const shortestMs = 10 * secondMs;
/** No limit is longer, nor may one be that an operator sets. */
export const longestLimitMs = 35 * dayMs;
const firstEstimateMs = minuteMs;
const longestEstimateMs = 30 * minuteMs;

type Closed = Extract<Signal, { kind: 'closed' }>;

/**
 * The limit after a `closed` signal. A time from the provider is clamped to [10 s, 35 days]; without one the window
 * rests 60 s, doubling per repeat up to 30 minutes. Returns `known` itself when nothing changes.
 */
export function observeClosed(account: AccountId, known: Limit | undefined, signal: Closed, now: EpochMs): Limit {
  const stillClosed = known !== undefined && isClosed(known, now);
  const repeats = signal.until === null ? (stillClosed ? known.repeats : (known?.repeats ?? 0) + 1) : 0;
  const seen: Limit = {
    account,
    window: signal.window,
    family: signal.family,
    overage: signal.overage,
    // An outlived time from the provider would otherwise outrank a fresh estimate.
    version: known === undefined ? 1 : stillClosed ? known.version : known.version + 1,
    source: signal.until === null ? 'estimated' : 'provider',
    until: now + cooldownMs(signal.until, repeats, now),
    observedAt: now,
    repeats,
    evidence: signal.evidence,
  };
  if (known === undefined) return seen;
  // A herd reports one reset many times, rounded to seconds: that is the same fact.
  if (stillClosed && known.source === seen.source && Math.abs(known.until - seen.until) < secondMs) return known;
  return mergeLimits(known, seen);
}

type ByHand = Pick<Limit, 'account' | 'window' | 'family' | 'until' | 'evidence'>;

/** The limit that an operator sets: the last word about its slot until its time, be that sooner than what was known. */
export function closeByHand(wanted: ByHand, known: Limit | undefined, now: EpochMs): Limit {
  return {
    ...wanted,
    overage: false,
    version: (known?.version ?? 0) + 1,
    source: 'operator',
    observedAt: now,
    repeats: 0,
  };
}

/**
 * The limit after word that its window is open, from a request sent at `sentAt`. Returns `known` when nothing changes:
 * what an operator has closed, no answer opens before its time.
 */
export function observeOpen(known: Limit, sentAt: EpochMs, now: EpochMs): Limit {
  if (known.until === 0 && known.repeats === 0) return known;
  if (known.source === 'operator' && isClosed(known, now)) return known;
  return sentAt > known.observedAt ? clearLimit(known, now) : known;
}

function cooldownMs(until: EpochMs | null, repeats: number, now: EpochMs): number {
  if (until === null) return Math.min(firstEstimateMs * 2 ** (repeats - 1), longestEstimateMs);
  return Math.min(Math.max(until - now, shortestMs), longestLimitMs);
}
