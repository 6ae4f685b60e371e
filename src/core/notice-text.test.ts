import { describe, expect, test } from 'bun:test';
import { idOf, labelFrom } from '../../test/builders.ts';
import { asJobId } from './ids.ts';
import { noticeKinds, type Notice, type NoticeFacts, type NoticeKind } from './notice.ts';
import { describeNotice, noticeAsText, plainFacts } from './notice-text.ts';
import { hourMs, minuteMs, secondMs, type EpochMs } from './time.ts';

const at = Date.parse('2026-11-21T13:05:00Z');
const zone = 'Europe/Rome';

function buildNotice(kind: NoticeKind, facts: NoticeFacts): Notice {
  return { id: `${kind}:1`, kind, thread: 'thread', at, facts };
}

const pool = labelFrom('anthropic');
const account = idOf('work');
const job = { job: asJobId('k3x9m2p4qa'), title: 'Fix the tests' };

/** As a person reads it, line by line. */
const rows: [string, NoticeKind, NoticeFacts, EpochMs, string[]][] = [
  [
    'an account whose credential is refused',
    'account-needs-login',
    { account, evidence: 'invalid x-api-key.', mend: 'stint account add anthropic work --replace' },
    at,
    [
      'Account anthropic/work needs a new login.',
      'The provider has refused its credential since 14:05 GMT+1: “invalid x-api-key”.',
      'It takes no work until it has a new one.',
      'What you can do: stint account add anthropic work --replace',
    ],
  ],
  [
    'a limit of every model',
    'account-limited',
    { account, pool, window: 'five_hour', until: at + 2 * hourMs, evidence: 'five_hour rejected' },
    at + secondMs,
    [
      'Account anthropic/work has reached its five_hour limit.',
      'It has been closed since 14:05 GMT+1: “five_hour rejected”.',
      'It opens in 1h 59m (16:05 GMT+1).',
      'Nothing to do: the other accounts of its pool take its work while one of them is open.',
    ],
  ],
  [
    'a limit of one model, whose end is a guess',
    'account-limited',
    { account, window: 'tokens', family: 'opus', until: at + minuteMs, estimated: true },
    at,
    [
      'Account anthropic/work has reached its tokens limit for opus models.',
      'It has been closed for opus models since 14:05 GMT+1.',
      'It is tried again in 1m (14:06 GMT+1); the provider has not said when it opens.',
      'Nothing to do: the other accounts of its pool take its work while one of them is open.',
    ],
  ],
  [
    'overage',
    'overage-begun',
    { account, pool, window: 'five_hour', until: at + hourMs },
    at,
    [
      'Account anthropic/work costs extra money.',
      'Its plan is used up, and the provider has served for extra money since 14:05 GMT+1.',
      'The plan itself goes on in 1h (15:05 GMT+1).',
      'What you can do: stint pool set anthropic --overage forbid',
    ],
  ],
  [
    'an agent that asks again after a reset whose end nobody saw',
    'auth-reset-done',
    { pool, since: at, target: 'mine', resumedAfterMs: 60_000, interrupted: true },
    at,
    [
      'The agent of pool anthropic asks again after an auth reset that was interrupted.',
      'Stint ended while the command ran that resets its login mine, begun at 14:05 GMT+1; its outcome is unknown.',
      'Its traffic resumed after 1m.',
      'What you can do: stint pool explain anthropic',
    ],
  ],
  [
    'a pool that is exhausted, told ten minutes later',
    'pool-exhausted',
    { pool, since: at, until: at + 26 * hourMs },
    at + 10 * minuteMs,
    [
      'Pool anthropic is exhausted.',
      'No account of it has been open since 14:05 GMT+1 (10m ago).',
      'The first account opens in 1d 1h (Nov 22, 16:05 GMT+1).',
      'What you can do: stint pool explain anthropic',
    ],
  ],
  [
    'a pool that is exhausted for a model, until nobody knows when',
    'pool-exhausted',
    { pool, family: 'opus', evidence: 'Your credit balance is too low', mend: 'Buy credits, or add an account.' },
    at,
    [
      'Pool anthropic is exhausted for opus models.',
      'No account of it has been open for opus models since 14:05 GMT+1: “Your credit balance is too low”.',
      'Nobody has said when it goes on.',
      'What you can do: Buy credits, or add an account.',
    ],
  ],
  [
    'a pool whose time has come by the time it is told',
    'pool-exhausted',
    { pool, until: at + minuteMs },
    at + 9 * hourMs,
    [
      'Pool anthropic is exhausted.',
      'No account of it has been open since 14:05 GMT+1 (9h ago).',
      'The first account was to open 8h 59m ago (14:06 GMT+1).',
      'What you can do: stint pool explain anthropic',
    ],
  ],
  [
    'a recovery that a request showed',
    'pool-recovered',
    { pool, since: at - 2 * hourMs - 5 * minuteMs, verifiedBy: 'request' },
    at,
    [
      'Pool anthropic has recovered.',
      'It was exhausted for 2h 5m and has gone on since 14:05 GMT+1, as a request showed.',
      'Nothing to do: requests are served again.',
    ],
  ],
  [
    'a recovery for a model that the usage endpoint showed, told late',
    'pool-recovered',
    { pool, family: 'opus', since: at - minuteMs, verifiedBy: 'usage' },
    at + 3 * hourMs,
    [
      'Pool anthropic has recovered for opus models.',
      'It was exhausted for 1m and has gone on since 14:05 GMT+1 (3h ago), as the usage endpoint showed.',
      'Nothing to do: requests are served again.',
    ],
  ],
  [
    'an auth reset that helped',
    'auth-reset-done',
    { pool, target: 'openai-codex', since: at - 40 * secondMs, resumedAfterMs: 40 * secondMs },
    at,
    [
      'The agent of pool anthropic works again after its auth reset.',
      'Its login openai-codex was reset at 14:04 GMT+1, when the pool had recovered.',
      'Its traffic resumed after 40s.',
      'Nothing to do.',
    ],
  ],
  [
    'an auth reset whose command failed',
    'auth-reset-failed',
    { pool, target: 'openai-codex', evidence: 'exit code 3: no such login' },
    at,
    [
      'The auth reset of pool anthropic has failed.',
      'The command that resets its login openai-codex failed at 14:05 GMT+1: “exit code 3: no such login”.',
      'The pool itself serves; the agent goes on once its login is reset.',
      'What you can do: stint pool reset-auth anthropic',
    ],
  ],
  [
    'an auth reset after which no request came',
    'auth-reset-failed',
    { pool, target: 'openai-codex', since: at - 10 * minuteMs, silent: true },
    at,
    [
      'The agent of pool anthropic is silent after its auth reset.',
      'The command that resets its login openai-codex ended without an error at 13:55 GMT+1 (10m ago), but no request of the agent came within 10 minutes.',
      'The pool itself serves; the agent goes on once its login is reset.',
      'What you can do: stint pool reset-auth anthropic',
    ],
  ],
  [
    'settings that are wrong',
    'config-refused',
    { part: 'telegram', evidence: 'telegram.chats must be a list of chat ids' },
    at,
    [
      'The settings of telegram in config.toml were refused.',
      'They have been wrong since 14:05 GMT+1: “telegram.chats must be a list of chat ids”.',
      'Until they are mended, the settings of before act, or those that Stint comes with.',
      'What you can do: stint config check',
    ],
  ],
  [
    'a job that waits for a limit',
    'job-parked',
    { ...job, evidence: 'five_hour rejected', until: at + 2 * hourMs, estimated: true },
    at,
    [
      'Job k3x9m2p4qa (Fix the tests) is parked.',
      'Nothing that it may use has been open since 14:05 GMT+1: “five_hour rejected”.',
      'It goes on in 2h (16:05 GMT+1), which is a guess.',
      'Nothing to do: it goes on by itself.',
    ],
  ],
  [
    'a job that nothing but a person frees',
    'job-parked',
    { ...job, mend: 'stint job show k3x9m2p4qa' },
    at,
    [
      'Job k3x9m2p4qa (Fix the tests) is parked.',
      'Nothing that it may use has been open since 14:05 GMT+1.',
      'It goes on once that is mended.',
      'What you can do: stint job show k3x9m2p4qa',
    ],
  ],
  [
    'a job that asks',
    'job-waiting',
    { ...job, evidence: 'Which of them?' },
    at,
    [
      'Job k3x9m2p4qa (Fix the tests) waits for you.',
      'It has asked since 14:05 GMT+1: “Which of them?”.',
      'What you can do: stint job answer k3x9m2p4qa "..."',
    ],
  ],
  [
    'a job that is done',
    'job-done',
    { ...job, evidence: 'All tests pass.' },
    at,
    [
      'Job k3x9m2p4qa (Fix the tests) is done.',
      'It was done at 14:05 GMT+1: “All tests pass”.',
      'What you can do: stint job show k3x9m2p4qa',
    ],
  ],
  [
    'a job that failed',
    'job-failed',
    { job: job.job, evidence: 'the key sk-test-0123456789 is wrong' },
    at,
    [
      'Job k3x9m2p4qa has failed.',
      'It failed at 14:05 GMT+1: “the key sk-… is wrong”.',
      'What you can do: stint job retry k3x9m2p4qa',
    ],
  ],
  [
    'a job that cannot go on',
    'job-blocked',
    { ...job, evidence: 'its directory is gone' },
    at + hourMs,
    [
      'Job k3x9m2p4qa (Fix the tests) is blocked.',
      'It has not been able to go on by itself since 14:05 GMT+1 (1h ago): “its directory is gone”.',
      'What you can do: stint job retry k3x9m2p4qa',
    ],
  ],
  [
    'a disk that is nearly full',
    'disk-low',
    { evidence: 'the disk has 90 MB left' },
    at,
    [
      'The disk of Stint’s home is nearly full.',
      'It was seen at 14:05 GMT+1: “the disk has 90 MB left”.',
      'What you can do: free some space, then look with: stint job list',
    ],
  ],
  [
    'a job that nears a stop condition',
    'job-warned',
    { ...job, evidence: 'It will soon reach its budget of $5.00 ($4.10 spent).' },
    at + hourMs,
    [
      'Job k3x9m2p4qa (Fix the tests) has a warning.',
      'It is of its stop conditions, and came at 14:05 GMT+1 (1h ago): “It will soon reach its budget of $5.00 ($4.10 spent)”.',
      'What you can do: stint job show k3x9m2p4qa',
    ],
  ],
  [
    'a test',
    'test',
    {},
    at,
    ['This is a test notice of Stint.', 'It was sent at 14:05 GMT+1.', 'Nothing to do: notices arrive here.'],
  ],
];

