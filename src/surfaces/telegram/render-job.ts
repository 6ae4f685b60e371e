import { oneLine } from '../../core/one-line.ts';
import { spentText, stopText } from '../../core/spend/spent-text.ts';
import type { JobView } from '../../operations/job-view.ts';
import { bold, code, escape, type Html } from './html.ts';
import { type Look, when } from './render-status.ts';

const lights: Readonly<Record<JobView['state'], string>> = {
  queued: '⏳',
  starting: '▶️',
  running: '▶️',
  parked: '⏸',
  waiting: '❓',
  stopping: '⏹',
  done: '✅',
  failed: '❌',
  blocked: '⛔',
  cancelled: '⚪',
};

/** A phone shows no more of them. */
const mostListed = 10;
const longestResult = 1500;

/** Those that go on first, one line each; of those that have ended the latest. */
export function renderJobs({ jobs }: { jobs: readonly JobView[] }): Html[] {
  if (jobs.length === 0) return ['No jobs.'];
  const open = jobs.filter((each) => !hasEnded(each));
  const shown = [...open, ...jobs.filter(hasEnded)].slice(0, mostListed);
  const left = jobs.length - shown.length;
  return [...shown.map(jobLine), ...(left === 0 ? [] : [`And ${left} more.`])];
}

/** With what its stop conditions cannot do. */
export function renderAddedJob(job: JobView & { readonly warnings: readonly string[] }, look: Look): Html[] {
  return [...renderJob(job, look), ...job.warnings.map((each) => `⚠️ ${escape(each)}`)];
}

export function renderJob(job: JobView, look: Look): Html[] {
  const { id, agent, model, pool, directory, attempt, why, question, result } = job;
  const on = [model === null ? '' : ` with ${escape(model)}`, pool === null ? '' : ` in pool ${escape(pool)}`].join('');
  const last =
    attempt === null
      ? []
      : [
          `attempt ${attempt.number}: ${escape(attempt.agent)}${attempt.model === null ? '' : ` with ${escape(attempt.model)}`}, ${
            attempt.endedAt === null ? `since ${when(attempt.startedAt, look)}` : escape(oneLine(attempt.outcome ?? ''))
          }`,
        ];
  const spent = spentText(job.spent);
  return [
    jobLine(job),
    `${escape(agent)}${on} in ${escape(directory)}, added ${when(job.addedAt, look)}`,
    ...last,
    ...(job.stop === null ? [] : [`stops ${escape(stopText(job.stop))}`]),
    ...(spent === null ? [] : [`spent ${escape(spent)}`]),
    ...(why === null ? [] : [escape(oneLine(why, 600))]),
    ...(result === null || result === '' ? [] : [escape(oneLine(result, longestResult))]),
    ...(question === null || job.state === 'waiting' ? [] : [`asks: ${escape(oneLine(question, 600))}`]),
    ...(question !== null ? [`Answer: ${code(`/job_answer ${id} "…"`)}`] : []),
  ];
}

function jobLine({ id, title, state }: JobView): Html {
  return `${lights[state]} ${bold(id)} ${state} ${escape(oneLine(title, 60))}`;
}

function hasEnded({ state }: JobView): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}
