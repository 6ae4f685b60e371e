import type { AccountId } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import { coversModel } from './family.ts';

/** Where a deadline comes from, weakest first: a guess, the provider's own words, a person's. */
export const limitSources = ['estimated', 'provider', 'operator'] as const;
export type LimitSource = (typeof limitSources)[number];

/**
 * An observed fact: the account is closed in this window, for this model family or for all models, until a time.
 *
 * One slot (account, window, family, overage) holds one limit. Copies of a slot merge by `mergeLimits`; `version` is
 * raised by a clear, by an operator, and by the first observation after a deadline has passed, and by nothing else. Within
 * a version the source never weakens, and the deadline of one source never shrinks; a stronger source replaces it by an
 * earlier one too.
 */
export type Limit = {
  readonly account: AccountId;
  /** As the provider names it: `five_hour`, `seven_day_opus`, `requests`, `credits`. */
  readonly window: string;
  /** The model family that is closed; null for all models. */
  readonly family: string | null;
  /** The provider goes on serving, for extra money: whether this closes the account is the pool's policy. */
  readonly overage: boolean;
  readonly version: number;
  readonly source: LimitSource;
  /** Closed until then; 0 when cleared. */
  readonly until: EpochMs;
  readonly observedAt: EpochMs;
  /** How often in a row this window was hit without a reset time from the provider. */
  readonly repeats: number;
  /** What the provider said, short and without a secret. */
  readonly evidence: string;
};

/** The key of a limit's slot within its account. */
export function slotOf(limit: Pick<Limit, 'window' | 'family' | 'overage'>): string {
  return `${limit.window}|${limit.family ?? '*'}|${limit.overage ? 'overage' : 'closed'}`;
}

/**
 * Joins two copies of one slot: the higher version wins; within a version the stronger source, then the later
 * deadline. A total order, so that merging commutes, is idempotent, and needs no lock between nodes.
 */
export function mergeLimits(a: Limit, b: Limit): Limit {
  return compareLimits(a, b) >= 0 ? a : b;
}

function compareLimits(a: Limit, b: Limit): number {
  return (
    a.version - b.version ||
    limitSources.indexOf(a.source) - limitSources.indexOf(b.source) ||
    a.until - b.until ||
    a.observedAt - b.observedAt ||
    a.repeats - b.repeats ||
    (a.evidence < b.evidence ? -1 : Number(a.evidence > b.evidence))
  );
}

/** Opens a slot: everything that was observed of it up to now is void. */
export function clearLimit(limit: Limit, now: EpochMs): Limit {
  return { ...limit, version: limit.version + 1, until: 0, observedAt: now, repeats: 0, evidence: 'cleared' };
}

export function isClosed(limit: Limit, now: EpochMs): boolean {
  return limit.until > now;
}

/** The account has no money, or may not do what was asked: what an adapter closes until somebody mends that. */
export const creditsWindow = 'credits';
export const entitlementWindow = 'entitlement';
/** What an operator closes who names no window of the provider's. */
export const operatorWindow = 'operator';

/**
 * True for a limit that waiting does not mend: its deadline is only when the account is tried again. A time from the
 * provider (`You will regain access on …`) makes it a limit like any other.
 */
export function isRefusal(limit: Pick<Limit, 'window' | 'source'>): boolean {
  return limit.source === 'estimated' && (limit.window === creditsWindow || limit.window === entitlementWindow);
}

/** From this length on a cooldown ends half-open: the first request after it is the probe. */
const probedCooldownMs = 10 * 60_000;

/** True for a long cooldown that has run out without a word from the provider that the window is open again. */
export function awaitsProbe(limit: Limit, now: EpochMs): boolean {
  return limit.until > 0 && limit.until <= now && limit.until - limit.observedAt >= probedCooldownMs;
}

export function limitCovers(limit: Limit, model: string | null): boolean {
  return coversModel(limit.family, model);
}
