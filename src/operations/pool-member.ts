import { z } from 'zod';
import type { AccountId } from '../core/ids.ts';
import type { Pool } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import { nameNow } from './about.ts';
import type { OperationContext } from './context.ts';
import { operation } from './operation.ts';
import { requireMembers, saveMembers } from './pool.ts';
import { isDefaultPool, requireAccount, requirePool } from './require.ts';
import { poolShape } from './shape.ts';
import { viewPool } from './view.ts';

const pool = z.string().describe('Pool');
const account = z.string().describe('Account that is in the pool');
const shareSessions = z
  .boolean()
  .default(false)
  .describe('Let a profile have the conversations of a pool that shares them, and give it its own');

export const poolAdd = operation({
  name: 'pool.add',
  summary: 'Add accounts to a pool, after those that it has',
  effect: 'write',
  positional: ['pool', 'accounts'],
  input: z.object({ pool, accounts: z.array(z.string()).describe('Accounts that come in'), shareSessions }),
  output: poolShape,
  async run(input, context) {
    const known = requirePool(context, input.pool).pool;
    const { accounts, provider } = requireMembers(context, input.accounts);
    refuseOtherProvider(known, provider);
    // The default pool has them all already, which is what was wanted.
    const wanted = { ...known, accounts: [...new Set([...known.accounts, ...accounts])] };
    await saveMembers(context, [{ known, wanted, shareSessions: input.shareSessions }]);
    return viewPool(context, requirePool(context, known.name), null);
  },
});

export const poolDrop = operation({
  name: 'pool.drop',
  summary: 'Take an account out of a pool; the account stays',
  effect: 'write',
  positional: ['pool', 'account'],
  input: z.object({ pool, account }),
  output: poolShape,
  async run(input, context) {
    const known = requirePool(context, input.pool).pool;
    const wanted = without(known, requireMember(context, known, input.account));
    if (wanted.accounts.length === 0)
      throw new Problem('conflict', `${known.accounts.join(', ')} is the only account of pool ${known.name}.`, {
        hint: `Add another first, or remove the pool: stint pool remove ${known.name}`,
      });
    await saveMembers(context, [{ known, wanted, shareSessions: false }]);
    return viewPool(context, requirePool(context, known.name), null);
  },
});

export const poolMove = operation({
  name: 'pool.move',
  summary: 'Move an account from one pool to another of the same provider',
  effect: 'write',
  positional: ['account', 'from', 'to'],
  about: ({ account: name, from, to }, context) => ({
    subject: nameNow('account', name, context),
    detail: `from ${nameNow('pool', from, context)} to ${nameNow('pool', to, context)}`,
  }),
  input: z.object({
    account,
    from: z.string().describe('The pool that it leaves'),
    to: z.string().describe('The pool that it goes to'),
    shareSessions,
  }),
  output: z.object({ account: z.string(), from: poolShape, to: poolShape }),
  async run(input, context) {
    const from = requirePool(context, input.from).pool;
    const to = requirePool(context, input.to).pool;
    if (from.name === to.name)
      throw new Problem('invalid', `Both are pool ${from.name}.`, {
        hint: `For another order: stint pool set ${from.name} --accounts ...`,
      });
    const id = requireMember(context, from, input.account);
    refuseOtherProvider(to, from.provider);
    const left = without(from, id);
    const joined = { ...to, accounts: [...new Set([...to.accounts, id])] };
    // The one that it leaves first: its conversations are copied before it takes in those of the other.
    await saveMembers(context, [
      { known: from, wanted: left, shareSessions: false },
      { known: to, wanted: joined, shareSessions: input.shareSessions },
    ]);
    return {
      account: id,
      from: viewPool(context, requirePool(context, from.name), null),
      to: viewPool(context, requirePool(context, to.name), null),
    };
  },
});

function requireMember(context: OperationContext, pool: Pool, name: string): AccountId {
  const { id } = requireAccount(context, name).account;
  if (!pool.accounts.includes(id))
    throw new Problem('conflict', `Account ${id} is not in pool ${pool.name}.`, {
      hint: `It has: ${pool.accounts.join(', ') || 'no accounts'}`,
    });
  if (isDefaultPool(pool))
    throw new Problem('invalid', `Pool ${pool.name} holds all accounts of its provider, and ${id} is one.`, {
      hint: `Take it out of service with: stint account disable ${id}; or give the agents a pool of your own: stint pool create`,
    });
  return id;
}

function without(pool: Pool, id: AccountId): Pool {
  return {
    ...pool,
    accounts: pool.accounts.filter((each) => each !== id),
    pinned: pool.pinned === id ? null : pool.pinned,
  };
}

function refuseOtherProvider(pool: Pool, provider: string): void {
  if (pool.provider === provider) return;
  throw new Problem('invalid', `Pool ${pool.name} is of ${pool.provider}, these accounts are of ${provider}.`, {
    hint: 'Create another pool for them: stint pool create',
  });
}