describe('the facts of a notice for a machine', () => {
  test('are the facts, with words of others on one line and without what looks like a secret', () => {
    const facts = { account, pool, since: at, estimated: true, evidence: `no:\u001b[2J\nsk-test-0123456789` } as const;
    expect(plainFacts(facts)).toEqual({ ...facts, evidence: 'no: [2J sk-…' });
    expect(plainFacts({})).toEqual({});
  });
});

describe('the words of a notice', () => {
  test.each(rows)('about %s', (...[, kind, facts, now, lines]) => {
    expect(noticeAsText(buildNotice(kind, facts), now, zone).split('\n')).toEqual(lines);
  });

  test('are there for every kind, and each ends with what to do', () => {
    for (const kind of noticeKinds) {
      expect(rows.some((row) => row[1] === kind)).toBe(true);
      expect(describeNotice(buildNotice(kind, {}), at, 'UTC').lines.at(-1)).toMatch(
        /^(What you can do: |Nothing to do)/,
      );
    }
  });

  test('have what a provider said on one line, short, and without what moves a cursor or is a secret', () => {
    const evidence = `a\r\nb\u001b[2J\u202Ec\u2028d key sk-ant-oat01-test-0123456789 ${'x'.repeat(500)}`;
    for (const kind of noticeKinds) {
      const { title, lines } = describeNotice(
        buildNotice(kind, { account, pool, evidence, window: evidence }),
        at,
        zone,
      );
      const text = [title, ...lines].join('\n');
      // oxlint-disable-next-line no-control-regex
      expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E\u2028]|oat01/);
      for (const line of [title, ...lines]) expect(line.length).toBeLessThan(400);
    }
  });
});
