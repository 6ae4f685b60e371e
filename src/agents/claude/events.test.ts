import { describe, expect, test } from 'bun:test';
import type { Heard } from '../profile.ts';
import { listenToClaude } from './events.ts';

const now = Date.UTC(2026, 10, 21, 11, 20);
const resetsAt = Date.UTC(2026, 10, 21, 16, 19, 35) / 1000;

/** What the last of these lines tells. */
function heardOf(channel: 'stdout' | 'transcript', ...events: readonly object[]): Heard {
  const listen = listenToClaude(() => now);
  const heard = events.map((event) => listen(channel, JSON.stringify(event)));
  return heard.at(-1) ?? { told: [], hold: false };
}

function limitEvent(info: object): object {
  return { type: 'rate_limit_event', rate_limit_info: info, session_id: 's' };
}

function errorEntry(error: string, text: string, more: object = {}): object {
  const message = { model: '<synthetic>', role: 'assistant', content: [{ type: 'text', text }] };
  return { type: 'assistant', message, error, isApiErrorMessage: true, ...more };
}

const sessionLimit = "You've hit your session limit · resets 4:19pm (UTC)";
const rejected = limitEvent({ status: 'rejected', resetsAt, rateLimitType: 'five_hour', isUsingOverage: false });

describe('an event of a limit in the output of Claude Code', () => {
  test.each([
    [
      { status: 'rejected', resetsAt, rateLimitType: 'five_hour' },
      { kind: 'closed', window: 'five_hour', family: null, overage: false, until: resetsAt * 1000 },
    ],
    [
      // Where the plan and what is paid for besides both refuse, the later of the two opens it.
      {
        ...{ status: 'rejected', resetsAt, rateLimitType: 'five_hour' },
        ...{ overageStatus: 'rejected', overageResetsAt: resetsAt + 3600 },
      },
      { kind: 'closed', window: 'five_hour', until: (resetsAt + 3600) * 1000 },
    ],
    [
      { status: 'rejected', resetsAt, rateLimitType: 'seven_day_opus' },
      { kind: 'closed', window: 'seven_day_opus', family: 'opus', until: resetsAt * 1000 },
    ],
    [
      { status: 'rejected', resetsAt, rateLimitType: 'seven_day_overage_included' },
      { kind: 'closed', family: 'fable' },
    ],
    [
      { status: 'rejected', resetsAt, rateLimitType: 'five_hour', isUsingOverage: true },
      { kind: 'closed', window: 'five_hour', overage: true },
    ],
    [
      { status: 'allowed_warning', resetsAt, rateLimitType: 'seven_day', utilization: 0.93 },
      { kind: 'reading', window: 'seven_day', utilization: 0.93, resetsAt: resetsAt * 1000 },
    ],
  ])('%j is a signal that ends nothing', (info, signal) => {
    expect(heardOf('stdout', limitEvent(info))).toMatchObject({ told: [{ kind: 'signal', signal }], hold: false });
  });

  test.each([
    { status: 'rejected', isUsingOverage: false },
    { status: 'allowed', resetsAt, rateLimitType: 'five_hour' },
    { status: 'rejected', resetsAt, rateLimitType: 'overage' },
  ])('%j says nothing of the account', (info) => {
    expect(heardOf('stdout', limitEvent(info)).told).toEqual([]);
  });
});

