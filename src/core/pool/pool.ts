import type { AccountId, Label, ProviderId } from '../ids.ts';

export const strategies = ['sticky', 'round-robin', 'priority', 'soonest-reset'] as const;
/**
 * How a pool chooses among its open accounts:
 *
 * - `sticky`: one account, until it takes no request for any model any more; then the next in order. A request for a
 *   model for which only that account is closed goes to the next, and moves nobody else.
 * - `round-robin`: the one that served least recently.
 * - `priority`: the first open one in the pool's order.
 * - `soonest-reset`: the one whose window resets first, so that what expires first is spent first.
 */
export type Strategy = (typeof strategies)[number];

export const overagePolicies = ['forbid', 'allow', 'last'] as const;
/**
 * What a pool does with an account whose plan is used up while the provider goes on serving it for extra money:
 * `forbid` closes it, `allow` ignores the difference, `last` uses it only when every other account is closed.
 */
export type OveragePolicy = (typeof overagePolicies)[number];

/** An ordered set of accounts of one provider and how to choose among them. */
export type Pool = {
  readonly name: Label;
  readonly provider: ProviderId;
  /** In the order of preference. The default pool of a provider holds all its accounts as they were added. */
  readonly accounts: readonly AccountId[];
  readonly strategy: Strategy;
  readonly overage: OveragePolicy;
  /** The account that `stint pool use` fixed: then no other serves this pool. */
  readonly pinned: AccountId | null;
  /** Whether the profiles of its accounts share their transcripts, so that any of them can resume any session. */
  readonly shareSessions: boolean;
  /** How long a request of this pool may be held, in milliseconds; null for what its phantom says. */
  readonly holdMs: number | null;
  /** Whether one cheap request may find out that an exhausted pool has recovered, where nothing else can. */
  readonly probe: boolean;
  /** What the reset command of the agent is given when this pool has recovered; empty where nothing is run. */
  readonly authResetTarget: string;
};

/** What a pool is where nobody has said otherwise. */
export const poolDefaults = {
  strategy: 'sticky',
  overage: 'forbid',
  pinned: null,
  shareSessions: false,
  holdMs: null,
  probe: false,
  authResetTarget: '',
} as const satisfies Partial<Pool>;

/** The name of a provider's default pool, which holds all its accounts as they were added. */
export function defaultPoolOf(provider: ProviderId): Label {
  return provider as string as Label;
}
