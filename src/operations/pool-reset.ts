import { z } from 'zod';
import type { Label } from '../core/ids.ts';
import { requireResetTarget } from '../core/pool/reset-target.ts';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';
import { operation } from './operation.ts';
import { requirePool } from './require.ts';
import { poolShape } from './shape.ts';
import { viewPool } from './view.ts';

const pool = z.string().describe('Pool');

export const poolSetAuthReset = operation({
  name: 'pool.set-auth-reset',
  summary: 'Set what the agent’s reset command is given when this pool has recovered',
  effect: 'write',
  positional: ['pool', 'target'],
  input: z.object({ pool, target: z.string().describe('Provider as the agent calls it; empty for no reset') }),
  output: poolShape.extend({ warning: z.string().nullable().describe('What is accepted, and better known') }),
  async run(input, context) {
    const authResetTarget = requireResetTarget(input.target);
    const known = requirePool(context, input.pool).pool;
    await context.pools.save({ ...known, authResetTarget });
    const { name } = known;
    return {
      ...viewPool(context, requirePool(context, name), null),
      warning: authResetTarget === '' ? null : warningOf(context, name),
    };
  },
});

/** Without a proof of recovery nothing is reset. A probe is for API keys alone: it would disguise itself with others. */
function warningOf({ authResets }: OperationContext, name: Label): string | null {
  if (authResets.canVerify(name)) return null;
  const unseen = `Nothing verifies that pool ${name} has recovered while no agent asks, and without that nothing is reset.`;
  if (authResets.canVerify(name, true))
    return `${unseen} Allow one cheap request for it: stint pool set ${name} --probe`;
  return `${unseen} Its accounts have no usage endpoint, and none may be probed: only a request of the agent's own verifies it.`;
}

export const poolResetAuth = operation({
  name: 'pool.reset-auth',
  summary: 'Run the agent’s reset command for a pool, now',
  effect: 'write',
  outOfTurn: true,
  positional: ['pool'],
  input: z.object({ pool }),
  output: z.object({ pool: z.string(), target: z.string(), detail: z.string() }),
  async run(input, context) {
    const { name, authResetTarget } = requirePool(context, input.pool).pool;
    if (authResetTarget === '')
      throw new Problem('conflict', `Pool ${name} has no auth-reset target.`, {
        hint: `Set one with: stint pool set-auth-reset ${name} <target>`,
      });
    const { detail } = await context.authResets.run(name);
    return { pool: name, target: authResetTarget, detail };
  },
});
