import type { Account } from '../account/account.ts';
import type { AccountId } from '../ids.ts';
import type { Limit } from '../limit/limit.ts';
import type { EpochMs } from '../time.ts';
import type { Pool } from './pool.ts';

/** What selection knows of one account. The book keeps these and changes them in place. */
export type Candidate = {
  readonly account: Account;
  readonly limits: ReadonlyMap<string, Limit>;
  /** Requests that were sent and have not ended. */
  readonly inFlight: number;
  /** Rests until then after network errors; 0 when it does not. */
  readonly restUntil: EpochMs;
  /** When it began to take over after a failover; null when it is not ramping up. */
  readonly rampFrom: EpochMs | null;
  /** When the request that probes it after a long cooldown was sent; null when none is out. */
  readonly probeSince: EpochMs | null;
  /** The earliest future reset that a response told; null when unknown. */
  readonly nextReset: EpochMs | null;
  /** The pool's turn at which it served last; 0 for never. */
  readonly servedTurn: number;
  /** When a closed account was last asked whether it is still closed; 0 for never. */
  readonly verifiedAt: EpochMs;
};

export type View = {
  readonly pool: Pool;
  /** The pool's accounts in its order. */
  readonly candidates: readonly Candidate[];
  /** Where `sticky` goes on: moves only when that account takes no request for any model any more. */
  readonly current: AccountId | null;
  /** The session's own account. */
  readonly affinity: AccountId | null;
  /** Whether a request may find out, once an hour, if an account that is closed for long is open after all. */
  readonly probesClosed?: boolean;
};

export type Want = {
  readonly model: string | null;
  /** Accounts on which this request failed. */
  readonly exclude: readonly AccountId[];
  /** How long this request has waited for a ramp, a probe or a place; Infinity asks for any account that is not closed, be it busy. */
  readonly queuedMs: number;
  /** Whether an account can serve such a request at all; absent for one that any account of the pool's mode can. */
  readonly suits?: ((account: Account) => boolean) | undefined;
  /** The one account that has what the request names; absent where any can serve it. */
  readonly only?: AccountId | undefined;
};
