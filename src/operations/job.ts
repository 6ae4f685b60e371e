import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { jobStates, type Job, type JobSpec } from '../core/job/job.ts';
import type { JobId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { secondMs } from '../core/time.ts';
import type { OperationContext } from './context.ts';
import { jobShape, viewJob } from './job-view.ts';
import { operation, streamingOperation } from './operation.ts';
import { quoted, requireAgent, requirePool } from './require.ts';

const job = z.string().describe('Job, by its id or the beginning of it');
const longestPrompt = 900_000;

export const jobAdd = operation({
  name: 'job.add',
  summary: 'Add a job: it is started when there is room, and survives limits, crashes and reboots',
  effect: 'write',
  positional: ['prompt'],
  input: z.object({
    prompt: z.string().min(1).max(longestPrompt).describe('What the agent is to do'),
    directory: z.string().meta({ path: true }).describe('Where it works'),
    agent: z.string().default('claude').describe('Agent, such as claude'),
    model: z.string().max(200).optional().describe('Preferred model; the agent’s own when absent'),
    pool: z.string().optional().describe('Pool; the provider’s default pool when absent'),
    title: z.string().max(200).optional().describe('For lists; the prompt’s beginning when absent'),
    priority: z.int().min(-100).max(100).default(0).describe('Higher goes first'),
    dependsOn: z.array(z.string()).default([]).describe('Jobs that have to be done first'),
    scheduleAt: z.string().optional().describe('Not before this time: 2026-11-23T07:00:00Z, or epoch milliseconds'),
    repeat: z
      .int()
      .min(60)
      .max(31_536_000)
      .optional()
      .describe('Again so many seconds after it was due, once it has ended'),
    models: z
      .array(z.string())
      .optional()
      .describe('Models to go on with where the preferred one is closed, best first'),
    fallbackAgents: z.array(z.string()).default([]).describe('Agents of other providers that may take it over'),
    environment: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/), z.string())
      .default({})
      .describe('For the agent’s environment'),
    args: z.array(z.string()).default([]).describe('Arguments of the agent’s own'),
    nice: z.int().min(0).max(19).default(0).describe('Niceness of its processes'),
    asks: z.boolean().default(false).describe('At a limit, wait for you instead of going on elsewhere'),
  }),
  output: jobShape,
  async run(input, context) {
    const agent = requireAgent(context, input.agent);
    if (!isAbsolute(input.directory))
      throw new Problem('invalid', 'directory must be an absolute path.', {
        hint: 'For example: --directory ~/project',
      });
    const pool = input.pool === undefined ? null : requirePool(context, input.pool).pool;
    if (pool !== null && pool.provider !== agent.provider)
      throw new Problem(
        'invalid',
        `Pool ${pool.name} is of ${pool.provider}; ${agent.id} needs one of ${agent.provider}.`,
        {
          hint: 'See: stint pool list',
        },
      );
    const fallbacks = input.fallbackAgents.map((each) => requireAgent(context, each).id);
    const spec: JobSpec = {
      title: input.title ?? titleOf(input.prompt),
      prompt: input.prompt,
      ...{ agent: agent.id, model: input.model ?? null, pool: pool?.name ?? null, directory: input.directory },
      priority: input.priority,
      dependsOn: input.dependsOn.map((each) => requireJob(context, each).id),
      scheduleAt: input.scheduleAt === undefined ? null : parseTime(input.scheduleAt),
      repeatMs: input.repeat === undefined ? null : input.repeat * secondMs,
      ladder: { models: input.models ?? null, agents: fallbacks },
      ...{ environment: input.environment, args: input.args, nice: input.nice, asks: input.asks },
    };
    return viewJob(context, await context.jobs.add(spec));
  },
});

export const jobList = operation({
  name: 'job.list',
  summary: 'List jobs, and why each that is not running is not',
  effect: 'read',
  positional: [],
  input: z.object({
    state: z.enum(jobStates).optional().describe('Only those in this state'),
    count: z.int().min(1).max(10_000).default(100).describe('At most so many, the latest first'),
  }),
  output: z.object({ jobs: z.array(jobShape) }),
  run: ({ state, count }, context) => ({
    jobs: context.jobs
      .all()
      .filter((each) => state === undefined || each.state.kind === state)
      .toSorted((a, b) => b.addedAt - a.addedAt)
      .slice(0, count)
      .map((each) => viewJob(context, each)),
  }),
});

