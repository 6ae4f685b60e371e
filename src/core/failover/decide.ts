import type { AccountId } from '../ids.ts';
import type { Selection } from '../pool/selection.ts';
import type { EpochMs } from '../time.ts';
import type { Fault, Outcome } from './outcome.ts';

/** What one request has behind it when a try has ended. */
export type Tries = {
  /** Accounts in the pool. */
  readonly accounts: number;
  /** Upstream sends in all since the request arrived or its last hold ended. */
  readonly sends: number;
  /** Of these, sends on the account that has just answered. */
  readonly sendsOnAccount: number;
  /** Moves to another account that `overload` or `network` caused. */
  readonly hops: number;
  /** An earlier try failed only because the provider had no capacity, and its account is still open. */
  readonly passing: boolean;
  /** What failed on this account has been mended since: a renewed credential, foreign reasoning left out. */
  readonly mended: boolean;
  /** The account's login could not be renewed: the same credential would be refused again. */
  readonly unrenewed: boolean;
  /** Another account refused the request in the same words before. */
  readonly repeated: boolean;
  /** Wall-clock time up to which this request may be held; its arrival time when it may not. */
  readonly holdUntil: EpochMs;
  /** Random number in [0, 1), which spreads retries. */
  readonly jitter: number;
};

/**
 * What happens to the request next:
 *
 * - `deliver`: the client gets this answer as it is; `passing` means that of the earlier try in `Tries.passing`.
 * - `retry-same`: send again on the same account after a pause.
 * - `next-account`: send on the account that selection named.
 * - `queue`: an account is open and busy ramping up or being probed: ask selection again at `until`.
 * - `hold`: wait inside the open request until an account opens, then ask selection again.
 * - `give-up`: answer for the pool: `exhausted` with the time at which it opens, or `needs-login`.
 * - `drop`: the client is gone.
 */
export type Step =
  | { readonly kind: 'deliver'; readonly answer: 'last' | 'passing'; readonly reason: string }
  | { readonly kind: 'retry-same'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'next-account'; readonly account: AccountId; readonly probe: boolean; readonly reason: string }
  | { readonly kind: 'queue'; readonly until: EpochMs; readonly reason: string }
  | { readonly kind: 'hold'; readonly until: EpochMs; readonly reason: string }
  | {
      readonly kind: 'give-up';
      readonly why: 'exhausted' | 'needs-login';
      readonly until: EpochMs | null;
      readonly reason: string;
    }
  | { readonly kind: 'drop'; readonly reason: string };

const sendsPerAccount = 2;
const retryPauseMs = 500;

/**
 * Decides what follows a try that brought no content to the client. `next` is what selection says after the outcome's
 * signals were observed and the account was excluded, so that this knows whether there is anywhere to go.
 */
export function decide(tries: Tries, outcome: Outcome, next: Selection, now: EpochMs): Step {
  return preferPassing(tries, stepAfter(tries, outcome, next, now));
}

/** Decides what a request does that has not been sent yet, or whose hold or queue has ended. */
export function decideFirst(next: Selection, tries: Pick<Tries, 'holdUntil' | 'passing'>, now: EpochMs): Step {
  if (next.kind === 'use') return use(next, 'selected');
  return preferPassing(tries, waitOrGiveUp(next, tries.holdUntil, now));
}

/** An account that only had no capacity is open: the pool is not closed, and the client soon asks again. */
function preferPassing({ passing }: Pick<Tries, 'passing'>, step: Step): Step {
  if (!passing || (step.kind !== 'hold' && step.kind !== 'give-up')) return step;
  return { kind: 'deliver', answer: 'passing', reason: 'every other account is closed' };
}

