import { describe, expect, test } from 'bun:test';
import { buildJob } from '../../test/job-builder.ts';
import type { AuditEntry } from '../core/audit.ts';
import { asAttemptId, asJobId } from '../core/ids.ts';
import type { Job, JobState, Park } from '../core/job/job.ts';
import type { Notice } from '../core/notice.ts';
import { dayMs, hourMs, minuteMs } from '../core/time.ts';
import { neverWatched, remembered, type Action } from '../core/watch/action.ts';
import { planFor } from '../notices/plan.ts';
import { jobStillHolds, tellAgain, tellJob } from './job-events.ts';

const now = Date.parse('2026-11-21T13:00:00Z');
const attempt = asAttemptId('job1.2');
const secret = 'sk-test-0123456789abcdef';

const park = (more: Partial<Park>): JobState => ({
  ...{
    kind: 'parked',
    since: now,
    reason: 'limit',
    dueAt: now + hourMs,
    estimated: false,
    detail: 'five_hour rejected',
  },
  ...more,
});
const last: Partial<Job> = { attempts: 2, changedAt: now };
const inState = (state: JobState): Job => buildJob({ ...last, state });

/** What became of it, the record, and the notice. */
const rows: [string, JobState, [string, string | null] | null, string | null][] = [
  ['is being started', { kind: 'starting', attempt }, null, null],
  ['runs', { kind: 'running', attempt }, ['job.running', 'attempt 2'], null],
  ['is being stopped', { kind: 'stopping', attempt, next: { kind: 'cancelled' }, since: now }, null, null],
  ['is tried elsewhere', { kind: 'queued', notBefore: null, why: 'a limit' }, ['job.queued', 'a limit'], null],
  [
    'is parked for long',
    park({}),
    ['job.parked', 'limit until 2026-11-21T14:00:00.000Z: five_hour rejected'],
    'job-parked',
  ],
  [
    'is parked for a moment',
    park({ dueAt: now + minuteMs, estimated: true }),
    ['job.parked', 'limit until 2026-11-21T13:01:00.000Z, a guess: five_hour rejected'],
    null,
  ],
  ['is parked until it is mended', park({ dueAt: null }), ['job.parked', 'limit: five_hour rejected'], 'job-parked'],
  ['is parked by its user', park({ dueAt: null, reason: 'user' }), ['job.parked', 'user: five_hour rejected'], null],
  [
    'asks',
    { kind: 'waiting', attempt: null, question: `Is ${secret}\nright?`, since: now },
    ['job.waiting', 'Is … right?'],
    'job-waiting',
  ],
  ['is done', { kind: 'done', at: now, result: `used ${secret}` }, ['job.done', null], 'job-done'],
  [
    'failed',
    { kind: 'failed', at: now, failure: 'task', detail: 'sk-test-other-0123456789 is bad' },
    ['job.failed', 'task: sk-… is bad'],
    'job-failed',
  ],
  [
    'is blocked',
    { kind: 'blocked', at: now, failure: 'window', detail: 'no end' },
    ['job.blocked', 'window: no end'],
    'job-blocked',
  ],
  ['is cancelled', { kind: 'cancelled', at: now }, ['job.cancelled', null], null],
];

describe('a job that', () => {
  test.each(rows)('%s is a record and a notice where it is to be one', (...[, state, record, kind]) => {
    const { spec } = buildJob();
    const job = { ...inState(state), spec: { ...spec, environment: { KEY: secret, CI: 'a' } } };
    const told = witness(buildJob({ state: { kind: 'cancelled', at: 1 } }), job, state.kind === 'cancelled');
    expect(told.audit.map((each) => [each.kind, each.detail])).toEqual(record === null ? [] : [record]);
    expect(told.notices.map((each) => each.kind as string)).toEqual(kind === null ? [] : [kind]);
    for (const each of told.audit)
      expect(each).toMatchObject({ subject: 'job1', actor: 'stint', surface: 'daemon', outcome: 'done' });
    for (const each of told.notices) {
      const thread = kind === 'job-waiting' ? 'job:job1:question' : 'job:job1';
      expect(each).toMatchObject({ id: `job:job1:${kind}:${now}`, thread, at: now });
      expect(each.facts).toMatchObject({ job: asJobId('job1'), title: 'Fix the tests' });
    }
    expect(JSON.stringify(told)).not.toMatch(/0123456789/);
  });

  test('was added is a record with its title', () => {
    const told = witness(null, buildJob());
    expect(told.audit).toMatchObject([{ kind: 'job.queued', subject: 'job1', detail: 'Fix the tests' }]);
  });

  test('changes without coming to another state is neither', () => {
    const job = inState({ kind: 'running', attempt });
    expect(witness(job, { ...job, fence: 9 })).toEqual({ lines: 0, warnings: 0, audit: [], notices: [] });
  });

  test('asks another question while it waits is a record and a notice of their own', () => {
    const asks = (question: string, since: number): Job => inState({ kind: 'waiting', attempt, question, since });
    const told = witness(asks('May it?', now), asks('And now?', now + 1));
    expect(told.audit).toMatchObject([{ kind: 'job.waiting', detail: 'And now?' }]);
    expect(told.notices).toMatchObject([{ kind: 'job-waiting', at: now + 1 }]);
  });

  test('was stopped by a rule of the watch is a record with its reason, once, without a secret', () => {
    const action: Action = {
      ...{ rule: 'idle', deed: 'resume', facts: { limitMs: 1 } },
      why: 'it said nothing (sk-test-0123456789abcdef)',
    };
    const job = inState({ kind: 'running', attempt });
    const seen = { ...job, watched: remembered(neverWatched, action, now) };
    const told = witness(job, seen);
    expect(told).toMatchObject({
      warnings: 1,
      audit: [{ kind: 'job.watch.idle', subject: 'job1', actor: 'stint' }],
    });
    expect(told.audit[0]?.detail).toMatch(/^resume: it said nothing/);
    expect(JSON.stringify(told)).not.toContain(secret);
    expect(witness(seen, { ...seen, fence: 9 })).toEqual({ lines: 0, warnings: 0, audit: [], notices: [] });
  });
});

