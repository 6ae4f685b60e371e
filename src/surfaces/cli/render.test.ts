import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { problemCodes } from '../../core/problem.ts';
import { operations } from '../../operations/registry.ts';
import { exitCodes } from './exit-code.ts';
import { renderLogLine } from './render-log.ts';
import type { AccountView, PoolView, StatusView } from '../../operations/shape.ts';
import { renderStatus, renderPoolDetails } from './render-status.ts';
import { drawnOperations, render } from './render.ts';
import { renderTable } from './table.ts';
import { printable, terminal, unstyled, type Terminal } from './terminal.ts';

const hour = 3_600_000;
const plain: Terminal = { ...terminal, style: (_, text) => text };
const look = { terminal: plain, now: captured, timeZone: 'UTC' };

const open: AccountView = {
  id: 'anthropic/home',
  provider: 'anthropic',
  label: 'home',
  credential: 'api-key',
  baseUrl: null,
  profile: null,
  project: null,
  maxConcurrent: null,
  state: 'open',
  until: null,
  reason: null,
  mend: null,
  inFlight: 0,
  notRenewed: null,
  limits: [],
  windows: [],
  addedAt: captured,
};
const fiveHours = {
  window: 'five_hour',
  family: null,
  overage: false,
  until: captured + 2 * hour,
  source: 'provider',
  observedAt: captured,
  evidence: 'five_hour rejected',
} as const;
const opus = {
  ...fiveHours,
  window: 'seven_day_opus',
  family: 'opus',
  until: captured + 48 * hour,
  source: 'estimated',
} as const;
const pool: PoolView = {
  name: 'anthropic',
  provider: 'anthropic',
  accounts: ['anthropic/work', 'anthropic/home'],
  strategy: 'sticky',
  overage: 'forbid',
  pinned: null,
  shareSessions: false,
  holdSeconds: null,
  probe: false,
  authResetTarget: '',
  current: null,
  exhausted: [],
  resets: [],
  next: [{ model: null, kind: 'use', account: 'anthropic/home', until: null, skipped: [] }],
};
const status: StatusView = {
  daemon: {
    version: '1.2.3',
    home: '/home/x',
    pid: 4711,
    startedAt: captured - 90_000,
    controlPort: 4600,
    agentPort: 4610,
    controlUrl: 'http://127.0.0.1:4600',
    agentUrl: 'http://127.0.0.1:4610',
    activeRequests: 1,
    degraded: null,
    setAside: null,
    pendingRestart: [],
    refusedSettings: [],
    channels: [],
  },
  accounts: [],
  pools: [],
  sessions: 0,
  now: captured,
};