export const jobShow = operation({
  name: 'job.show',
  summary: 'Show one job: where it is, on what it runs, and why it does not',
  effect: 'read',
  positional: ['job'],
  input: z.object({ job }),
  output: jobShape,
  run: (input, context) => viewJob(context, requireJob(context, input.job)),
});

export const jobLogs = streamingOperation({
  name: 'job.logs',
  summary: 'Show what a job’s agents said and did',
  positional: ['job'],
  input: z.object({ job, follow: z.boolean().default(false).describe('Go on until the job has ended') }),
  output: z.object({ attempt: z.number(), kind: z.string(), text: z.string() }),
  hidden: {
    mcp: 'a tool has one answer; stint job logs shows the output, and job.show the result',
    telegram: 'it is too long for a chat; stint job logs shows it, and /job_show the result',
  },
  stream: (input, context, signal) =>
    context.jobs.logs(requireJob(context, input.job).id, { follow: input.follow, signal }),
});

export const jobCancel = change(
  'job.cancel',
  'Cancel a job; its processes are gone when this returns',
  (id, { jobs }) => jobs.cancel(id),
);
export const jobResume = change('job.resume', 'Let a parked job go on now', (id, { jobs }) => jobs.resume(id));

export const jobPark = operation({
  name: 'job.park',
  summary: 'Stop a job’s agent for now; its conversation goes on with job.resume',
  effect: 'write',
  positional: ['job'],
  input: z.object({ job, reason: z.string().max(200).default('you wanted it').describe('For whoever asks why') }),
  output: jobShape,
  run: async (input, context) =>
    viewJob(context, await context.jobs.park(requireJob(context, input.job).id, input.reason)),
});

export const jobRetry = operation({
  name: 'job.retry',
  summary: 'Let a job that failed, was blocked or was cancelled go on',
  effect: 'write',
  positional: ['job'],
  input: z.object({ job, anew: z.boolean().default(false).describe('From the beginning, in a new conversation') }),
  output: jobShape,
  run: async (input, context) =>
    viewJob(context, await context.jobs.retry(requireJob(context, input.job).id, input.anew)),
});

export const jobAnswer = operation({
  name: 'job.answer',
  summary: 'Answer what a job asks',
  effect: 'write',
  positional: ['job', 'answer'],
  input: z.object({ job, answer: z.string().min(1).max(longestPrompt) }),
  output: jobShape,
  run: async (input, context) =>
    viewJob(context, await context.jobs.answer(requireJob(context, input.job).id, input.answer)),
});

function change(name: string, summary: string, run: (id: JobId, context: OperationContext) => Promise<Job>) {
  return operation({
    ...{ name, summary, effect: 'write', positional: ['job'] },
    input: z.object({ job }),
    output: jobShape,
    run: async (input, context) => viewJob(context, await run(requireJob(context, input.job).id, context)),
  });
}

/** The job of that id, or the only one whose id begins so. */
export function requireJob(context: OperationContext, name: string): Job {
  const text = name.trim().toLowerCase();
  const found = text === '' ? [] : context.jobs.all().filter((each) => each.id.startsWith(text));
  const exact = found.find((each) => each.id === text) ?? (found.length === 1 ? found[0] : undefined);
  if (exact !== undefined) return exact;
  if (found.length > 1)
    throw new Problem('conflict', `${quoted(name)} is the beginning of ${found.length} jobs.`, {
      hint: 'Give more of its id.',
    });
  throw new Problem('not_found', `There is no job ${quoted(name)}.`, { hint: 'See: stint job list' });
}

const longestTitle = 80;

function titleOf(prompt: string): string {
  const line = prompt.trim().split('\n')[0]?.replaceAll(/\s+/g, ' ') ?? '';
  return line.length > longestTitle ? `${line.slice(0, longestTitle - 1)}…` : line;
}

function parseTime(text: string): number {
  const at = /^\d{12,14}$/.test(text.trim()) ? Number(text) : Date.parse(text);
  if (Number.isFinite(at)) return at;
  throw new Problem('invalid', `${quoted(text)} is no time.`, { hint: 'For example: 2026-11-23T07:00:00Z' });
}
