import { z } from 'zod';
import { asSessionId } from '../core/ids.ts';
import type { Pool } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import { nameNow } from './about.ts';
import { explain } from './explain.ts';
import { operation } from './operation.ts';
import { requireAccount, requirePool } from './require.ts';
import { explanationShape, poolShape } from './shape.ts';
import { soonestOf, viewPool } from './view.ts';

const pool = z.string().describe('Pool');
const model = z.string().max(200).optional().describe('Ask for this model');
const session = z.string().max(200).optional().describe('Ask for this conversation, which stays on its account');

export const poolUse = operation({
  name: 'pool.use',
  summary: 'Pin one account of a pool, or let the pool choose again',
  effect: 'write',
  positional: ['pool', 'account'],
  about: ({ pool: name, account, auto }, context) => ({
    subject: nameNow('pool', name, context),
    detail: account === undefined ? (auto ? 'auto' : null) : nameNow('account', account, context),
  }),
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

export const poolNext = operation({
  name: 'pool.next',
  summary: 'Say whom a request would use, and make the open account after it the current one',
  effect: 'write',
  positional: ['pool'],
  input: z.object({ pool, model, session }),
  output: z.object({
    pool: z.string(),
    account: z.string().nullable().describe('Null when nobody is open'),
    until: z.number().nullable().describe('When somebody may open'),
    following: z.string().nullable().describe('Whom the next request of a new session would use from here on'),
  }),
  async run(input, context) {
    const { pool: known } = requirePool(context, input.pool);
    refuseFixed(known, 'and would say the same for ever');
    const { name } = known;
    const model = input.model ?? null;
    const next = context.pools.next(name, model, input.session === undefined ? null : asSessionId(input.session));
    if (next.kind !== 'use') return { pool: name, account: null, until: soonestOf(next), following: null };
    await context.pools.advance(name, model, next.account);
    const following = context.pools.next(name, model, null);
    const { account } = next;
    return { pool: name, account, until: null, following: following.kind === 'use' ? following.account : null };
  },
});

export const poolRotate = operation({
  name: 'pool.rotate',
  summary: 'Move a pool and its sessions from its current account to the next open one, now',
  effect: 'write',
  positional: ['pool'],
  input: z.object({ pool }),
  output: z.object({ pool: z.string(), from: z.string(), to: z.string(), sessions: z.number().describe('Moved') }),
  async run(input, context) {
    const now = requirePool(context, input.pool);
    const { name } = now.pool;
    refuseFixed(now.pool, 'and would go back at once');
    const next = context.pools.next(name, null, null);
    const from = next.kind === 'use' ? next.account : now.current;
    if (from === null) throw nobody(name, soonestOfNext(next));
    const to = context.pools.follower(name, from);
    if (to === null) throw nobody(name, soonestOfNext(next), from);
    return { pool: name, from, to, sessions: await context.pools.rotate(name, from, to) };
  },
});

/** A pool in which no turn goes round. */
function refuseFixed({ name, pinned, strategy }: Pool, why: string): void {
  if (pinned !== null)
    throw new Problem('conflict', `Pool ${name} is pinned to ${pinned}.`, {
      hint: `Pin another with: stint pool use ${name} <account>; or let it choose again: stint pool use ${name} --auto`,
    });
  if (strategy === 'priority' || strategy === 'soonest-reset')
    throw new Problem('conflict', `Pool ${name} chooses by ${strategy}, ${why}.`, {
      hint: `Change its order with: stint pool set ${name} --accounts ...; or pin one: stint pool use ${name} <account>`,
    });
}

function soonestOfNext(next: Parameters<typeof soonestOf>[0] | { kind: 'use' }): number | undefined {
  return next.kind === 'use' ? undefined : (soonestOf(next) ?? undefined);
}

function nobody(name: string, retryAt: number | undefined, but?: string): Problem {
  const whom = but === undefined ? 'No account' : `No account but ${but}`;
  return new Problem('conflict', `${whom} of pool ${name} is open.`, {
    hint: `See why: stint pool explain ${name}`,
    ...(retryAt === undefined ? {} : { retryAt }),
  });
}

export const poolExplain = operation({
  name: 'pool.explain',
  summary: 'Say who would serve a request, who is skipped, why, and until when',
  effect: 'read',
  positional: ['pool'],
  input: z.object({ pool, model, session }),
  output: explanationShape,
  async run(input, context) {
    // As the next request would find them.
    await context.profiles.checkLogins();
    return explain(context, requirePool(context, input.pool), input);
  },
});
