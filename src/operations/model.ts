import { z } from 'zod';
import type { Job } from '../core/job/job.ts';
import type { Resolved, Rung } from '../core/job/ladder.ts';
import { nextStepOf } from '../core/job/next-step.ts';
import { attemptOf } from '../core/job/state.ts';
import { Problem } from '../core/problem.ts';
import { formatWhen, type EpochMs } from '../core/time.ts';
import { localTimeZone } from '../lib/local-time-zone.ts';
import type { OperationContext } from './context.ts';
import { sentenceOf } from './explain.ts';
import { modelName, poolOf, requireJob, requireWorker } from './job-spec.ts';
import { shownText } from './job-view.ts';
import { operation } from './operation.ts';
import { skippedShape } from './shape.ts';
import { soonestOf } from './view.ts';

const place = {
  agent: z.string(),
  pool: z.string(),
  model: z.string().nullable().describe('Null for the agent’s own default'),
};
const moment = z.number().nullable();
const sentence = z.string();

export const resolvedShape = z.object({
  job: z.string().nullable(),
  runs: z
    .object({
      ...place,
      account: z.string().nullable().describe('Of a profile; in gateway mode each request has its own'),
    })
    .nullable()
    .describe('Null where it would run on nothing'),
  isPreferred: z.boolean().describe('It is what the job prefers'),
  until: moment.describe('When that may change, where it would run on nothing'),
  rungs: z.array(
    z.object({
      ...place,
      verdict: z.enum(['taken', 'skipped', 'not-needed']),
      until: moment.describe('When it may open'),
      skipped: z.array(skippedShape),
      sentence,
    }),
  ),
  sentence: sentence.describe('The answer in words'),
});
export type ResolvedView = z.infer<typeof resolvedShape>;

export const modelResolve = operation({
  name: 'model.resolve',
  summary: 'Say what a job would run on now, and why it passes over what it prefers',
  effect: 'read',
  positional: ['job'],
  input: z.object({
    job: z.string().optional().describe('Job, by its id or the beginning of it'),
    agent: z.string().optional().describe('Without a job: the agent, such as claude'),
    model: modelName.optional().describe('Without a job: the preferred model'),
    pool: z.string().optional().describe('Without a job: the pool'),
    models: z.array(modelName).optional().describe('Without a job: models to go on with, best first'),
    fallbackAgents: z.array(z.string()).optional().describe('Without a job: agents that may take it over'),
  }),
  output: resolvedShape,
  run(input, context) {
    const { sought, job } = soughtOf(context, input);
    const { resolved, rungs } = context.jobs.resolve(sought);
    return view({ context, resolved, rungs, job });
  },
});

type Wish = {
  readonly job?: string | undefined;
  readonly agent?: string | undefined;
  readonly model?: string | undefined;
  readonly pool?: string | undefined;
  readonly models?: readonly string[] | undefined;
  readonly fallbackAgents?: readonly string[] | undefined;
};
type Sought = Parameters<OperationContext['jobs']['resolve']>[0];

/** One that was added, or what one would ask for. */
function soughtOf(context: OperationContext, wish: Wish): { readonly sought: Sought; readonly job: Job | null } {
  const { job, agent = 'claude', model = null, models = null, fallbackAgents = [] } = wish;
  if (job === undefined) {
    const id = requireWorker(context, agent).id;
    const agents = fallbackAgents.map((each) => requireWorker(context, each).id);
    const pool = poolOf(context, { agent, pool: wish.pool });
    return { sought: { spec: { agent: id, model, pool, ladder: { models, agents } }, conversation: null }, job: null };
  }
  const isBoth = [wish.agent, wish.model, wish.pool, wish.models, wish.fallbackAgents].some(
    (each) => each !== undefined,
  );
  if (isBoth)
    throw new Problem('invalid', 'Give a job, or an agent with its model and pool, not both.', {
      hint: 'For example: stint model resolve k3j9, or stint model resolve --agent claude --model opus',
    });
  const known = requireJob(context, job);
  return { sought: known, job: known };
}

type Given = {
  readonly context: OperationContext;
  readonly resolved: Resolved;
  readonly rungs: readonly Omit<Rung, 'account'>[];
  readonly job: Job | null;
};

/** Why a job runs on nothing, whatever is open, and until when. */
type Held = { readonly says: string; readonly until: EpochMs | null; readonly isResting?: true };

