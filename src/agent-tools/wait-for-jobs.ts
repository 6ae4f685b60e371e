import { z } from 'zod';
import type { JobId } from '../core/ids.ts';
import { circleOf, circleText } from '../core/job/circle.ts';
import { jobStates, type Job } from '../core/job/job.ts';
import { isSettled } from '../core/job/state.ts';
import { lineageOf, treeOf } from '../core/job/tree.ts';
import { Problem } from '../core/problem.ts';
import { shownText } from '../operations/job-view.ts';
import { quoted } from '../operations/require.ts';
import { patience } from './patience.ts';
import { agentTool, type ToolCall } from './tool.ts';

const longestResult = 20_000;

export const waitForJobs = agentTool({
  name: 'wait_for_jobs',
  title: 'Wait for jobs',
  description:
    'Wait until jobs that you or your children have created have ended, and get their results. It returns after 100 seconds at the latest: while there is something in `pending`, call it again with those ids.',
  effect: 'read',
  input: z.object({ jobs: z.array(z.string()).min(1).max(50).describe('Ids, as create_job returned them') }),
  output: z.object({
    ended: z.array(
      z.object({
        job: z.string(),
        title: z.string(),
        state: z.enum(jobStates),
        result: z.string().nullable().describe('What its agent said in the end'),
        failure: z.string().nullable().describe('Why it did not get there'),
      }),
    ),
    pending: z.array(
      z.object({
        job: z.string(),
        title: z.string(),
        state: z.enum(jobStates),
        why: z.string().nullable().describe('Why it does not run'),
        report: z.string().nullable().describe('What its agent reported last'),
      }),
    ),
  }),
  async run(input, call) {
    const tree = treeOf(call.job, call.jobs.all());
    const ids = input.jobs.map((name) => requireRelative(tree, name).id);
    refuseCircle(call, ids);
    using wait = patience(call.signal, call.waitMs);
    using _ = call.jobs.awaits(call.job.id, ids);
    await Promise.allSettled(ids.map((id) => call.jobs.until(id, isSettled, wait.signal)));
    const found = [...new Set(ids)].flatMap((id) => call.jobs.find(id) ?? []);
    return {
      ended: found.filter(isSettled).map(viewEnded),
      pending: found.filter((job) => !isSettled(job)).map((job) => viewPending(call, job)),
    };
  },
});

/** A job of the caller's tree, by its id or the only beginning of one. */
function requireRelative(tree: readonly Job[], name: string): Job {
  const text = name.trim().toLowerCase();
  const alike = text === '' ? [] : tree.filter(({ id }) => id.startsWith(text));
  const found = alike.find(({ id }) => id === (text as JobId)) ?? (alike.length === 1 ? alike[0] : undefined);
  if (found === undefined)
    throw new Problem('not_found', `There is no job ${quoted(name)} among those that your job has led to.`, {
      hint: 'Use an id that create_job returned.',
    });
  return found;
}

/** Those that a job comes from are taken to wait for it, also where they do not at this moment. */
function refuseCircle({ jobs, job, locks }: ToolCall, ids: readonly JobId[]): void {
  const lineage = lineageOf(job, (id) => jobs.find(id));
  const childOf = (id: JobId): readonly JobId[] => {
    const place = lineage.findIndex((each) => each.id === id && !isSettled(each));
    return lineage.slice(Math.max(place - 1, 0), Math.max(place, 0)).map((each) => each.id);
  };
  const circle = circleOf(job.id, ids, (id) => [...locks.waitsFor(id), ...childOf(id)]);
  if (circle === null) return;
  throw new Problem('conflict', `Your wait would never end: ${circleText(circle)}.`, {
    hint: 'Wait for jobs that do not need yours, or end your turn.',
  });
}

function viewEnded({ id, spec, state }: Job) {
  const result = state.kind === 'done' ? shownText(spec, state.result).slice(0, longestResult) : null;
  const failure = 'failure' in state ? `${state.failure}: ${shownText(spec, state.detail)}` : null;
  return { job: id, title: spec.title, state: state.kind, result, failure };
}

function viewPending({ context }: ToolCall, job: Job) {
  const { id, spec, state, report } = job;
  const why = context.jobs.why(job);
  const shown = (text: string | null): string | null => (text === null ? null : shownText(spec, text));
  return { job: id, title: spec.title, state: state.kind, why: shown(why), report: shown(report) };
}
