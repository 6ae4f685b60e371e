import { z } from 'zod';
import { profileCredential } from '../core/account/account.ts';
import type { AccountId, Label } from '../core/ids.ts';
import { defaultPoolOf, overagePolicies, poolDefaults, strategies, type Pool } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import { secondMs } from '../core/time.ts';
import { nameNow } from './about.ts';
import type { OperationContext } from './context.ts';
import { operation } from './operation.ts';
import {
  isDefaultPool,
  newLabel,
  requireAccount,
  requireLabel,
  requirePool,
  requireProvider,
  rewrittenWarning,
} from './require.ts';
import { lostSectionWarning } from './reset-section.ts';
import { refuseSecondSharing, refuseUnaskedSharing } from './sharing.ts';
import { poolShape } from './shape.ts';
import { viewPool } from './view.ts';

const pool = z.string().describe('Pool');
const accounts = z.array(z.string()).describe('Accounts in the order of preference');
const strategy = z.enum(strategies).describe('How the pool chooses among its open accounts');
const holdSeconds = z
  .int()
  .min(0)
  .max(3600)
  .optional()
  .describe('How long a request may be held for an account to open, whatever its agent was given; 0 for not at all');
const probe = z.boolean().describe('Let one cheap request find out that an exhausted pool has recovered');
const warning = z.string().nullable().describe('What is accepted, and better known');
const overage = z.enum(overagePolicies).describe('What to do with an account that would bill overage');

export const poolCreate = operation({
  name: 'pool.create',
  summary: 'Create a pool of accounts of one provider',
  effect: 'write',
  positional: ['pool', 'accounts'],
  about: ({ pool: name, accounts: names }, context) => ({
    subject: newLabel(name) ?? name,
    detail: names.map((each) => nameNow('account', each, context)).join(' '),
  }),
  input: z.object({
    pool,
    accounts,
    strategy: strategy.default('sticky'),
    overage: overage.default('forbid'),
    holdSeconds,
    probe: probe.default(false),
  }),
  output: poolShape.extend({ warning }),
  async run(input, context) {
    const name = requireLabel(input.pool, 'pool name');
    refuseTaken(context, name, `Change it with: stint pool set ${name}`);
    const members = requireMembers(context, input.accounts);
    const created: Pool = {
      ...poolDefaults,
      ...members,
      name,
      strategy: input.strategy,
      overage: input.overage,
      holdMs: input.holdSeconds === undefined ? null : input.holdSeconds * secondMs,
      probe: input.probe,
    };
    await context.pools.save(created);
    const warning = rewrittenWarning(input.pool, name);
    return { ...viewPool(context, requirePool(context, name), null), warning };
  },
});