describe('status for people', () => {
  test('names settings that were refused', () => {
    const sentence = 'config.toml line 2: log.level must be "info".';
    const told = renderStatus({ ...status, daemon: { ...status.daemon, refusedSettings: [sentence] } }, look);
    expect(told.split('\n')[1]).toBe(`Refused, and not in force: ${sentence}`);
  });

  test('without an account says how to add one', () => {
    expect(renderStatus(status, look)).toBe(
      'Stint 1.2.3, process 4711, up 1m 30s, agents at http://127.0.0.1:4610, 1 open request\n\n' +
        'No accounts yet. Add one with: stint account add anthropic work',
    );
  });

  test('shows windows, limits, and who is next with the reason for the others', () => {
    const reading = {
      window: 'five_hour',
      family: null,
      utilization: 1.04,
      resetsAt: captured + 2 * hour,
      observedAt: captured,
    };
    const accounts: AccountView[] = [
      {
        ...open,
        id: 'anthropic/work',
        state: 'closed',
        reason: 'five_hour',
        until: fiveHours.until,
        limits: [fiveHours, opus],
        windows: [reading],
      },
      {
        ...open,
        inFlight: 3,
        windows: [
          { ...reading, utilization: 0.5, resetsAt: null },
          { ...reading, window: 'credits', utilization: null },
        ],
      },
    ];
    const skipped = [{ account: 'anthropic/work', reason: 'closed', window: 'five_hour', until: fiveHours.until }];
    const next = [
      { model: null, kind: 'use', account: 'anthropic/home', until: null, skipped },
    ] satisfies PoolView['next'];
    expect(
      renderStatus({ ...status, accounts, pools: [{ ...pool, next }] }, look)
        .split('\n')
        .slice(2),
    ).toEqual([
      'anthropic/work  closed (five_hour), opens in 2h (02:54 UTC)',
      '  five_hour       ████████████████████ 104%  resets in 2h (02:54 UTC)  closed',
      '  seven_day_opus  closed, opens in 2d (Nov 23, 00:54 UTC), estimated',
      'anthropic/home  open, 3 in flight',
      '  five_hour  ██████████░░░░░░░░░░  50%',
      '  credits                               resets in 2h (02:54 UTC)',
      '',
      'pool anthropic  sticky',
      '  next request: anthropic/home',
      '    not anthropic/work: closed (five_hour), opens in 2h (02:54 UTC)',
    ]);
  });

  test('says why an account is refused in place of a time that nobody should wait for', () => {
    const refused = { account: 'anthropic/work', reason: 'closed', window: 'credits', until: captured + 60_000 };
    const next = [
      { model: null, kind: 'none', account: null, until: null, skipped: [{ ...refused, refusal: 'No\nmoney' }] },
    ] satisfies PoolView['next'];
    expect(renderStatus({ ...status, accounts: [open], pools: [{ ...pool, next }] }, look)).toContain(
      '  next request: nobody\n    not anthropic/work: closed (credits): No money',
    );
  });

  test('says what to do about a refused login, on one line, however its provider put it', () => {
    const account: AccountView = { ...open, state: 'needs-login', reason: 'invalid\n  x-api-key', mend: 'do this' };
    expect(renderStatus({ ...status, accounts: [account] }, look)).toContain(
      'anthropic/home  needs-login (invalid x-api-key)\n  mend it: do this\n',
    );
  });

  test('warns of a store that cannot be written and of a database that was set aside', () => {
    const daemon = {
      ...status.daemon,
      degraded: { since: captured - hour, reason: 'the disk is full' },
      setAside: '/home/x.damaged',
    };
    expect(renderStatus({ ...status, daemon }, look)).toContain(
      '\nThe store cannot be written since 1h ago (Nov 20, 23:54 UTC) (the disk is full); Stint goes on from memory.\n' +
        'A damaged database was put aside as /home/x.damaged.\n',
    );
  });

  test('says since when a pool is exhausted, and when the first account opens', () => {
    const exhausted = [
      { family: 'opus', since: captured - 60_000, state: 'exhausted', nextTryAt: captured + hour },
      { family: null, since: captured - 60_000, state: 'retrying', nextTryAt: null },
    ] satisfies PoolView['exhausted'];
    const resets = [
      {
        family: null,
        state: 'failed',
        target: 'claude',
        at: captured - hour,
        ranAt: captured,
        detail: 'exit 1\nno such user',
      },
    ] satisfies PoolView['resets'];
    const settings = { holdSeconds: 5, probe: true, authResetTarget: 'claude' };
    const next = [
      { model: 'opus', kind: 'wait', account: null, until: captured + hour, skipped: [] },
    ] satisfies PoolView['next'];
    const text = renderPoolDetails(
      { ...pool, overage: 'last', pinned: 'anthropic/home', exhausted, resets, next, ...settings },
      look,
    );
    expect(text.split('\n')).toEqual([
      'pool anthropic  sticky, overage: last, pinned to anthropic/home',
      '  accounts: anthropic/work, anthropic/home',
      '  holds a request for at most 5 seconds',
      '  one cheap request may find out that it has recovered',
      '  auth-reset target: claude',
      '  exhausted for opus since 1m ago (00:53 UTC), next try in 1h (01:54 UTC)',
      '  retrying: an account is open again; since 1m ago (00:53 UTC) no request has been served',
      '  auth reset of claude failed (1h ago (Nov 20, 23:54 UTC)): exit 1 no such user',
      '  next request for opus: nobody, the first opens in 1h (01:54 UTC)',
    ]);
  });
});

test('an output that nobody has drawn is shown as JSON', () => {
  expect(render('no.such', { a: 1 }, plain)).toBe('{\n  "a": 1\n}');
});

test('a table is aligned, and ends its lines without blanks', () => {
  expect(
    renderTable(
      ['A', 'LONG'],
      [
        ['value', '-'],
        ['', 'x'],
      ],
      undefined,
    ),
  ).toBe('A      LONG\nvalue  -\n       x');
});

