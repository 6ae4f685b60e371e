/**
 * What a failed try was, by what it asks us to do:
 *
 * - `window`: a quota is used up until its reset.
 * - `throttle`: a per-minute limit.
 * - `overload`: the provider has no capacity; nobody's account is at fault.
 * - `billing`: money is missing.
 * - `auth`: the credential is refused.
 * - `entitlement`: this account may not use this model or feature.
 * - `scoped`: a bare 429 that names no limit; not the account's fault.
 * - `foreign`: the request holds reasoning that only the account which made it can read.
 * - `request`: the request itself is wrong, on every account.
 * - `network`: no usable answer arrived.
 */
export const faults = [
  'window',
  'throttle',
  'overload',
  'billing',
  'auth',
  'entitlement',
  'scoped',
  'foreign',
  'request',
  'network',
] as const;
export type Fault = (typeof faults)[number];

/**
 * What became of one try, before any content has reached the client:
 *
 * - `served`: the answer is good and goes to the client.
 * - `failed`: the answer, if there is one, is an error.
 * - `aborted`: the client went away.
 *
 * `ofAccount` marks an entitlement that the provider's words tie to the account's plan: that a second account has no
 * better plan says nothing about a third.
 */
export type Outcome =
  | { readonly kind: 'served' }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly detail: string; readonly ofAccount?: true }
  | { readonly kind: 'aborted' };
