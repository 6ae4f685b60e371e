import type { AccountId } from '../core/ids.ts';
import type { Pool } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';

/** The pool whose conversations an account's profile shares. */
export function sharingPool({ pools }: Pick<OperationContext, 'pools'>, account: AccountId): Pool | undefined {
  return pools.all().find(({ pool }) => pool.shareSessions && pool.accounts.includes(account))?.pool;
}

/** Conversations of others must reach an account, and its own must reach others, only when somebody says so. */
export function refuseUnaskedSharing(pool: Pool, account: AccountId): void {
  throw new Problem('conflict', `Pool ${pool.name} shares its conversations, and ${account} would share them too.`, {
    hint: `Allow that with --share-sessions, or stop it first: stint pool set ${pool.name} --no-share-sessions`,
  });
}

/** A conversation of one pool must not reach another through an account that is in both. */
export function refuseSecondSharing(pools: readonly Pool[], pool: Pool): void {
  if (!pool.shareSessions) return;
  for (const account of pool.accounts) {
    const other = pools.find(
      (each) => each.shareSessions && each.name !== pool.name && each.accounts.includes(account),
    );
    if (other === undefined) continue;
    throw new Problem('conflict', `Account ${account} shares its conversations in pool ${other.name} already.`, {
      hint: `Stop that first: stint pool set ${other.name} --no-share-sessions, or leave it out of pool ${pool.name}.`,
    });
  }
}
