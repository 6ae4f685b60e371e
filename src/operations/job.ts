import { z } from 'zod';
import type { JobId } from '../core/ids.ts';
import { jobStates, type Job } from '../core/job/job.ts';
import { transports } from '../core/job/transport.ts';
import { oneLine } from '../core/one-line.ts';
import type { OperationContext } from './context.ts';
import { jobName, jobOfKey, jobSpecOf, modelName, requireJob, someText } from './job-spec.ts';
import { stopWarnings } from './job-stop.ts';
import { jobShape, shownText, viewJob, type JobView } from './job-view.ts';
import { operation, streamingOperation } from './operation.ts';

const job = jobName;
const longestPrompt = 900_000;

export const jobAdd = operation({
  name: 'job.add',
  summary: 'Add a job: it is started when there is room, and survives limits, crashes and reboots',
  effect: 'write',
  positional: ['prompt'],
  // A prompt is long, and may say what nobody else is to read.
  subject: ['agent', 'directory'],
  input: z.object({
    prompt: someText(longestPrompt).describe('What the agent is to do'),
    directory: z.string().meta({ path: true }).describe('Where it works'),
    agent: z.string().default('claude').describe('Agent, such as claude'),
    model: modelName.optional().describe('Preferred model; the agent’s own when absent'),
    pool: z.string().optional().describe('Pool; the provider’s default pool when absent'),
    title: someText(200).optional().describe('For lists; the prompt’s beginning when absent'),
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
      .array(modelName)
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
    transport: z
      .enum(transports)
      .default('pipe')
      .describe(
        'How its agent runs: pipe without a terminal; on one that dies with the daemon (pty), or outlives it (tmux)',
      ),
    interactive: z
      .boolean()
      .default(false)
      .describe('You talk with its agent on its terminal; it ends when you end it'),
    key: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('A word of your own for it: asked again with the same one, the answer is the same job'),
    turns: z.int().min(1).max(100_000).optional().describe('Stop it after so many answers of its model'),
    budget: z.number().min(0.01).max(100_000).optional().describe('Stop it when it has cost so many US dollars'),
    time: z.int().min(1).max(31_536_000).optional().describe('Stop it when it has run for so many seconds'),
    completion: z
      .boolean()
      .default(false)
      .describe('Go on until its agent calls finish_job: the end of a turn is not enough'),
  }),
  output: jobShape.extend({
    warnings: z.array(z.string()).describe('What its stop conditions cannot do, a sentence each'),
  }),
  async run(input, context) {
    const job = jobOfKey(context, input) ?? (await context.jobs.add(jobSpecOf(context, input)));
    return { ...viewJob(context, job), warnings: [...stopWarnings(context, job.spec)] };
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
      .map((each) => shortened(viewJob(context, each))),
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
  stream: (input, context, signal) => said(requireJob(context, input.job), input.follow, { context, signal }),
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
  outOfTurn: true,
  positional: ['job'],
  input: z.object({ job, reason: z.string().max(200).default('you wanted it').describe('For whoever asks why') }),
  output: jobShape,
  run: async (input, context) =>
    viewJob(context, await context.jobs.park(requireJob(context, input.job).id, input.reason)),
});

export const jobRetry = operation({
  name: 'job.retry',
  summary: 'Let a job that has ended or is blocked go on',
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
  // One that is being started is waited for.
  outOfTurn: true,
  positional: ['job', 'answer'],
  subject: ['job'],
  input: z.object({ job, answer: someText(longestPrompt).describe('What its agent is told') }),
  output: jobShape,
  run: async (input, context) =>
    viewJob(context, await context.jobs.answer(requireJob(context, input.job).id, input.answer)),
});

/** What an agent has to say in the end may be long, and a list has many. */
function shortened(job: JobView): JobView {
  return { ...job, result: job.result === null ? null : oneLine(job.result, longestInList) };
}

const longestInList = 300;

async function* said(
  { id, spec }: Job,
  follow: boolean,
  { context, signal }: { readonly context: OperationContext; readonly signal: AbortSignal },
): AsyncGenerator<{ attempt: number; kind: string; text: string }> {
  for await (const { text, ...rest } of context.jobs.logs(id, { follow, signal }))
    yield { ...rest, text: shownText(spec, text) };
}

function change(name: string, summary: string, run: (id: JobId, context: OperationContext) => Promise<Job>) {
  return operation({
    ...{ name, summary, effect: 'write', positional: ['job'] },
    // Ending a process takes its time.
    outOfTurn: true,
    input: z.object({ job }),
    output: jobShape,
    run: async (input, context) => viewJob(context, await run(requireJob(context, input.job).id, context)),
  });
}
