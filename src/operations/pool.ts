import { z } from 'zod';
import { profileCredential } from '../core/account/account.ts';
import type { AccountId } from '../core/ids.ts';
import { defaultPoolOf, overagePolicies, poolDefaults, strategies, type Pool } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';
import { operation } from './operation.ts';
import { isDefaultPool, requireAccount, requireLabel, requirePool, requireProvider } from './require.ts';
import { refuseSecondSharing, refuseUnaskedSharing } from './sharing.ts';
import { poolShape } from './shape.ts';
import { viewPool } from './view.ts';

const pool = z.string().describe('Pool');
const accounts = z.array(z.string()).describe('Accounts in the order of preference');
const strategy = z.enum(strategies).describe('How the pool chooses among its open accounts');
const overage = z.enum(overagePolicies).describe('What to do with an account that would bill overage');

export const poolCreate = operation({
  name: 'pool.create',
  summary: 'Create a pool of accounts of one provider',
  effect: 'write',
  positional: ['pool', 'accounts'],
  input: z.object({ pool, accounts, strategy: strategy.default('sticky'), overage: overage.default('forbid') }),
  output: poolShape,
  async run(input, context) {
    const name = requireLabel(input.pool, 'pool name');
    const taken =
      context.pools.find(name) !== undefined || context.providers.ids().some((each) => defaultPoolOf(each) === name);
    if (taken)
      throw new Problem('conflict', `Pool ${name} exists.`, { hint: `Change it with: stint pool set ${name}` });
    const members = requireMembers(context, input.accounts);
    const created: Pool = {
      ...poolDefaults,
      ...members,
      name,
      strategy: input.strategy,
      overage: input.overage,
    };
    await context.pools.save(created);
    return viewPool(context, requirePool(context, name), null);
  },
});

export const poolSet = operation({
  name: 'pool.set',
  summary: 'Change a pool’s strategy, overage policy or accounts',
  effect: 'write',
  positional: ['pool'],
  input: z.object({
    pool,
    accounts: accounts.optional(),
    strategy: strategy.optional(),
    overage: overage.optional(),
    shareSessions: z.boolean().optional().describe('Let the profiles of its accounts share their transcripts'),
  }),
  output: poolShape,
  async run(input, context) {
    const known = requirePool(context, input.pool).pool;
    const members = input.accounts === undefined ? known : requireMembers(context, input.accounts);
    if (members.provider !== known.provider) {
      throw new Problem(
        'invalid',
        `Pool ${known.name} is of ${known.provider}, these accounts are of ${members.provider}.`,
        { hint: 'Create another pool for them.' },
      );
    }
    if (isDefaultPool(known) && input.accounts !== undefined && members.accounts.length !== known.accounts.length) {
      throw new Problem(
        'invalid',
        `Pool ${known.name} holds all accounts of its provider: give all of them, in the order you want.`,
        {
          hint: 'Take one out of service with: stint account disable, or create a pool of your own with: stint pool create',
        },
      );
    }
    const pinned = known.pinned !== null && members.accounts.includes(known.pinned) ? known.pinned : null;
    const shareSessions = input.shareSessions ?? known.shareSessions;
    const wanted: Pool = { ...known, accounts: members.accounts, shareSessions };
    refuseSecondSharing(context, wanted);
    if (known.shareSessions && input.shareSessions !== true) refuseUnaskedMembers(context, known, wanted);
    // What an earlier pool of this name has shared is put aside first: it is not for these accounts.
    if (shareSessions && !known.shareSessions) await context.profiles.lookAfter();
    await context.pools.save({
      ...known,
      accounts: members.accounts,
      pinned,
      strategy: input.strategy ?? known.strategy,
      overage: input.overage ?? known.overage,
      shareSessions,
    });
    await context.profiles.lookAfter();
    return viewPool(context, requirePool(context, known.name), null);
  },
});

export const poolList = operation({
  name: 'pool.list',
  summary: 'List pools',
  effect: 'read',
  positional: [],
  input: z.object({}),
  output: z.object({ pools: z.array(poolShape) }),
  run: (_, context) => ({ pools: context.pools.all().map((each) => viewPool(context, each, null)) }),
});

export const poolShow = operation({
  name: 'pool.show',
  summary: 'Show one pool and whom its next request would use',
  effect: 'read',
  positional: ['pool'],
  input: z.object({ pool, model: z.string().optional().describe('Ask for this model') }),
  output: poolShape,
  run: (input, context) => viewPool(context, requirePool(context, input.pool), input.model ?? null),
});

export const poolRemove = operation({
  name: 'pool.remove',
  summary: 'Remove a pool; its accounts stay',
  effect: 'destructive',
  positional: ['pool'],
  precheck: 'pool.show',
  input: z.object({ pool }),
  output: z.object({ removed: z.string() }),
  async run(input, context) {
    const known = requirePool(context, input.pool).pool;
    if (isDefaultPool(known)) {
      throw new Problem('invalid', `Pool ${known.name} is the default pool of its provider and stays.`, {
        hint: 'Remove its accounts with: stint account remove',
      });
    }
    await context.pools.remove(known.name);
    await context.profiles.lookAfter();
    return { removed: known.name };
  },
});

export const poolUse = operation({
  name: 'pool.use',
  summary: 'Pin one account of a pool, or let the pool choose again',
  effect: 'write',
  positional: ['pool', 'account'],
  input: z.object({
    pool,
    account: z.string().optional().describe('The only account that may serve this pool from here on'),
    auto: z.boolean().default(false).describe('Let the pool choose again'),
  }),
  output: poolShape,
  async run(input, context) {
    const known = requirePool(context, input.pool).pool;
    if (input.auto === (input.account !== undefined)) {
      throw new Problem('invalid', 'Give either an account or --auto.', {
        hint: `For example: stint pool use ${known.name} --auto`,
      });
    }
    const pinned = input.account === undefined ? null : requireAccount(context, input.account).account.id;
    if (pinned !== null && !known.accounts.includes(pinned)) {
      throw new Problem('invalid', `Account ${pinned} is not in pool ${known.name}.`, {
        hint: `It has: ${known.accounts.join(', ') || 'no accounts'}`,
      });
    }
    await context.pools.save({ ...known, pinned });
    return viewPool(context, requirePool(context, known.name), null);
  },
});

function refuseUnaskedMembers({ accounts: known }: OperationContext, before: Pool, wanted: Pool): void {
  if (!wanted.shareSessions) return;
  const fresh = wanted.accounts.filter((id) => !before.accounts.includes(id));
  const profile = fresh.find((id) => known.find(id)?.account.credential === profileCredential);
  if (profile !== undefined) refuseUnaskedSharing(wanted, profile);
}

/** The accounts by any of their names, each once, all of one provider. */
function requireMembers(context: OperationContext, names: readonly string[]): Pick<Pool, 'accounts' | 'provider'> {
  const members = names.flatMap((each) => each.split(',')).map((each) => requireAccount(context, each.trim()).account);
  const first = members[0];
  if (first === undefined)
    throw new Problem('invalid', 'A pool needs at least one account.', { hint: 'See: stint account list' });
  const foreign = members.find((each) => each.provider !== first.provider);
  if (foreign !== undefined) {
    throw new Problem('invalid', `A pool has accounts of one provider: ${foreign.id} is not of ${first.provider}.`, {
      hint: 'Create a pool for each.',
    });
  }
  const ids: AccountId[] = [...new Set(members.map((each) => each.id))];
  return { accounts: ids, provider: requireProvider(context, first.provider) };
}
