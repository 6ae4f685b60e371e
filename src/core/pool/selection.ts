import type { AccountId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/**
 * Why an account was not chosen. `until` is when that reason ends by itself, where it does.
 *
 * - `closed`: a limit that covers the model; see `isRefusal` for one that waiting does not mend.
 * - `overage`: served only for extra money, which the pool forbids or keeps for last.
 * - `disabled`, `needs-login`: see Account.
 * - `not-pinned`: the pool is pinned to another account.
 * - `unsuitable`: its credential cannot serve such a request.
 * - `bound`: what the request names exists at another account.
 * - `tried`: this request failed there already.
 * - `resting`: three network errors in a row, and another account is open.
 * - `probing`: a long cooldown has ended and another request is finding out whether it is really over.
 * - `full`: as many requests in flight as its cap allows.
 * - `ramping`: freshly chosen after a failover, and as many requests in flight as it may have yet.
 */
export type SkipReason =
  | 'closed'
  | 'overage'
  | 'disabled'
  | 'needs-login'
  | 'not-pinned'
  | 'unsuitable'
  | 'bound'
  | 'tried'
  | 'resting'
  | 'probing'
  | 'full'
  | 'ramping';

export type Skipped = {
  readonly account: AccountId;
  readonly reason: SkipReason;
  readonly until: EpochMs | null;
  /** The window of the limit that closes it the longest; null for other reasons. */
  readonly window: string | null;
  /** What the provider said, where the limit is a refusal: `until` is then when it is tried again, and nobody waits for it. */
  readonly refusal?: string;
  /** Nobody told `until`. */
  readonly estimated?: true;
};

/** Whom a queued request waits for, and for how much longer it does: then it goes elsewhere, or is told of it. */
export type WaitsFor = { readonly account: AccountId; readonly upToMs: number };

/**
 * Whom a request goes to:
 *
 * - `use`: this account. `probe` marks the first request after a long cooldown.
 * - `wait`: nobody yet; `until` is the earliest time at which that may change. `queued` is true when an account is
 *   open and only busy ramping up, being probed or full, a matter of seconds.
 * - `none`: nobody, and no time at which that changes by itself, but for a refused account that may be tried again.
 */
export type Selection =
  | { readonly kind: 'use'; readonly account: AccountId; readonly probe: boolean; readonly skipped: readonly Skipped[] }
  | {
      readonly kind: 'wait';
      readonly until: EpochMs;
      readonly queued: boolean;
      readonly waitsFor?: WaitsFor;
      readonly skipped: readonly Skipped[];
    }
  | { readonly kind: 'none'; readonly skipped: readonly Skipped[] };
