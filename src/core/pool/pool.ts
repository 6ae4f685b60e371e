import type { AccountId, Label, ProviderId } from '../ids.ts';

export const strategies = ['sticky', 'round-robin', 'priority', 'soonest-reset'] as const;
/**
 * How a pool chooses among its open accounts:
 *
 * - `sticky`: the account that served last, until it closes; then the next in order.
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
};
