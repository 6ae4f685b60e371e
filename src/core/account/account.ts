import type { AccountId, Label, ProviderId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/**
 * One credential at one provider. `standing` is what people or the provider decided about the account as a whole;
 * what its limits say is never stored here.
 *
 * - `enabled`: takes work.
 * - `disabled`: the operator took it out of service.
 * - `needs-login`: the provider refused its credential; a new secret makes it `enabled`.
 */
export type Account = {
  readonly id: AccountId;
  readonly provider: ProviderId;
  readonly label: Label;
  /** The form of the credential as its provider names it: `api-key`, `setup-token`, a name that ends in `login` for one that is renewed; `profile` for a login directory. */
  readonly credential: string;
  /** Origin and path prefix of a compatible vendor; null for the provider's own. */
  readonly baseUrl: string | null;
  /** The login directory of a profile-mode account, which the genuine CLI uses and the gateway does not; else null. */
  readonly profile: string | null;
  /** Accounts of one provider that name the same project share its quota: a limit of one is a limit of all. */
  readonly project: string | null;
  /** Requests that may be in flight at once; null for no bound. */
  readonly maxConcurrent: number | null;
  readonly standing: 'enabled' | 'disabled' | 'needs-login';
  /** Why the account needs a login, in the provider's words; null otherwise. */
  readonly standingReason: string | null;
  readonly addedAt: EpochMs;
};

/** The credential kind of an account that is used by its own CLI only. */
export const profileCredential = 'profile';