export const poolSet = operation({
  name: 'pool.set',
  summary: 'Change a pool’s accounts, strategy, overage policy, hold or probe',
  effect: 'write',
  positional: ['pool'],
  input: z.object({
    pool,
    accounts: accounts.optional(),
    strategy: strategy.optional(),
    overage: overage.optional(),
    shareSessions: z.boolean().optional().describe('Let the profiles of its accounts share their transcripts'),
    holdSeconds,
    defaultHold: z.boolean().default(false).describe('Hold a request as long as its agent was given, as at first'),
    probe: probe.optional(),
  }),
  output: poolShape,
  async run(input, context) {
    const known = requirePool(context, input.pool).pool;
    const accounts = input.accounts === undefined ? known.accounts : membersFor(context, known, input.accounts);
    if (input.holdSeconds !== undefined && input.defaultHold)
      throw new Problem('invalid', 'Give either --hold-seconds or --default-hold.', {
        hint: `For example: stint pool set ${known.name} --default-hold`,
      });
    const wanted: Pool = {
      ...known,
      accounts,
      pinned: known.pinned !== null && accounts.includes(known.pinned) ? known.pinned : null,
      strategy: input.strategy ?? known.strategy,
      overage: input.overage ?? known.overage,
      shareSessions: input.shareSessions ?? known.shareSessions,
      holdMs: input.defaultHold ? null : input.holdSeconds === undefined ? known.holdMs : input.holdSeconds * secondMs,
      probe: input.probe ?? known.probe,
    };
    await saveMembers(context, [{ known, wanted, shareSessions: input.shareSessions === true }]);
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

export const poolRename = operation({
  name: 'pool.rename',
  summary: 'Give a pool another name; all that is its own goes with it',
  effect: 'write',
  positional: ['pool', 'name'],
  input: z.object({ pool, name: z.string().describe('The new name') }),
  output: poolShape.extend({ renamed: z.string().describe('What it was called before'), warning }),
  async run(input, context) {
    const known = requirePool(context, input.pool).pool;
    if (isDefaultPool(known))
      throw new Problem('invalid', `Pool ${known.name} is the default pool of its provider and keeps its name.`, {
        hint: 'Make one of your own with: stint pool create',
      });
    const name = requireLabel(input.name, 'pool name');
    if (name !== known.name) {
      refuseTaken(context, name, 'Choose another name.');
      await context.profiles.renamePool(known.name, name, () => context.pools.rename(known.name, name));
    }
    const lost = lostSectionWarning(context, { from: known.name, to: name });
    const warning = lost ?? rewrittenWarning(input.name, name);
    return { ...viewPool(context, requirePool(context, name), null), renamed: known.name, warning };
  },
});

function refuseTaken(context: OperationContext, name: Label, hint: string): void {
  const isTaken =
    context.pools.find(name) !== undefined || context.providers.ids().some((each) => defaultPoolOf(each) === name);
  if (isTaken) throw new Problem('conflict', `Pool ${name} exists.`, { hint });
}

/** The accounts that a pool is to have in place of those that it has. */
function membersFor(context: OperationContext, known: Pool, names: readonly string[]): readonly AccountId[] {
  const members = requireMembers(context, names);
  if (members.provider !== known.provider)
    throw new Problem(
      'invalid',
      `Pool ${known.name} is of ${known.provider}, these accounts are of ${members.provider}.`,
      { hint: 'Create another pool for them.' },
    );
  if (isDefaultPool(known) && members.accounts.length !== known.accounts.length)
    throw new Problem(
      'invalid',
      `Pool ${known.name} holds all accounts of its provider: give all of them, in the order you want.`,
      {
        hint: 'Take one out of service with: stint account disable, or create a pool of your own with: stint pool create',
      },
    );
  return members.accounts;
}

type Change = {
  readonly known: Pool;
  readonly wanted: Pool;
  /** Whether it was said that profiles which come in may share their conversations. */
  readonly shareSessions: boolean;
};

/** Saves pools whose members changed, all or none, and puts the conversations of profiles where they want them. */
export async function saveMembers(context: OperationContext, changes: readonly Change[]): Promise<void> {
  const after = context.pools
    .all()
    .map(({ pool: each }) => changes.find(({ wanted }) => wanted.name === each.name)?.wanted ?? each);
  for (const { known, wanted, shareSessions } of changes) {
    refuseSecondSharing(after, wanted);
    if (known.shareSessions && !shareSessions) refuseUnaskedMembers(context, known, wanted);
  }
  // What an earlier pool of this name has shared is put aside first: it is not for these accounts.
  if (changes.some(({ known, wanted }) => wanted.shareSessions && !known.shareSessions))
    await context.profiles.lookAfter();
  await context.pools.saveAll(changes.map((each) => each.wanted));
  await context.profiles.lookAfter();
}

function refuseUnaskedMembers({ accounts: known }: OperationContext, before: Pool, wanted: Pool): void {
  if (!wanted.shareSessions) return;
  const fresh = wanted.accounts.filter((id) => !before.accounts.includes(id));
  const profile = fresh.find((id) => known.find(id)?.account.credential === profileCredential);
  if (profile !== undefined) refuseUnaskedSharing(wanted, profile);
}

/** The accounts by any of their names, each once, all of one provider. */
export function requireMembers(
  context: OperationContext,
  names: readonly string[],
): Pick<Pool, 'accounts' | 'provider'> {
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
