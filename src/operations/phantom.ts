import { z } from 'zod';
import { asPhantomId } from '../core/ids.ts';
import { defaultPoolOf } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import { operation } from './operation.ts';
import { requireAgent, requirePool } from './require.ts';

export const phantomIssue = operation({
  name: 'phantom.issue',
  summary: 'Issue the token and settings with which an agent reaches the gateway',
  effect: 'write',
  positional: ['agent'],
  input: z.object({
    agent: z.string().describe('Agent, such as claude'),
    pool: z.string().optional().describe('Pool; the provider’s default pool when absent'),
    origin: z
      .enum(['wrapper', 'env'])
      .default('env')
      .describe('env: nothing is held for it; wrapper: revoked at its end'),
  }),
  output: z.object({
    id: z.string(),
    token: z.string(),
    pool: z.string(),
    expiresAt: z.number(),
    command: z.string().describe('The executable of the agent'),
    install: z.string().describe('How to get it'),
    withheld: z.array(z.string()).describe('Variables that must not be set'),
    args: z.array(z.string()).describe('What it must be started with, before other arguments'),
    environment: z.record(z.string(), z.string()),
  }),
  hidden: {
    cli: 'stint env and stint claude are its commands',
    mcp: 'Its token lets an agent spend the accounts and must not pass a model: stint env is its command.',
    telegram: 'Its token lets an agent spend the accounts and must not pass a chat: stint env is its command.',
  },
  async run(input, context) {
    const agent = requireAgent(context, input.agent);
    const { provider } = agent;
    if (!context.accounts.all().some((each) => each.account.provider === provider)) {
      throw new Problem('not_found', `There is no account of ${provider} yet.`, {
        hint: `Add one with: stint account add ${provider} work`,
      });
    }
    const { pool } = requirePool(context, input.pool ?? defaultPoolOf(provider));
    if (pool.provider !== provider) {
      throw new Problem('invalid', `Pool ${pool.name} is of ${pool.provider}; ${agent.id} needs one of ${provider}.`, {
        hint: 'See: stint pool list',
      });
    }
    const holdMs = input.origin === 'wrapper' ? context.holdMs : 0;
    const { id, token, expiresAt } = await context.phantoms.issue({
      provider,
      pool: pool.name,
      origin: input.origin,
      holdMs,
    });
    const launch = await agent.launch(token);
    return {
      id,
      token,
      pool: pool.name,
      expiresAt,
      command: agent.command,
      install: agent.install,
      withheld: [...agent.withheld],
      args: [...launch.args],
      environment: { ...launch.environment },
    };
  },
});

export const phantomList = operation({
  name: 'phantom.list',
  summary: 'List the tokens that agents hold, never what they are',
  effect: 'read',
  positional: [],
  input: z.object({ pool: z.string().optional().describe('Only those of this pool') }),
  output: z.object({
    phantoms: z.array(
      z.object({
        id: z.string(),
        provider: z.string(),
        pool: z.string(),
        origin: z.enum(['wrapper', 'env']).describe('wrapper: of an agent that Stint runs; env: of stint env'),
        createdAt: z.number(),
        expiresAt: z.number(),
      }),
    ),
  }),
  run(input, context) {
    const name = input.pool === undefined ? undefined : requirePool(context, input.pool).pool.name;
    const shown = context.phantoms.all().filter((each) => name === undefined || each.pool === name);
    return { phantoms: shown.toSorted((a, b) => b.createdAt - a.createdAt) };
  },
});

export const phantomRevoke = operation({
  name: 'phantom.revoke',
  summary: 'Revoke the token of an agent',
  effect: 'write',
  positional: ['id'],
  input: z.object({ id: z.string().describe('The id that came with the token') }),
  output: z.object({ revoked: z.string() }),
  async run(input, context) {
    if (!(await context.phantoms.revoke(asPhantomId(input.id)))) {
      throw new Problem('not_found', 'There is no token with this id.', {
        hint: 'See: stint phantom list',
      });
    }
    return { revoked: input.id };
  },
});
