import { describe, expect, test } from 'bun:test';
import { buildJob } from '../../../test/job-builder.ts';
import { asAttemptId, asJobId } from '../ids.ts';
import { jobStates, type Job, type JobState } from './job.ts';
import { readinessOf } from './ready.ts';
import { whyNotRunning, type WhyFacts } from './why.ts';

const now = Date.parse('2026-11-21T12:00:00Z');
const attempt = asAttemptId('job1.1');
const facts: WhyFacts = { now, timeZone: 'UTC', waitsFor: [], room: null, restsUntil: null, paused: null };
const park = {
  kind: 'parked',
  dueAt: now + 5_400_000,
  estimated: false,
  detail: 'anthropic/work five_hour',
  since: now,
} as const;

describe('why a job is not running', () => {
  const rows: [JobState, Partial<WhyFacts>, string | null][] = [
    [{ kind: 'running', attempt }, {}, null],
    [{ kind: 'queued', notBefore: null, why: null }, {}, 'It is about to be started.'],
    [
      { kind: 'queued', notBefore: null, why: null },
      { room: { running: 4, places: 4 } },
      'All 4 places are taken (4 running); it is started when one is free.',
    ],
    [
      { kind: 'queued', notBefore: null, why: null },
      { waitsFor: [{ id: asJobId('job0'), state: 'parked' }] },
      'It waits for job job0, which is parked.',
    ],
    [
      { kind: 'queued', notBefore: null, why: null },
      { paused: 'the disk is nearly full' },
      'Nothing is started at the moment: the disk is nearly full.',
    ],
    [
      { kind: 'queued', notBefore: now + 30_000, why: 'the agent crashed' },
      {},
      'It is tried again in 30s (12:00 UTC): the agent crashed.',
    ],
    [
      { kind: 'queued', notBefore: null, why: 'limit reached.' },
      { restsUntil: now + 30_000 },
      'It met a limit where something looked open, and is tried there again in 30s (12:00 UTC): limit reached.',
    ],
    [{ kind: 'starting', attempt }, {}, 'claude is being started.'],
    [
      { ...park, reason: 'limit' },
      {},
      'It is parked, for nothing is open (anthropic/work five_hour), and goes on in 1h 30m (13:30 UTC).',
    ],
    [
      { ...park, reason: 'limit', estimated: true },
      {},
      'It is parked, for nothing is open (anthropic/work five_hour), and goes on in 1h 30m (13:30 UTC), which is a guess.',
    ],
    [
      { ...park, reason: 'login', dueAt: null, detail: 'anthropic/work needs-login' },
      {},
      'It is parked, for nothing is open (anthropic/work needs-login), until somebody mends that.',
    ],
    [
      { ...park, reason: 'user', detail: 'not before lunch' },
      {},
      'You parked it: not before lunch. Go on with: stint job resume job1',
    ],
    [
      { kind: 'waiting', attempt, question: 'Which branch?', since: now },
      {},
      'It waits for you: Which branch? Answer with: stint job answer job1 "..."',
    ],
    [
      { kind: 'stopping', attempt, next: { kind: 'cancelled' }, since: now },
      {},
      'Its process is being ended; then it is cancelled.',
    ],
    [{ kind: 'done', at: now - 60_000, result: 'ok' }, {}, 'It was done 1m ago (11:59 UTC).'],
    [
      { kind: 'failed', at: now - 60_000, failure: 'task', detail: 'The tests do not pass.' },
      {},
      'It failed 1m ago (11:59 UTC) (task): The tests do not pass. Try again with: stint job retry job1',
    ],
    [
      { kind: 'blocked', at: now, failure: 'window', detail: 'Its directory is gone.' },
      {},
      'It is blocked: Its directory is gone. Go on with: stint job retry job1',
    ],
    [{ kind: 'cancelled', at: now - 60_000 }, {}, 'It was cancelled 1m ago (11:59 UTC).'],
  ];
  test.each(rows)('%j', (state, more, sentence) => {
    expect(whyNotRunning(buildJob({ state }), { ...facts, ...more })).toBe(sentence);
  });

  test('is said of every state but one', () => {
    expect(new Set(rows.map(([state]) => state.kind))).toEqual(new Set(jobStates));
  });

  test('is its schedule before anything else', () => {
    const job = buildJob();
    const scheduled = { ...job, spec: { ...job.spec, scheduleAt: now + 3_600_000 } };
    expect(whyNotRunning(scheduled, facts)).toBe('It is scheduled and starts in 1h (13:00 UTC).');
  });
});

describe('a queued job', () => {
  const state = (kind: JobState['kind']): Job =>
    buildJob({
      id: asJobId('job0'),
      state: kind === 'done' ? { kind, at: 0, result: '' } : ({ kind, at: 0 } as JobState),
    });
  test.each([
    ['done', { kind: 'ready' }],
    ['blocked', { kind: 'later', at: null }],
    ['running', { kind: 'later', at: null }],
    ['failed', { kind: 'never', because: asJobId('job0') }],
    ['cancelled', { kind: 'never', because: asJobId('job0') }],
  ] as const)('that depends on one that is %s: %j', (kind, readiness) => {
    const job = buildJob();
    const waiting = { ...job, spec: { ...job.spec, dependsOn: [asJobId('job0')] } };
    expect(readinessOf(waiting, () => state(kind), now)).toEqual(readiness);
  });

  test('starts when its schedule and its backoff have passed, the later of them', () => {
    const job = buildJob({ state: { kind: 'queued', notBefore: now + 2000, why: null } });
    const scheduled = { ...job, spec: { ...job.spec, scheduleAt: now + 1000 } };
    expect(readinessOf(scheduled, () => undefined, now)).toEqual({ kind: 'later', at: now + 2000 });
    expect(readinessOf(scheduled, () => undefined, now + 2000)).toEqual({ kind: 'ready' });
  });
});
