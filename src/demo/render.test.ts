import { describe, expect, test } from 'bun:test';
import type { DemoEvent } from './event.ts';
import { fitLine, textOf, cell } from './line.ts';
import { renderPanel } from './panel.ts';
import { renderAccounts } from './render-account.ts';
import { renderEvent } from './render-event.ts';
import { renderSummary } from './render-summary.ts';
import type { AccountView } from '../operations/shape.ts';
import { summarise } from './summary.ts';

const now = 1_795_222_499_000;

function account(label: string, more: Partial<AccountView> = {}): AccountView {
  return {
    id: `anthropic/${label}`,
    provider: 'anthropic',
    label,
    credential: 'setup-token',
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
    windows: [{ window: 'five_hour', family: null, utilization: 0.5, resetsAt: now, observedAt: now }],
    addedAt: 0,
    ...more,
  };
}

function limit(window: string, family: string | null): AccountView['limits'][number] {
  return { window, family, overage: false, until: now + 7000, source: 'provider', observedAt: now, evidence: '' };
}

describe('an account', () => {
  const shown = { current: 'work', window: 'five_hour' };
  test.each<[string, AccountView, string]>([
    ['that serves', account('work'), '  ▸ work  five_hour  ██████░░░░░░  50%   open'],
    ['without a reading', account('work', { windows: [] }), '  ▸ work  five_hour  ░░░░░░░░░░░░    -   open'],
    [
      'whose window is used up',
      account('work', { state: 'closed', until: now + 7000, limits: [limit('five_hour', null)] }),
      '    work  five_hour  ████████████ 100%   closed, opens in 7s',
    ],
    [
      'closed for one family',
      account('work', { state: 'partly-closed', until: now + 7000, limits: [limit('seven_day_opus', 'opus')] }),
      '  ▸ work  five_hour  ██████░░░░░░  50%   closed for opus, opens in 7s',
    ],
  ])('%s', (_, view, line) => expect(renderAccounts([view], shown, now).map(textOf)).toEqual([line]));

  test('whose provider never says how full it is shows the window that is closed', () => {
    const views = [
      account('work', { windows: [] }),
      account('team', { windows: [], state: 'closed', until: now + 7000, limits: [limit('minute', null)] }),
    ];
    expect(renderAccounts(views, { current: 'work', window: 'day' }, now).map(textOf)).toEqual([
      '  ▸ work  day     ░░░░░░░░░░░░    -   open',
      '    team  minute  ████████████ 100%   closed, opens in 7s',
    ]);
  });

  test('fits eighty columns in the longest case', () => {
    const longest = account('personal', {
      state: 'partly-closed',
      until: now + 302_400_000,
      limits: [limit('seven_day_opus', 'opus')],
    });
    const [line] = renderAccounts([longest], { ...shown, current: 'personal' }, now).map(textOf);
    expect(line?.length).toBeLessThan(80);
  });
});

test('a line is cut where the terminal ends', () => {
  const line = [cell('limit  ', 'red'), cell('personal')];
  expect([16, 15, 9, 3, 1, 0].map((width) => textOf(fitLine(line, width)))).toEqual([
    'limit  personal',
    'limit  personal',
    'limit  p…',
    'li…',
    '…',
    '',
  ]);
});

test('the panel shows that a request is held, in place of an answer', () => {
  const scene = {
    status: undefined,
    current: null,
    window: 'five_hour',
    turn: 2,
    turnsPlanned: 4,
    answer: 'Half an answer',
  };
  const last = (held: boolean) =>
    renderPanel({ ...scene, held }, now)
      .map(textOf)
      .at(-1);
  expect([last(false), last(true)]).toEqual([
    '    ■■··  Half an answer',
    '    ■■··  held: the agent waits inside its open request',
  ]);
});

describe('an event', () => {
  const origin = { startedAt: now - 1500, timeZone: 'UTC' };
  test.each<[DemoEvent, string | undefined]>([
    [{ kind: 'turn-started', at: now, turn: 3, prompt: 'Why?' }, '   1.5s  turn 3    Why?'],
    [{ kind: 'said', at: now, text: 'So.' }, undefined],
    [
      { kind: 'limit', at: now, account: 'work', window: 'seven_day_opus', family: 'opus', until: now + 7000 },
      '   1.5s  limit     work hit seven_day_opus, opens in 7s (00:55 UTC)',
    ],
    [{ kind: 'moved', at: now, from: 'work', to: 'team' }, '   1.5s  move      work → team, inside the open request'],
    [
      { kind: 'hold-started', at: now, until: now + 2600, opensFirst: 'work' },
      '   1.5s  hold      all closed: the request is held until work opens in 3s',
    ],
    [
      { kind: 'hold-ended', at: now, heldMs: 2640, account: 'work' },
      '   1.5s  hold      work is open again after 2.6s; the request goes on',
    ],
  ])('%j is told in a line', (event, line) => {
    const rendered = renderEvent(event, origin);
    expect(rendered === undefined ? undefined : textOf(rendered)).toBe(line);
  });
});

describe('the summary', () => {
  const run = { agent: 'scripted', completed: true, turnsPlanned: 1, durationMs: 1234 };
  const events: DemoEvent[] = [
    { kind: 'limit', at: 1, account: 'personal', window: 'five_hour', family: null, until: 9 },
    { kind: 'moved', at: 2, from: 'personal', to: 'work' },
    { kind: 'hold-ended', at: 3, heldMs: 1040, account: 'work' },
    { kind: 'hold-ended', at: 4, heldMs: 1040, account: 'work' },
    { kind: 'turn-done', at: 5, turn: 1 },
  ];
  const rendered = (completed: boolean, more: DemoEvent[] = []) =>
    renderSummary(summarise({ ...run, completed }, [...events, ...more])).map(textOf);

  test('counts what was met', () => {
    expect(rendered(true)).toEqual([
      'The agent finished its work in 1.2s.',
      '  turns                 1 of 1',
      '  limits met            1: five_hour',
      '  overloads met         0',
      '  moves                 1: personal → work',
      '  holds                 2, 2.1s in all',
      '  errors the agent saw  0',
    ]);
  });

  test('owns up to an error and to an unfinished run', () => {
    const error: DemoEvent = { kind: 'agent-error', at: 6, message: '429' };
    expect(rendered(true, [error])[0]).toBe('The agent finished its work, but not as it should have.');
    expect(rendered(true, [error]).at(-1)).toBe('  errors the agent saw  1');
    expect(rendered(false)[0]).toBe('The agent did not finish its work.');
  });
});