describe('a line of the log', () => {
  const at = '2026-11-21T00:54:59.123Z';
  const line = (entry: object): string =>
    JSON.stringify({ '@timestamp': at, level: 'INFO', logger: 'stint', ...entry });

  test.each([
    [
      { message: 'changed', kind: 'account.add', actor: 'owner', subject: 'anthropic a' },
      '06:54:59 changed: account.add anthropic a',
    ],
    [{ message: 'started', pid: 7, setAside: null, text: '' }, '06:54:59 started pid=7'],
    [{ message: 'rests', family: null, until: 4_102_444_800_000 }, '06:54:59 rests until=Jan 1, 2100, 06:00 GMT+6'],
    [
      {
        message: 'limit',
        account: 'anthropic/a',
        window: 'seven_day_opus',
        family: 'opus',
        until: 4_102_444_800_000,
        evidence: 'rejected',
      },
      '06:54:59 limit anthropic/a closed (seven_day_opus) for opus until Jan 1, 2100, 06:00 GMT+6: rejected',
    ],
    [
      {
        message: 'request',
        model: 'claude-opus-4-8',
        outcome: 'served',
        totalMs: 12,
        heldMs: 5000,
        tries: [
          { account: 'anthropic/a', outcome: 'window' },
          { account: 'anthropic/b', outcome: 'served' },
        ],
      },
      '06:54:59 request claude-opus-4-8 served in 12 ms, held 5000 ms [anthropic/a: window > anthropic/b: served]',
    ],
    [
      { message: 'request', model: null, outcome: 'refused', totalMs: 1, tries: [] },
      '06:54:59 request - refused in 1 ms []',
    ],
  ])('%j is shown as "%s"', (entry, text) => {
    expect(renderLogLine(line(entry), plain, 'Asia/Dhaka')).toBe(text);
  });

  test.each(['not JSON', '7', 'null', '"text"'])('that is none of ours is shown as it is: %s', (text) => {
    expect(renderLogLine(text, plain, 'UTC')).toBe(text);
  });

  test('without a time is shown as well', () => {
    expect(renderLogLine('{"message":"x","level":"INFO"}', plain, 'UTC')).toBe('--:--:-- x');
  });
});

test.each([
  ['styles stay: \u001b[1mbold\u001b[22m', 'styles stay: \u001b[1mbold\u001b[22m'],
  ['lines\n\tand tabs stay', 'lines\n\tand tabs stay'],
  ['clear \u001b[2Jscreen', 'clear \ufffd[2Jscreen'],
  ['title \u001b]0;owned\u0007', 'title \ufffd]0;owned\ufffd'],
  ['over\rwritten\b', 'over\ufffdwritten\ufffd'],
  ['one byte \u009b2J', 'one byte \ufffd2J'],
  ['🏁 বাংলা', '🏁 বাংলা'],
])('what is printed cannot steer the terminal: %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('a style that somebody else has stored is not put on', () => {
  const forged = 'red \u001b[31mtext';
  expect(unstyled(forged)).toBe('red \ufffd[31mtext');
  expect(render('pool.remove', { removed: forged }, plain)).not.toContain('\u001b');
  const bold: Terminal = { ...terminal, style: (_, text) => `\u001b[1m${text}\u001b[22m` };
  const line = JSON.stringify({ '@timestamp': '2026-11-21T13:05:00Z', level: 'INFO', message: forged });
  for (const text of [renderLogLine(line, bold, 'UTC'), renderLogLine(forged, bold, 'UTC')])
    expect(text).toContain('red \ufffd[31mtext');
});

test('every problem has an exit code that says failure, and no shell gives it another meaning', () => {
  expect(Object.keys(exitCodes).toSorted()).toEqual([...problemCodes].toSorted());
  for (const code of Object.values(exitCodes)) {
    expect(code).toBeGreaterThan(0);
    expect(code).toBeLessThan(126);
  }
});

test('every operation that the CLI shows has a drawing for people', () => {
  const shown = operations.filter((each) => each.hidden?.cli === undefined).map((each) => each.name);
  // The terminal of an agent draws itself.
  expect(shown.filter((name) => name !== 'job.attach' && !drawnOperations.includes(name))).toEqual([]);
});
