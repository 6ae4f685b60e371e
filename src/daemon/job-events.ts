import type { AuditEntry } from '../core/audit.ts';
import type { Job } from '../core/job/job.ts';
import type { Notice, NoticeFacts, NoticeKind } from '../core/notice.ts';
import { shownQuestion } from '../core/job/question.ts';
import { oneLine } from '../core/one-line.ts';
import { withoutSecrets } from '../core/secret-form.ts';
import { dayMs, minuteMs, type EpochMs } from '../core/time.ts';
import { hasEnded } from '../core/job/state.ts';
import type { Log } from '../log/log.ts';
import { shownText } from '../operations/job-view.ts';

export type JobWitness = {
  readonly log: Pick<Log, 'info' | 'warning'>;
  readonly audit: (entry: AuditEntry) => void;
  readonly addNotices: (notices: readonly Notice[]) => void;
};

/** A wait of at least so long is worth a notice. */
const longWaitMs = 30 * minuteMs;
const longestDetail = 300;

/** Tells the log, the audit trail and people what became of a job. */
export function tellJob({ log, audit, addNotices }: JobWitness, before: Job | null, job: Job): void {
  tellWatched({ log, audit }, before, job);
  tellConditions({ audit, addNotices }, before, job);
  const from = before?.state.kind ?? null;
  if (from === job.state.kind && !asksAnew(before, job)) return;
  log.info('job', { job: job.id, from, to: job.state.kind, title: job.spec.title });
  const entry = auditOfJob(job, from);
  if (entry !== null) audit(entry);
  const notice = noticeOfJob(job);
  if (notice !== null) addNotices([notice]);
}

/** It waits for its user as before, for the answer to another question. */
function asksAnew(before: Job | null, { state }: Job): boolean {
  return before?.state.kind === 'waiting' && state.kind === 'waiting' && before.state.since !== state.since;
}

/** What the watch did to it, with what it went by. */
function tellWatched(
  { log, audit }: Pick<JobWitness, 'log' | 'audit'>,
  before: Job | null,
  { id, spec, watched: { last } }: Job,
): void {
  if (last === null || last === before?.watched.last) return;
  const { rule, deed, why, facts } = last;
  log.warning('watch', { job: id, rule, deed, why: plain(spec, why), facts: plain(spec, JSON.stringify(facts)) });
  audit({
    ...{ kind: `job.watch.${rule}`, surface: 'daemon', actor: 'stint', subject: id, outcome: 'done' },
    detail: plain(spec, `${deed}: ${why}`),
  });
}

/** What people are to know of its stop conditions, each once. */
function tellConditions(
  { audit, addNotices }: Pick<JobWitness, 'audit' | 'addNotices'>,
  before: Job | null,
  job: Job,
): void {
  const entry = (kind: string, detail: string): AuditEntry => ({
    ...{ kind, surface: 'daemon', actor: 'stint', subject: job.id, outcome: 'done' },
    detail: plain(job.spec, detail),
  });
  for (const { detail } of job.progress.warned.slice(before?.progress.warned.length ?? 0))
    audit(entry('job.warned', detail));
  if (job.stopped !== null && (before?.stopped ?? null) === null) audit(entry('job.stopped', job.stopped.detail));
  const known = new Set((before === null ? [] : warningNotices(before)).map(({ id }) => id));
  const notices = warningNotices(job).filter(({ id }) => !known.has(id));
  if (notices.length > 0) addNotices(notices);
}

/** A crash can come between a change and its notice. One that is there already is the same. */
export function tellAgain(jobs: readonly Job[], now: EpochMs): readonly Notice[] {
  const last = jobs.reduce((at, { changedAt }) => Math.max(at, changedAt), 0);
  // Notices of long ago are forgotten, and would come twice.
  const since = Math.max(last - minuteMs, now - dayMs);
  return jobs
    .filter(({ changedAt }) => changedAt >= since)
    .flatMap((job) => [...warningNotices(job).filter(({ at }) => at >= since), ...[noticeOfJob(job) ?? []].flat()]);
}