describe('the user of a job', () => {
  const running = inState({ kind: 'running', attempt });
  const warned = (by: 'turns' | 'price', at: number): Job['progress']['warned'][number] => {
    return { by, detail: `Of ${by}, with ${secret}.`, at };
  };
  const withWarnings = (...all: Job['progress']['warned']): Job => {
    return { ...running, progress: { ...running.progress, warned: all } };
  };

  test('is told of each warning once, as a record and a notice', () => {
    const told = witness(withWarnings(warned('turns', 5)), withWarnings(warned('turns', 5), warned('price', now)));
    expect(told.audit).toMatchObject([{ kind: 'job.warned', subject: 'job1', detail: 'Of price, with sk-….' }]);
    expect(told.notices).toMatchObject([
      { id: `job:job1:job-warned:price:${now}`, kind: 'job-warned', at: now, facts: { title: 'Fix the tests' } },
    ]);
    const job = withWarnings(warned('price', now));
    const [notice] = witness(running, job).notices;
    if (notice === undefined) throw new Error('no notice');
    expect(tellAgain([{ ...job, changedAt: now }], now)).toEqual([notice]);
    const over: Job = { ...job, state: { kind: 'done', at: now, result: '' } };
    expect([job, over, running].map((each) => jobStillHolds(each, notice))).toEqual([true, false, false]);
  });

  test('finds in the trail by what it was stopped', () => {
    const stopped = { by: 'time', detail: 'It has reached its time.', at: now, words: null } as const;
    const next: JobState = { kind: 'stopping', attempt, next: { kind: 'wrap-up' }, since: now };
    expect(witness(running, { ...running, state: next, stopped }).audit).toMatchObject([
      { kind: 'job.stopped', detail: 'It has reached its time.' },
    ]);
    expect(witness({ ...running, stopped }, { ...running, stopped }).audit).toEqual([]);
  });
});

test('a notice holds as long as its job is where it says, and no longer', () => {
  const asking = inState({ kind: 'waiting', attempt: null, question: 'Which?', since: now });
  const [notice] = witness(null, asking).notices;
  if (notice === undefined) throw new Error('no notice');
  const again = inState({ kind: 'waiting', attempt: null, question: 'Which?', since: now + 1 });
  const rest = [undefined, again, inState({ kind: 'running', attempt }), inState({ kind: 'cancelled', at: now })];
  expect(jobStillHolds({ ...asking, fence: 9, changedAt: now + 5 }, notice)).toBe(true);
  expect(rest.map((each) => jobStillHolds(each, notice))).toEqual([false, false, false, false]);
});

test('a question holds until it is answered, wherever its job is, and no later notice takes its place', () => {
  const asked = [{ question: 'Which?', at: now, answer: null }];
  const where = (state: JobState, more: Partial<Job> = {}): Job => ({ ...inState(state), asked, ...more });
  const [notice] = witness(null, where({ kind: 'waiting', attempt, question: 'Which?', since: now })).notices;
  const parked = where(park({}));
  const [later] = witness(null, parked).notices;
  if (notice === undefined || later === undefined) throw new Error('no notice');
  const open = [parked, where({ kind: 'queued', notBefore: null, why: null }), where({ kind: 'running', attempt })];
  expect(open.map((each) => jobStillHolds(each, notice))).toEqual([true, true, true]);
  const answered = where({ kind: 'running', attempt }, { asked: [{ question: 'Which?', at: now, answer: 'This' }] });
  const over = [answered, where({ kind: 'done', at: now, result: '' })];
  expect(over.map((each) => jobStillHolds(each, notice))).toEqual([false, false]);
  const quiet = { from: '22:00', to: '07:00', timeZone: 'UTC' };
  const fresh = { channel: 'log', attempts: 0, dueAt: now, toldAt: null, reference: null, error: null };
  const waiting = [notice, later].map((each) => ({ notice: each, delivery: { ...fresh, notice: each.id } }));
  const standing = { isSetUp: true, disabled: undefined, quiet, pausedUntil: 0, holds: () => true };
  expect(planFor(waiting, standing, Date.parse('2026-11-21T23:00:00Z')).end).toEqual([]);
});

describe('after a crash', () => {
  test('what the last moment before it brought is told again under the same id, and no more', () => {
    const at = (id: string, changedAt: number): Job =>
      buildJob({ id: asJobId(id), changedAt, state: { kind: 'done', at: changedAt, result: '' } });
    const jobs = [at('old', now - hourMs), at('late', now - 1000), at('last', now), buildJob({ changedAt: now })];
    expect(tellAgain(jobs, now + hourMs).map(({ id }) => id)).toEqual([
      `job:late:job-done:${now - 1000}`,
      `job:last:job-done:${now}`,
    ]);
    expect(tellAgain(jobs, now + 40 * dayMs)).toEqual([]);
    expect(tellAgain([], now)).toEqual([]);
  });
});

function witness(before: Job | null, after: Job, other = false) {
  const told = { lines: 0, warnings: 0, audit: [] as AuditEntry[], notices: [] as Notice[] };
  const from = other ? buildJob() : before;
  tellJob(
    {
      log: { info: () => void (told.lines += 1), warning: () => void (told.warnings += 1) },
      audit: (entry) => void told.audit.push(entry),
      addNotices: (notices) => void told.notices.push(...notices),
    },
    from,
    after,
  );
  return told;
}
