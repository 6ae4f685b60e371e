import { z } from 'zod';
import { failureKinds } from '../core/job/failure-kind.ts';
import { jobStates, type Job, type JobSpec } from '../core/job/job.ts';
import { shownQuestion } from '../core/job/question.ts';
import { watchRules } from '../core/watch/action.ts';
import { isCounted, knownUsd, stopModes, type Spent } from '../core/job/stop.ts';
import { transports } from '../core/job/transport.ts';
import { looksSecret } from '../core/secret-form.ts';
import { secondMs } from '../core/time.ts';
import type { OperationContext } from './context.ts';

const moment = z.number().describe('Epoch milliseconds');

const spentShape = z.object({
  turns: z.number().describe('Answers of its model'),
  inputTokens: z.number(),
  cacheReadTokens: z.number().describe('Of `inputTokens`'),
  cacheWriteTokens: z.number().describe('Of `inputTokens`'),
  outputTokens: z.number(),
  cost: z
    .number()
    .nullable()
    .describe('US dollars at list prices, whatever plan pays; null where it is not known, or not yet'),
  knownCost: z.number().describe('What is known of it'),
  time: z.number().describe('Seconds of running'),
});

export const jobShape = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(jobStates),
  why: z.string().nullable().describe('One sentence for a job that is not running'),
  agent: z.string(),
  model: z.string().nullable().describe('The preferred one; what an attempt really used is in `attempt`'),
  pool: z.string().nullable(),
  directory: z.string(),
  priority: z.number(),
  dependsOn: z.array(z.string()),
  scheduleAt: moment.nullable(),
  repeat: z.number().nullable().describe('Seconds'),
  session: z.string().nullable().describe('The conversation that the next attempt goes on with'),
  attempts: z.number(),
  attempt: z
    .object({
      number: z.number(),
      agent: z.string(),
      model: z.string().nullable(),
      pool: z.string(),
      account: z.string().nullable().describe('Of a profile; in gateway mode each request has its own'),
      pid: z.number().nullable(),
      startedAt: moment,
      endedAt: moment.nullable(),
      exitCode: z.number().nullable(),
      outcome: z.string().nullable(),
      spent: spentShape,
    })
    .nullable()
    .describe('The latest'),
  dueAt: moment.nullable().describe('When a parked job goes on'),
  estimated: z.boolean().describe('Nobody told when, and `dueAt` is a guess'),
  question: z.string().nullable().describe('To be answered with job.answer, wherever the job is'),
  result: z.string().nullable().describe('What its agent said in the end; in lists its beginning'),
  failure: z.enum(failureKinds).nullable(),
  lastAction: z
    .object({ rule: z.enum(watchRules), at: moment, why: z.string() })
    .nullable()
    .describe('What the watch did to it last, and why'),
  stop: z
    .object({
      turns: z.number().nullable(),
      budget: z.number().nullable().describe('US dollars'),
      time: z.number().nullable().describe('Seconds of running'),
      completion: z.boolean().describe('It goes on until its agent calls finish_job'),
    })
    .nullable()
    .describe('What stops it before its agent has finished; null for nothing'),
  spent: spentShape.describe('Of all its attempts up to now'),
  stopped: z
    .object({ by: z.enum(stopModes), detail: z.string() })
    .nullable()
    .describe('The condition that has stopped it; its agent saves its work, and then it is done'),
  resumes: z.number().describe('In a row without a completed turn; after five the job is blocked'),
  addedAt: moment,
  changedAt: moment,
  parent: z.string().nullable().describe('The job whose agent has added it'),
  report: z.string().nullable().describe('How far its agent said that it is'),
  transport: z.enum(transports),
  interactive: z.boolean(),
});

export type JobView = z.infer<typeof jobShape>;

/** A job as every surface shows it. */
export function viewJob({ jobs }: OperationContext, job: Job): JobView {
  const { id, spec, state } = job;
  const { last } = job.watched;
  const question = shownQuestion(job);
  const attempt = jobs.attempt(id);
  const why = jobs.why(job);
  const spent = jobs.spent(job);
  const shown = (text: string): string => shownText(spec, text);
  return {
    id,
    ...{
      title: spec.title,
      state: state.kind,
      why: why === null ? null : shown(why),
      agent: spec.agent,
      model: spec.model,
    },
    ...{ pool: spec.pool, directory: spec.directory, priority: spec.priority, dependsOn: [...spec.dependsOn] },
    ...{ scheduleAt: spec.scheduleAt, repeat: spec.repeatMs === null ? null : spec.repeatMs / 1000 },
    session: job.conversation?.session ?? null,
    attempts: job.attempts,
    attempt: attempt === undefined ? null : { ...viewAttempt(attempt, shown), spent: viewSpent(spent.attempt) },
    dueAt: state.kind === 'parked' ? state.dueAt : null,
    estimated: state.kind === 'parked' && state.estimated,
    question: question === null ? null : shown(question),
    result: state.kind === 'done' ? shown(state.result) : null,
    failure: state.kind === 'failed' || state.kind === 'blocked' ? state.failure : null,
    lastAction: last === null ? null : { rule: last.rule, at: last.at, why: shown(last.why) },
    stop: viewStop(spec),
    spent: viewSpent(spent.job),
    stopped: job.stopped === null ? null : { by: job.stopped.by, detail: job.stopped.detail },
    resumes: job.restarts.resumes,
    ...{ addedAt: job.addedAt, changedAt: job.changedAt, parent: spec.parent },
    report: job.report === null ? null : shown(job.report),
    ...{ transport: spec.transport, interactive: spec.interactive },
  };
}

function viewStop({ stop }: JobSpec): JobView['stop'] {
  const { turns, budget, timeMs, completion } = stop;
  if (!isCounted(stop) && !completion) return null;
  return { turns, budget, time: timeMs === null ? null : timeMs / secondMs, completion };
}

function viewSpent(spent: Spent): JobView['spent'] {
  const { costUsd, leastUsd: _, runningMs, ...rest } = spent;
  const knownCost = Math.round(knownUsd(spent) * 1e6) / 1e6;
  return { ...rest, cost: costUsd === null ? null : knownCost, knownCost, time: Math.round(runningMs / secondMs) };
}

function viewAttempt(
  attempt: NonNullable<ReturnType<OperationContext['jobs']['attempt']>>,
  shown: (text: string) => string,
): Omit<NonNullable<JobView['attempt']>, 'spent'> {
  const { number, agent, model, pool, account, pid, startedAt, endedAt, exitCode, outcome } = attempt;
  const said =
    outcome === null ? null : outcome.kind === 'failed' ? `${outcome.failure}: ${shown(outcome.detail)}` : outcome.kind;
  return { number, agent, model, pool, account, pid, startedAt, endedAt, exitCode, outcome: said };
}

/** The token of an attempt for Stint's own tools. */
const toolToken = /stjob_[\w.-]+/g;

/** What an agent said, without the secrets that it was given for its environment. */
export function shownText({ environment }: JobSpec, text: string): string {
  return Object.values(environment)
    .filter(looksSecret)
    .reduce((rest, value) => rest.replaceAll(value, '…'), text.replaceAll(toolToken, '…'));
}