/** Null for a job that takes the best that is open. */
function heldOf({ jobs, clock }: OperationContext, job: Job, resolved: Resolved): Held | null {
  const { state } = job;
  const why = jobs.why(job) ?? '';
  if (state.kind === 'queued') {
    const step = nextStepOf(job, resolved, clock());
    if (step.kind === 'rests') return { says: why, until: step.until, isResting: true };
    if (step.kind === 'asks') return { says: `It would ask you first: ${step.question}`, until: null };
    if (step.kind === 'ends') return { says: 'Its work cannot be saved now: it is done as it is.', until: null };
    return null;
  }
  const isEnding = state.kind === 'stopping' && state.next.kind !== 'queued' && state.next.kind !== 'wrap-up';
  if (attemptOf(job) !== null && !isEnding) return null;
  return { says: why, until: state.kind === 'parked' ? state.dueAt : null };
}

function view({ context, resolved, rungs, job }: Given): ResolvedView {
  const at = { now: context.clock(), timeZone: localTimeZone() };
  const held = job === null ? null : heldOf(context, job, resolved);
  const open = resolved.kind === 'rung' ? resolved.rung : null;
  const runs = held === null ? open : null;
  const shown = rungs.map(({ agent, pool, model }, index): ResolvedView['rungs'][number] => {
    const selection = resolved.tried[index]?.selection;
    const name = nameOf({ agent, pool, model });
    if (selection === undefined)
      return {
        agent,
        pool,
        model,
        verdict: 'not-needed',
        until: null,
        skipped: [],
        sentence: `${name} is not needed.`,
      };
    const isOpen = open !== null && index === resolved.tried.length - 1;
    const skipped = selection.skipped.map((each) => ({ ...each }));
    const place = { agent, pool, model, skipped };
    if (isOpen && held?.isResting === true)
      return { ...place, verdict: 'skipped', until: held.until, sentence: `${name} looks open, and met a limit.` };
    if (isOpen)
      return { ...place, verdict: held === null ? 'taken' : 'not-needed', until: null, sentence: `${name} is open.` };
    const until = selection.kind === 'use' ? null : soonestOf(selection);
    const why = selection.skipped.map((each) => sentenceOf(each, at)).join(' ') || `Pool ${pool} has no account.`;
    return { ...place, verdict: 'skipped', until, sentence: `${name} is passed over: ${why}` };
  });
  const times = shown.flatMap(({ until }) => (until === null ? [] : [until]));
  const opensAt = runs !== null || times.length === 0 ? null : Math.min(...times);
  const until = held === null ? opensAt : held.until;
  const isPreferred = runs !== null && resolved.kind === 'rung' && resolved.isPreferred;
  const id = job?.id ?? null;
  const answer = answerOf({ runs, isPreferred, until, job: id }, at);
  const sentence = job === null ? answer : shownText(job.spec, sentenceFor(context, job, { held, runs, answer }));
  return { job: id, runs, isPreferred, until, rungs: shown, sentence };
}

/** What a queued job that takes a rung may have to wait for is said as well. */
function sentenceFor(
  { jobs }: OperationContext,
  job: Job,
  { held, runs, answer }: { readonly held: Held | null; readonly runs: Rung | null; readonly answer: string },
): string {
  if (held !== null) return `Job ${job.id} runs on nothing now. ${held.says}`;
  return job.state.kind === 'queued' && runs !== null ? `${answer} ${jobs.why(job) ?? ''}` : answer;
}

function answerOf(
  { runs, isPreferred, until, job }: Pick<ResolvedView, 'runs' | 'isPreferred' | 'until' | 'job'>,
  { now, timeZone }: { readonly now: number; readonly timeZone: string },
): string {
  const what = job === null ? 'It' : `Job ${job}`;
  if (runs === null) {
    const opens =
      until === null ? 'nobody knows when that changes' : `the first may open ${formatWhen(until, now, timeZone)}`;
    return `${what} would run on nothing now: all is closed, and ${opens}.`;
  }
  const account = runs.account === null ? '' : ` with the login of ${runs.account}`;
  return `${what} would run on ${nameOf(runs)}${account} now, which is ${isPreferred ? 'what it prefers' : 'the best that is open'}.`;
}

function nameOf({ agent, pool, model }: Omit<Rung, 'account' | 'pool'> & { readonly pool: string }): string {
  return `${model === null ? agent : `${model} of ${agent}`} (pool ${pool})`;
}