describe('an API error of Claude Code', () => {
  test('is explained by the event before it', () => {
    const signal = { kind: 'closed', window: 'five_hour', until: resetsAt * 1000, evidence: sessionLimit };
    expect(heardOf('stdout', rejected, errorEntry('rate_limit', sessionLimit))).toMatchObject({
      told: [{ kind: 'stopped', signal }],
      hold: true,
    });
  });

  const until = Date.UTC(2026, 10, 21, 16, 19);
  test.each([
    ['rate_limit', sessionLimit, { window: 'five_hour', family: null, until }],
    [
      'rate_limit',
      "You've hit your weekly limit · resets Nov 23, 7:31am (UTC)",
      { window: 'seven_day', until: Date.UTC(2026, 10, 23, 7, 31) },
    ],
    [
      'rate_limit',
      "You've hit your Opus limit · resets 4:19pm (UTC)",
      { window: 'seven_day_opus', family: 'opus', until },
    ],
    [
      'rate_limit',
      "You've hit your Sonnet limit · resets 4:19pm (UTC)",
      { window: 'seven_day_sonnet', family: 'sonnet' },
    ],
    ['rate_limit', "You've hit your Fable 5 limit · resets 4:19pm (UTC)", { family: 'fable', until }],
    [
      'rate_limit',
      "You've hit your monthly spend limit · raise it at claude.ai/settings/usage",
      { window: 'credits', until: null },
    ],
    ['rate_limit', "You've hit your limit", { window: 'unified', until: null }],
    ['billing_error', 'Credit balance is too low', { window: 'credits', until: null }],
    ['oauth_org_not_allowed', 'Your organization has disabled Claude subscription access', { window: 'entitlement' }],
    ['authentication_failed', 'Failed to authenticate. API Error: 401 Invalid bearer token', { kind: 'refused' }],
  ])('%s: %s', (error, text, signal) => {
    expect(heardOf('transcript', errorEntry(error, text, { isSidechain: false }))).toMatchObject({
      told: [{ kind: 'stopped', signal: { evidence: text, ...signal } }],
    });
  });

  test.each([
    ['rate_limit', 'API Error: Server is temporarily limiting requests (not your usage limit) · Rate limited'],
    ['overloaded', 'API Error: 529 Overloaded.'],
    ['server_error', "You've hit your session limit · resets 4:19pm (UTC)"],
    ['unknown', 'API Error: Connection to the API was lost (ECONNRESET).'],
  ])('that is not the account’s ends nothing: %s: %s', (error, text) => {
    expect(heardOf('stdout', rejected, errorEntry(error, text))).toEqual({ told: [], hold: false });
  });

  test.each([{ parent_tool_use_id: 'toolu_1' }, { isSidechain: true }])('of a subagent ends no turn: %j', (more) => {
    expect(heardOf('stdout', errorEntry('rate_limit', sessionLimit, more))).toMatchObject({
      told: [{ kind: 'signal' }],
      hold: false,
    });
  });

  test('of another window than that of the event keeps its own', () => {
    const text = "You've hit your weekly limit · resets Nov 23, 7:31am (UTC)";
    expect(heardOf('stdout', rejected, errorEntry('rate_limit', text))).toMatchObject({
      told: [{ signal: { window: 'seven_day', until: Date.UTC(2026, 10, 23, 7, 31) } }],
    });
  });
});

describe('what an agent prints or reads', () => {
  test.each([
    { type: 'assistant', message: { model: 'claude-opus-4-8', content: [{ type: 'text', text: sessionLimit }] } },
    {
      type: 'assistant',
      error: 'rate_limit',
      message: { model: 'claude-opus-4-8', content: [{ type: 'text', text: sessionLimit }] },
    },
    { type: 'user', message: { role: 'user', content: [{ type: 'tool_result', content: JSON.stringify(rejected) }] } },
    {
      type: 'user',
      error: 'rate_limit',
      message: { model: '<synthetic>', content: [{ type: 'text', text: sessionLimit }] },
    },
    { type: 'result', is_error: false, result: sessionLimit },
  ])('is never taken for a limit: %j', (event) => {
    const told = heardOf('stdout', event).told.filter(({ kind }) => kind !== 'served');
    expect(told).toEqual([]);
    expect(heardOf('transcript', event).told).toEqual([]);
  });

  test.each([sessionLimit, '', '{', 'null', '[]', '{"type":"rate_limit_event"}'])('nor is a line like %j', (line) => {
    const listen = listenToClaude(() => now);
    for (const channel of ['stdout', 'stderr', 'transcript'] as const)
      expect(listen(channel, line)).toEqual({ told: [], hold: false });
  });
});

describe('the end of a turn of Claude Code', () => {
  test('is held back after a limit, and told otherwise', () => {
    const result = (isError: boolean): object => ({ type: 'result', subtype: 'success', is_error: isError });
    expect(heardOf('stdout', rejected, errorEntry('rate_limit', sessionLimit), result(true)).hold).toBe(true);
    expect(heardOf('stdout', result(true))).toEqual({ told: [], hold: false });
    expect(heardOf('stdout', result(false))).toEqual({ told: [{ kind: 'served' }], hold: false });
  });

  test('is in the transcript as well', () => {
    const end = {
      type: 'assistant',
      isSidechain: false,
      message: { model: 'claude-opus-4-8', stop_reason: 'end_turn' },
    };
    expect(heardOf('transcript', end).told).toEqual([{ kind: 'served' }]);
    expect(heardOf('transcript', { ...end, isSidechain: true }).told).toEqual([]);
  });

  test('is not its beginning, which names the conversation', () => {
    const init = { type: 'system', subtype: 'init', session_id: 's-1', model: 'claude-opus-4-8' };
    expect(heardOf('stdout', init).told).toEqual([{ kind: 'session', id: 's-1' }]);
  });
});
