import { describe, expect, test } from 'bun:test';
import type { JobView } from '../../../operations/job-view.ts';
import { render } from '../render.ts';
import { terminal, type Terminal } from '../terminal.ts';
import { plainAudience } from './progress.ts';
import { jobLogPrinter, renderJobLogLine } from './render-log.ts';

const plain: Terminal = { ...terminal, columns: undefined, style: (_, text) => text };

const queued: JobView = {
  id: 'k3j9d8f7ab',
  title: 'fix the tests',
  state: 'queued',
  why: 'It is about to be started.',
  agent: 'claude',
  model: null,
  pool: null,
  directory: '/work',
  priority: 0,
  dependsOn: [],
  scheduleAt: null,
  repeat: null,
  session: null,
  attempts: 0,
  attempt: null,
  dueAt: null,
  estimated: false,
  question: null,
  result: null,
  failure: null,
  lastAction: null,
  stop: null,
  spent: {
    turns: 0,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    cost: 0,
    knownCost: 0,
    time: 0,
  },
  stopped: null,
  resumes: 0,
  addedAt: 0,
  changedAt: 0,
  parent: null,
  report: null,
  transport: 'pipe',
  interactive: false,
};

test.each([
  ['add', queued, 'Added job k3j9d8f7ab: fix the tests\nJob k3j9d8f7ab is queued. It is about to be started. Follow'],
  ['cancel', { ...queued, state: 'cancelled', why: 'It was cancelled 0s ago.' }, 'Job k3j9d8f7ab is cancelled.'],
  [
    'park',
    { ...queued, state: 'parked', why: 'You parked it: a\nb.' },
    'Job k3j9d8f7ab is parked. You parked it: a b.',
  ],
  ['resume', { ...queued, state: 'running', why: null }, 'Job k3j9d8f7ab is running.'],
] as const)('stint job %s says where the job is', (verb, job, text) => {
  expect(render(`job.${verb}`, job, plain)).toStartWith(text);
});

describe('a job with stop conditions', () => {
  const stop = { turns: 40, budget: 2.5, time: null, completion: false };
  const stopped = { by: 'turns', detail: 'It has reached its limit of 40 turns (40 taken).' } as const;
  const spent = { ...queued.spent, turns: 40, inputTokens: 1_200_000, outputTokens: 900, cost: null, time: 61 };

  test('shows them, and what it has spent', () => {
    const lines = render('job.show', { ...queued, stop, spent }, plain).split('\n');
    expect(lines).toContain('  stops: after 40 turns or $2.50');
    expect(lines).toContain('  spent: 40 turns, 1.2M tokens in, 900 out, cost unknown, 1m 1s running');
  });

  test('says while it is followed that its work is saved, and in the end by what it was stopped', () => {
    const said: string[] = [];
    const audience = plainAudience(
      { ...plain, error: (line) => void said.push(line), print: () => undefined },
      Date.now(),
    );
    const attempt = {
      ...{ number: 2, agent: 'claude', model: null, pool: 'anthropic', account: null, pid: 7, startedAt: 0 },
      ...{ endedAt: null, exitCode: null, outcome: null, spent },
    };
    audience.state({ ...queued, state: 'running', attempts: 2, attempt, stop, stopped });
    audience.end({ ...queued, state: 'done', attempts: 2, attempt, stop, stopped, result: stopped.detail }, false);
    expect(said).toEqual([
      'It has reached its limit of 40 turns (40 taken). Attempt 2 runs on claude, pool anthropic, to save the work.',
      expect.stringMatching(/^Stopped in \d+s, after 2 attempts\. It has reached its limit of 40 turns/) as string,
    ]);
  });
});

describe('a list of jobs', () => {
  test('says where to begin when there is none', () => {
    expect(render('job.list', { jobs: [] }, plain)).toBe('No jobs. Add one with: stint run "fix the tests"');
  });

  test.each([72, 80, 120])('fits a terminal of %d columns, whatever is in it', (columns) => {
    const title = `${'日本語'.repeat(40)}\nsecond line`;
    const why = `It is parked, for nothing is open (${'x'.repeat(200)}), and goes on in 2h.`;
    const jobs = [queued, { ...queued, title, why, state: 'parked', model: 'claude-opus-4-8[1m]' }];
    const lines = render('job.list', { jobs }, { ...plain, columns }).split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
    expect(lines[2]).toContain('k3j9d8f7ab  parked');
  });
});

test('a job that waits for others and for its time says so', () => {
  const shown = render(
    'job.show',
    { ...queued, dependsOn: ['a', 'b'], scheduleAt: 0, repeat: 3600, resumes: 2, pool: 'night' },
    plain,
  );
  for (const line of ['agent: claude, pool night', 'after: a, b', 'scheduled: ', 'again: every 1h', 'resumed: 2 of 5'])
    expect(shown).toContain(`\n  ${line}`);
  expect(shown).toContain('\n  attempts: none yet\n');
});

test.each([
  ['tool', 'Bash {"command":"npm  test\\n","description":"Run"}', '> Bash npm test'],
  ['tool', 'Read {"file_path":"/a.ts","limit":3}', '> Read /a.ts'],
  ['tool', 'TodoWrite {"todos":[]}', '> TodoWrite {"todos":[]}'],
  ['tool', 'Bash {"command":"echo \\"a\\" && very lo', '> Bash echo "a" && very lo…'],
  ['tool', 'shell ls -l', '> shell ls -l'],
  ['tool', 'Stop {}', '> Stop'],
  ['text', 'two\nlines', 'two\nlines'],
  ['retrying', 'overloaded\n529', 'asks again: overloaded 529'],
  ['limited', 'five_hour rejected', 'limit: five_hour rejected'],
  ['error', 'task: no', 'error: task: no'],
])('what an agent tells as %s %j is shown as %j', (kind, text, shown) => {
  expect(renderJobLogLine({ attempt: 1, kind, text }, plain)).toBe(shown);
});

test('a log has a heading for each attempt, and a last word that is new', () => {
  const line = jobLogPrinter(plain);
  const lines = [
    line({ attempt: 1, kind: 'text', text: 'done' }),
    line({ attempt: 1, kind: 'result', text: 'done' }),
    line({ attempt: 2, kind: 'result', text: 'another' }),
  ];
  expect(lines).toEqual(['--- attempt 1\ndone', null, '--- attempt 2\nanother']);
});
