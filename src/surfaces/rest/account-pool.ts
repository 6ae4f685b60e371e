import { z } from 'zod';
import { labelOf, type AccountId } from '../../core/ids.ts';
import { defaultPoolOf } from '../../core/pool/pool.ts';
import { Problem } from '../../core/problem.ts';
import type { OperationContext } from '../../operations/context.ts';
import { findPool, quoted, requireProvider } from '../../operations/require.ts';
import { accountShape, type AccountView, type PoolView } from '../../operations/shape.ts';
import type { Ask, ResourcePath } from './route.ts';

const provider = z.string().describe('Provider, or the agent that uses it');
const label = z.string().describe('Label of the account');
const pool = z.string().optional().describe('Another pool than the default one of the provider');
const wish = z.object({ provider, pool });
const member = z.object({ provider, label, pool });
const model = z.string().optional().describe('Ask for this model');
const session = z.string().optional().describe('Ask for this session');
const turn = z.object({ provider, pool, model, session });
const cleared = z.object({ provider, label });

const state = z.object({
  accounts: z.array(accountShape),
  summary: z.object({
    total: z.number(),
    available: z.number().describe('Those that could take a request now'),
    coolingDown: z.number().describe('Those that wait for a time'),
    active: z.string().nullable().describe('The account on which the pool is'),
  }),
});
const changed = z.object({ ok: z.literal(true), state });

/**
 * The pool of a provider as a list of labels. The default pool always has all accounts, so that without `pool` adding
 * one means enabling it, and removing one means disabling it: neither touches its credentials.
 */
export const accountPoolPaths: readonly ResourcePath[] = [
  { method: 'GET', path: '/account-pool', operation: 'account.list' },
  {
    method: 'GET',
    path: '/account-pool/{provider}',
    operation: 'pool.show',
    special: {
      takes: wish,
      also: ['account.list'],
      gives: state,
      run: (input: z.infer<typeof wish>, ask, context) => stateOf(poolOf(input, context), ask),
    },
  },
  {
    method: 'POST',
    path: '/account-pool/add',
    operation: 'account.enable',
    status: 201,
    special: {
      takes: member,
      also: ['pool.add', ...stateReads()],
      gives: changed,
      async run(input: z.infer<typeof member>, ask, context) {
        const account = accountOf(input, context);
        if (input.pool === undefined) await ask('account.enable', { account });
        else await ask('pool.add', { pool: input.pool, accounts: [account] });
        return { ok: true, state: await stateOf(poolOf(input, context), ask) };
      },
    },
  },
  {
    method: 'POST',
    path: '/account-pool/remove',
    operation: 'account.disable',
    special: {
      takes: member,
      also: ['pool.drop', ...stateReads()],
      gives: changed,
      async run(input: z.infer<typeof member>, ask, context) {
        const account = accountOf(input, context);
        if (input.pool === undefined) await ask('account.disable', { account });
        else await ask('pool.drop', { pool: input.pool, account });
        return { ok: true, state: await stateOf(poolOf(input, context), ask) };
      },
    },
  },
  {
    method: 'POST',
    path: '/account-pool/next',
    operation: 'pool.next',
    special: {
      takes: turn,
      also: ['account.show'],
      gives: z.object({ account: accountShape.nullable() }),
      async run({ model: of, session: by, ...input }: z.infer<typeof turn>, ask, context) {
        const { account } = (await ask('pool.next', {
          pool: poolOf(input, context),
          ...(of === undefined ? {} : { model: of }),
          ...(by === undefined ? {} : { session: by }),
        })) as { readonly account: string | null };
        return { account: account === null ? null : await ask('account.show', { account }) };
      },
    },
  },
  {
    method: 'POST',
    path: '/account-pool/clear-cooldown',
    operation: 'account.clear',
    special: {
      takes: cleared,
      also: stateReads(),
      gives: changed,
      async run(input: z.infer<typeof cleared>, ask, context) {
        await ask('account.clear', { account: accountOf(input, context) });
        return { ok: true, state: await stateOf(poolOf(input, context), ask) };
      },
    },
  },
];

function stateReads(): string[] {
  return ['pool.show', 'account.list'];
}

/** A provider by its own name, or by an agent’s. */
function providerOf(name: string, context: OperationContext): string {
  return context.agents.find(name.trim().toLowerCase())?.provider ?? requireProvider(context, name);
}

function poolOf(input: { readonly provider: string; readonly pool?: string | undefined }, context: OperationContext) {
  const id = requireProvider(context, providerOf(input.provider, context));
  if (input.pool === undefined) return defaultPoolOf(id);
  const found = findPool(context, input.pool);
  if (found?.pool.provider === id) return found.pool.name;
  throw new Problem('not_found', `There is no pool ${quoted(input.pool)} of ${id}.`, { hint: 'See: stint pool list' });
}

function accountOf(input: { readonly provider: string; readonly label: string }, context: OperationContext): string {
  return `${providerOf(input.provider, context)}/${input.label}`;
}

async function stateOf(name: string, ask: Ask): Promise<z.infer<typeof state>> {
  const shown = (await ask('pool.show', { pool: name })) as PoolView;
  const { accounts } = (await ask('account.list', {})) as { readonly accounts: readonly AccountView[] };
  const skipped = shown.next[0]?.skipped ?? [];
  return {
    accounts: shown.accounts.flatMap((id) => accounts.find((each) => each.id === id) ?? []),
    summary: {
      total: shown.accounts.length,
      available: shown.accounts.length - new Set(skipped.map((each) => each.account)).size,
      coolingDown: skipped.filter((each) => each.until !== null).length,
      active: shown.current === null ? null : labelOf(shown.current as AccountId),
    },
  };
}
