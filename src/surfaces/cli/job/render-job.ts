import { spentText, stopText } from '../../../core/spend/spent-text.ts';
import { formatDuration, formatWhen, secondMs } from '../../../core/time.ts';
import type { JobView } from '../../../operations/job-view.ts';
import type { Look } from '../render.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export function renderJobs({ jobs }: { readonly jobs: readonly JobView[] }, look: Look): string {
  if (jobs.length === 0) return 'No jobs. Add one with: stint run "fix the tests"';
  return renderTable(
    ['JOB', 'STATE', 'FOR', 'AGENT', 'TITLE', 'WHY'],
    jobs.map((job) => [
      job.id,
      colouredState(job, look.terminal),
      formatDuration(look.now - job.changedAt),
      agentOf(job),
      oneLine(job.title),
      oneLine(shortWhy(job) ?? job.report ?? '-'),
    ]),
    look.terminal.columns,
  );
}

export function renderJob(job: JobView, look: Look): string {
  const { terminal, now, timeZone } = look;
  const when = (at: number): string => formatWhen(at, now, timeZone);
  const { pool, priority, dependsOn, scheduleAt, repeat, session, resumes, lastAction, why, result } = job;
  const head = `${terminal.style('bold', job.id)}  ${colouredState(job, terminal)}  ${oneLine(job.title)}`;
  const model = job.model === null ? '' : `, model ${job.model}`;
  const spent = spentText(job.spent);
  const lines = [
    ...(why === null ? [] : [`why: ${oneLine(why)}`]),
    ...(job.question === null || job.state === 'waiting'
      ? []
      : [`asks: ${oneLine(job.question)} Answer with: stint job answer ${job.id} "..."`]),
    `agent: ${job.agent}${model}${pool === null ? '' : `, pool ${pool}`}`,
    `directory: ${job.directory}`,
    ...(priority === 0 ? [] : [`priority: ${priority}`]),
    ...(dependsOn.length === 0 ? [] : [`after: ${dependsOn.join(', ')}`]),
    ...(scheduleAt === null ? [] : [`scheduled: ${when(scheduleAt)}`]),
    ...(repeat === null ? [] : [`again: every ${formatDuration(repeat * secondMs)}`]),
    ...(job.parent === null ? [] : [`added by: the agent of job ${job.parent}`]),
    ...(job.stop === null ? [] : [`stops: ${stopText(job.stop)}`]),
    ...renderAttempt(job, look),
    ...(spent === null ? [] : [`spent: ${spent}`]),
    ...(job.report === null ? [] : [`report: ${oneLine(job.report)}`]),
    ...(session === null ? [] : [`conversation: ${session}`]),
    ...(resumes === 0 ? [] : [`resumed: ${resumes} of 5 times since its last turn`]),
    ...(lastAction === null ? [] : [`watch: ${oneLine(lastAction.why)}, ${when(lastAction.at)} (${lastAction.rule})`]),
    `added: ${when(job.addedAt)}`,
    ...(result === null
      ? []
      : [
          'result:',
          ...result
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
        ]),
  ];
  return [head, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** Where a job is after it was changed. */
export function renderChanged(job: JobView, { terminal }: Look): string {
  const says = job.state === 'cancelled' || job.state === 'done' ? '' : ` ${oneLine(job.why ?? '')}`;
  return `Job ${job.id} is ${colouredState(job, terminal)}.${says}`.trimEnd();
}

export function renderAdded(job: JobView, look: Look): string {
  return `Added job ${job.id}: ${oneLine(job.title)}\n${renderChanged(job, look)} Follow it with: stint job logs ${job.id} --follow`;
}

/** On what the latest attempt runs, or ran. */
export function attemptText({ attempt }: JobView): string {
  if (attempt === null) return 'nothing yet';
  const { agent, model, pool, account } = attempt;
  return [agent, ...(model === null ? [] : [`model ${model}`]), account ?? `pool ${pool}`].join(', ');
}

function renderAttempt(job: JobView, { now, timeZone }: Look): string[] {
  const { attempt, attempts } = job;
  if (attempt === null) return ['attempts: none yet'];
  const { startedAt, endedAt, exitCode, outcome, pid } = attempt;
  const on = `attempts: ${attempts}; the latest on ${attemptText(job)}`;
  const began = `began ${formatWhen(startedAt, now, timeZone)}`;
  if (endedAt === null) return [on, `  ${began}${pid === null ? '' : `, process ${pid}`}`];
  const code = exitCode === null ? '' : `, exit code ${exitCode}`;
  const said = outcome === null ? '' : `: ${oneLine(outcome)}`;
  return [on, `  ${began}, took ${formatDuration(endedAt - startedAt)}${code}${said}`];
}

function agentOf({ agent, model, attempt }: JobView): string {
  const used = attempt?.endedAt === null ? attempt : { agent, model };
  return used.model === null ? used.agent : `${used.agent} ${used.model}`;
}

/** In a list the state stands beside it, and when it came is in a column of its own. */
function shortWhy({ state, why }: JobView): string | null {
  return state === 'done' || state === 'cancelled' ? null : why;
}

const colours: Readonly<Partial<Record<JobView['state'], 'green' | 'cyan' | 'yellow' | 'red' | 'dim'>>> = {
  done: 'green',
  starting: 'cyan',
  running: 'cyan',
  parked: 'yellow',
  waiting: 'yellow',
  failed: 'red',
  blocked: 'red',
  cancelled: 'dim',
};

function colouredState({ state }: JobView, terminal: Terminal): string {
  const colour = colours[state];
  return colour === undefined ? state : terminal.style(colour, state);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
