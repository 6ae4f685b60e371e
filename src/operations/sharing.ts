import type { AccountId, Label } from '../core/ids.ts';
import type { Pool } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';

/** The pool whose conversations an account's profile shares; null when it keeps its own to itself. */
function sharingPoolOf({ pools }: Pick<OperationContext, 'pools'>, account: AccountId): Label | null {
  const sharing = pools.all().find(({ pool }) => pool.shareSessions && pool.accounts.includes(account));
  return sharing?.pool.name ?? null;
}

/** A conversation of one pool must not reach another through an account that is in both. */
export function refuseSecondSharing(context: OperationContext, pool: Pool): void {
  if (!pool.shareSessions) return;
  const twice = pool.accounts.find((id) => {
    const known = sharingPoolOf(context, id);
    return known !== null && known !== pool.name;
  });
  if (twice === undefined) return;
  const other = sharingPoolOf(context, twice);
  throw new Problem('conflict', `Account ${twice} shares its conversations in pool ${other} already.`, {
    hint: `Stop that first: stint pool set ${other} --no-share-sessions, or leave it out of pool ${pool.name}.`,
  });
}