function stepAfter(tries: Tries, outcome: Outcome, next: Selection, now: EpochMs): Step {
  if (outcome.kind === 'aborted') return { kind: 'drop', reason: 'the client went away' };
  if (outcome.kind === 'served') return deliver('the answer is good');
  if (outcome.fault === 'request') return deliver('the request itself is refused, on every account');
  if (tries.repeated) return deliver('a second account refused it in the same words');
  if (tries.mended && !isSpent(tries) && tries.sendsOnAccount < sendsPerAccount) {
    return { kind: 'retry-same', delayMs: 0, reason: `${outcome.fault}: mended` };
  }
  if (outcome.fault === 'foreign') return deliver('the request holds what no account here can read');
  if (!isSpent(tries) && mayRetrySame(tries, outcome.fault)) {
    // Half to one and a half of the pause: a herd must not come back as one.
    return {
      kind: 'retry-same',
      delayMs: retryPauseMs * (0.5 + tries.jitter),
      reason: `${outcome.fault}: once more on the same account`,
    };
  }
  if (outcome.fault === 'scoped') return deliver('a 429 that names no limit is not the account’s fault');
  if (isHopFault(outcome.fault) && tries.hops >= 1) return deliver(`${outcome.fault} on a second account too`);
  return moveOn(tries, outcome.fault, next, now);
}

function moveOn(tries: Tries, fault: Fault, next: Selection, now: EpochMs): Step {
  const goesOn = next.kind === 'use' || (next.kind === 'wait' && next.queued);
  if (goesOn && isSpent(tries)) return isLimit(fault) ? exhausted(now) : deliver('the request was sent often enough');
  if (next.kind === 'use') return use(next, `${fault}: next account`);
  if (next.kind === 'wait' && next.queued)
    return { kind: 'queue', until: next.until, reason: `${fault}: the next account is busy` };
  // Of a limit or a login the pool has something truer to say than the provider's answer.
  if (fault === 'window' || fault === 'throttle' || fault === 'auth') return waitOrGiveUp(next, tries.holdUntil, now);
  if (fault === 'billing' || fault === 'entitlement') {
    const step = waitOrGiveUp(next, tries.holdUntil, now);
    return step.kind === 'hold' ? step : deliver(`${fault}, and no other account opens in time`);
  }
  return deliver(`${fault}, and no other account is open`);
}

/** What the provider says of one account's limit must not send the client to sleep while another is open. */
function isLimit(fault: Fault): boolean {
  return fault === 'window' || fault === 'throttle';
}

function waitOrGiveUp(next: Exclude<Selection, { kind: 'use' }>, holdUntil: EpochMs, now: EpochMs): Step {
  if (next.kind === 'none') return onlyLoginsMissing(next) ? needsLogin : exhausted(null);
  if (next.queued) return { kind: 'queue', until: next.until, reason: 'the account is busy' };
  const within = next.until <= holdUntil && holdUntil > now;
  return within
    ? { kind: 'hold', until: next.until, reason: 'every account is closed, one opens soon' }
    : exhausted(next.until);
}

/** True when the request has had all the sends it may have before a hold gives it new ones. */
function isSpent(tries: Tries): boolean {
  return tries.sends >= tries.accounts + 2;
}

function mayRetrySame(tries: Tries, fault: Fault): boolean {
  const retried = fault === 'overload' || fault === 'network' || fault === 'scoped';
  // The account after a hop gets one send: the provider as a whole is in trouble, and more sends make it worse.
  return retried && !tries.unrenewed && tries.hops === 0 && tries.sendsOnAccount < sendsPerAccount;
}

export function isHopFault(fault: Fault): boolean {
  return fault === 'overload' || fault === 'network';
}

/** True when a login is what every account lacks, of those that could serve. A disabled one may lack none. */
function onlyLoginsMissing(next: Selection): boolean {
  const left = next.skipped.filter((each) => each.reason !== 'not-pinned' && each.reason !== 'unsuitable');
  return left.length > 0 && left.every((each) => each.reason === 'needs-login');
}

function use(next: Extract<Selection, { kind: 'use' }>, reason: string): Step {
  return { kind: 'next-account', account: next.account, probe: next.probe, reason };
}

function deliver(reason: string): Step {
  return { kind: 'deliver', answer: 'last', reason };
}

function exhausted(until: EpochMs | null): Step {
  return { kind: 'give-up', why: 'exhausted', until, reason: 'every account is closed' };
}

const needsLogin: Step = { kind: 'give-up', why: 'needs-login', until: null, reason: 'no account is logged in' };