/** Whether a job still is where a notice says, or asks what it says. */
export function jobStillHolds(job: Job | undefined, { id }: Notice): boolean {
  if (job === undefined) return false;
  return [noticeOfJob(job), questionNotice(job), ...warningNotices(job)].some((each) => each?.id === id);
}

/** Where a job came to, as a record of the audit trail; null for what is on the way there. */
function auditOfJob({ id, spec, state, attempts }: Job, from: Job['state']['kind'] | null): AuditEntry | null {
  const entry = (detail: string | null): AuditEntry => ({
    ...{ kind: `job.${state.kind}`, surface: 'daemon', actor: 'stint', subject: id, outcome: 'done' },
    detail: detail === null ? null : plain(spec, detail),
  });
  switch (state.kind) {
    case 'starting':
    case 'stopping':
      return null;
    case 'queued':
      return entry(from === null ? spec.title : state.why);
    case 'running':
      return entry(`attempt ${attempts}`);
    case 'parked': {
      const until = state.dueAt === null ? '' : ` until ${new Date(state.dueAt).toISOString()}`;
      return entry(`${state.reason}${until}${state.estimated ? ', a guess' : ''}: ${state.detail}`);
    }
    case 'waiting':
      return entry(state.question);
    case 'failed':
    case 'blocked':
      return entry(`${state.failure}: ${state.detail}`);
    case 'done':
    case 'cancelled':
      return entry(null);
  }
}

/** What people are told of a job; null where that is nothing. The time of its state makes the edge. */
function noticeOfJob(job: Job): Notice | null {
  const { id, spec, state } = job;
  const notice = (kind: NoticeKind, at: EpochMs, facts: NoticeFacts & { readonly evidence: string }): Notice => ({
    ...{ id: `job:${id}:${kind}:${at}`, kind, thread: `job:${id}`, at },
    facts: { job: id, title: spec.title, ...facts, evidence: plain(spec, facts.evidence) },
  });
  switch (state.kind) {
    case 'parked': {
      const { reason, dueAt, since, estimated, detail } = state;
      if (reason === 'user' || (dueAt !== null && dueAt - since < longWaitMs)) return null;
      return notice('job-parked', since, {
        ...(dueAt === null ? { mend: `stint job show ${id}` } : { until: dueAt, estimated }),
        evidence: detail,
      });
    }
    case 'waiting':
      return questionNotice(job);
    case 'done':
      return notice('job-done', state.at, { evidence: state.result });
    case 'failed':
      return notice('job-failed', state.at, { evidence: state.detail });
    case 'blocked':
      return notice('job-blocked', state.at, { evidence: state.detail });
    default:
      return null;
  }
}

/** What its user is to answer, wherever the job is: of a thread of its own, since what comes after leaves it open. */
function questionNotice(job: Job): Notice | null {
  const { id, spec, state, asked } = job;
  const question = shownQuestion(job);
  const at = state.kind === 'waiting' ? state.since : asked.findLast(({ by }) => by === undefined)?.at;
  if (question === null || at === undefined) return null;
  return {
    ...{ id: `job:${id}:job-waiting:${at}`, kind: 'job-waiting', thread: `job:${id}:question`, at },
    facts: { job: id, title: spec.title, evidence: plain(spec, question) },
  };
}

/** What the user of a job is warned of; nothing any more once it has ended or was stopped. */
function warningNotices(job: Job): readonly Notice[] {
  if (hasEnded(job) || job.state.kind === 'blocked' || job.stopped !== null) return [];
  const { id, spec, progress } = job;
  return progress.warned.map(({ by, detail, at }) => ({
    ...{ id: `job:${id}:job-warned:${by}:${at}`, kind: 'job-warned', thread: `job:${id}`, at },
    facts: { job: id, title: spec.title, evidence: plain(spec, detail) },
  }));
}

function plain(spec: Job['spec'], text: string): string {
  return oneLine(withoutSecrets(shownText(spec, text)), longestDetail);
}
