import { z } from 'zod';
import { knownUsd, stopModes, type Spent } from '../core/job/stop.ts';
import { secondMs } from '../core/time.ts';
import { explain } from '../operations/explain.ts';
import { accountShape } from '../operations/shape.ts';
import { viewAccount } from '../operations/view.ts';
import { agentTool } from './tool.ts';

const spentShape = z.object({
  turns: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  costUsd: z.number().nullable().describe('Null where it is not known, or not yet'),
  knownUsd: z.number().describe('What is known of it'),
  runningSeconds: z.number(),
});

export const quota = agentTool({
  name: 'quota',
  title: 'See what is left',
  description:
    'See what is left before you plan: whether your model can be used now or when it opens, how full the windows of its accounts are, what this job has spent, and what ends it.',
  effect: 'read',
  input: z.object({}),
  output: z.object({
    agent: z.string(),
    model: z.string().nullable(),
    pool: z.string().nullable().describe('Null for an agent with a login of its own'),
    open: z.boolean().describe('Whether a request would be served now'),
    until: z.number().nullable().describe('When that may change where it is closed, epoch milliseconds'),
    says: z.string(),
    accounts: z.array(accountShape.pick({ id: true, state: true, until: true, windows: true })),
    spent: spentShape.describe('By the whole job up to now'),
    counted: spentShape.describe('Of that, what counts towards `stop`: all since it was last retried'),
    stop: z.object({
      turns: z.number().nullable(),
      budget: z.number().nullable().describe('In US dollars'),
      timeSeconds: z.number().nullable(),
      completion: z.boolean().describe('It goes on until you call finish_job'),
    }),
    stopped: z
      .object({ by: z.enum(stopModes), detail: z.string() })
      .nullable()
      .describe('The condition that was met'),
  }),
  async run(_, { context, job, jobs, clock }) {
    const now = jobs.find(job.id) ?? job;
    const { spec, stopped } = now;
    const attempt = context.jobs.attempt(job.id);
    const agent = attempt?.agent ?? spec.agent;
    const model = attempt?.model ?? (agent === spec.agent ? (spec.model ?? now.usualModel ?? null) : null);
    const pool = attempt === undefined ? undefined : context.pools.find(attempt.pool);
    const caller = { surface: 'mcp', actor: `job:${job.id}`, scope: 'read' } as const;
    const next = pool === undefined ? null : explain({ ...context, caller }, pool, { model: model ?? undefined });
    const members = pool?.pool.accounts.flatMap((id) => context.accounts.find(id) ?? []) ?? [];
    const spent = context.jobs.spent(now);
    return {
      ...{ agent, model, pool: pool?.pool.name ?? null },
      ...{ open: next === null || next.kind === 'use', until: next?.until ?? null },
      says: next?.sentence ?? `${agent} has a login of its own, of which nothing is known.`,
      accounts: members.map((each) => {
        const { id, state, until, windows } = viewAccount(clock(), each);
        return { id, state, until, windows };
      }),
      ...{ spent: viewSpent(spent.job), counted: viewSpent(spent.counted) },
      stop: {
        turns: spec.stop.turns,
        budget: spec.stop.budget,
        timeSeconds: spec.stop.timeMs === null ? null : spec.stop.timeMs / secondMs,
        completion: spec.stop.completion,
      },
      stopped: stopped === null ? null : { by: stopped.by, detail: stopped.detail },
    };
  },
});

function viewSpent(spent: Spent): z.infer<typeof spentShape> {
  const { turns, inputTokens, outputTokens, costUsd, runningMs } = spent;
  const runningSeconds = Math.round(runningMs / secondMs);
  return { turns, inputTokens, outputTokens, costUsd, knownUsd: knownUsd(spent), runningSeconds };
}
