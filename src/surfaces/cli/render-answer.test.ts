import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import type { Explanation, LimitView, RecordView, RequestView } from '../../operations/shape.ts';
import { renderActivity } from './render-activity.ts';
import { renderExplanation, renderTurn } from './render-answer.ts';
import { renderSettings } from './render-config.ts';
import { renderLimits, renderNotices, renderRecord, renderRecords, type NoticeView } from './render-event.ts';
import { terminal, type Terminal } from './terminal.ts';

const hour = 3_600_000;
const plain: Terminal = { ...terminal, style: (_, text) => text };
const look = { terminal: plain, now: captured, timeZone: 'UTC' };
const narrow = { ...look, terminal: { ...plain, columns: 40 } };

const record: RecordView = {
  ...{ id: 7, at: captured - 1000, kind: 'account.limited', surface: 'daemon', actor: 'stint' },
  ...{ subject: 'anthropic/work', outcome: 'done', detail: 'five_hour until 02:54' },
};
const refused: RecordView = {
  ...{ id: 8, at: captured - 500, kind: 'pool.remove', surface: 'rest', actor: 'read-token' },
  ...{ subject: '', outcome: 'forbidden', detail: null },
};

describe('what happened', () => {
  test.each([
    [record, '00:54:00 account.limited anthropic/work: five_hour until 02:54'],
    [refused, '00:54:01 pool.remove refused: forbidden (read-token by rest)'],
  ])('is a line of a stream: %#', (each, text) => {
    expect(renderRecord(each, look).replace(/^\d\d:\d\d:\d\d/, text.slice(0, 8))).toBe(text);
  });

  test('is a table where there is room, and blocks where there is none', () => {
    expect(renderRecords({ records: [record, refused] }, look).split('\n')).toEqual([
      expect.stringMatching(/^ID {2}WHEN +WHAT +SUBJECT +BY +OUTCOME +DETAIL$/) as string,
      expect.stringMatching(
        /^7 {3}1s ago \(.+\) +account\.limited +anthropic\/work +stint +done +five_hour until/,
      ) as string,
      expect.stringMatching(/^8 {3}1s ago \(.+\) +pool\.remove +- +read-token by rest +forbidden$/) as string,
    ]);
    const lines = renderRecords({ records: [record] }, narrow).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '7',
      expect.stringMatching(/^ {2}WHEN {5}1s ago/) as string,
      '  WHAT     account.limited',
    ]);
    expect(renderRecords({ records: [] }, look)).toBe('Nothing of that kind has happened.');
  });
});

test('limits say whose they are, for which models, and who said so', () => {
  const limit = {
    ...{ account: 'anthropic/work', window: 'operator', family: null, overage: false, until: captured + hour },
    ...{ source: 'operator', observedAt: captured, evidence: '' },
  } satisfies LimitView & { account: string };
  expect(
    renderLimits([limit, { ...limit, family: 'opus', overage: true }], look)
      .split('\n')
      .slice(1),
  ).toEqual([
    'anthropic/work  operator            all     in 1h (01:54 UTC)  operator',
    'anthropic/work  operator (overage)  opus    in 1h (01:54 UTC)  operator',
  ]);
});

describe('a turn of a pool', () => {
  test.each([
    [{ account: 'a/x', until: null, following: 'a/y' }, 'a/x, then a/y'],
    [{ account: 'a/x', until: null, following: 'a/x' }, 'a/x'],
    [
      { account: null, until: captured + hour, following: null },
      'Nobody in pool own is open; the first may open in 1h (01:54 UTC). See why: stint pool explain own',
    ],
    [{ account: null, until: null, following: null }, 'Nobody in pool own is open. See why: stint pool explain own'],
  ])('%j is "%s"', (turn, text) => {
    expect(renderTurn({ pool: 'own', ...turn }, look)).toBe(text);
  });
});

test('an explanation has a line for each account that is passed over', () => {
  const closed = { account: 'a/x', reason: 'closed', until: null, window: 'five_hour', sentence: 'a/x is closed.' };
  const explanation: Explanation = {
    ...{ pool: 'own', model: null, session: null, kind: 'use', account: 'a/y', until: null, probe: false },
    ...{ affinity: null, pinned: null, strategy: 'sticky', skipped: [closed] },
    sentence: 'A request to pool own would use a/y. a/x is closed.',
  };
  expect(renderExplanation(explanation, look)).toBe('A request to pool own would use a/y.\n  a/x is closed.');
});

test('notices say where they were told, and why not', () => {
  const notice: NoticeView = {
    ...{ id: 'n', kind: 'pool-exhausted', thread: 't', at: captured - hour, facts: { pool: 'own' as never } },
    deliveries: [
      { channel: 'log', attempts: 1, dueAt: null, toldAt: captured, error: null },
      { channel: 'webhook', attempts: 2, dueAt: captured + hour, toldAt: null, error: 'HTTP 500' },
      { channel: 'desktop', attempts: 9, dueAt: null, toldAt: null, error: 'no display' },
    ],
  };
  expect(
    renderNotices({ notices: [notice], channels: ['log'] }, look)
      .split('\n')
      .slice(2),
  ).toEqual([
    expect.stringContaining('Pool own is exhausted, 1h ago') as string,
    '  told on log',
    '  to be told on webhook in 1h (01:54 UTC): HTTP 500',
    '  not told on desktop after 9 tries: no display',
  ]);
  expect(renderNotices({ notices: [], channels: [] }, look)).toBe(
    'No channel is set up; the log has every notice.\nNobody was told anything yet.',
  );
});

test('what an account does is its requests and sessions, and requests that wait have no account', () => {
  const request: RequestView = {
    ...{ id: 'r', account: 'a/x', session: 's', pool: 'own', model: 'claude-opus-4-8', path: '/v1/messages' },
    ...{ since: captured - 5000, streamed: true, held: false, heldUntil: null },
  };
  const session = { id: 's', pool: 'own', account: 'a/x', startedAt: 0, movedAt: 0, seenAt: captured - hour, moves: 0 };
  const accounts = [{ account: 'a/x', inFlight: 1, requests: [request], sessions: [session], sessionCount: 1 }];
  const waiting = [{ ...request, account: null, model: null, held: true, heldUntil: captured + 60_000 }];
  expect(renderActivity({ accounts, waiting }, look).split('\n')).toEqual([
    'a/x  1 in flight, 1 session',
    '  request for claude-opus-4-8 of pool own, 5s old, streamed',
    '  session s of pool own, seen 1h ago',
    'Waiting for an account',
    '  request for /v1/messages of pool own, 5s old, streamed, held for at most 1m more',
  ]);
});

test('settings say what was changed, and what waits for a restart', () => {
  const settings = [
    { field: 'control.port', value: 4601, isDefault: false },
    { field: 'agent.host', value: '127.0.0.1', isDefault: true },
  ];
  expect(renderSettings({ file: '/h/config.toml', settings, pendingRestart: ['control.port'] }, look)).toBe(
    '# /h/config.toml\nSETTING       VALUE\ncontrol.port  4601         changed, acts after a restart\nagent.host    "127.0.0.1"',
  );
});
