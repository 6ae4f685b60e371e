import { describe, expect, test } from 'bun:test';
import type { Channel, Heard } from '../profile.ts';
import { listenToCodex } from './events.ts';

const resetsAt = 1_795_267_577;
/** In the zone of this machine, which Codex does not name. */
const now = new Date(2026, 10, 21, 11, 26).getTime();
const toldReset = new Date(2026, 10, 21, 13, 26).getTime();
const usageLimit =
  'You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at 1:26 PM.';

function heardOf(channel: Channel, ...events: readonly object[]): Heard {
  const listen = listenToCodex(() => now);
  return events.map((event) => listen(channel, JSON.stringify(event))).at(-1) ?? { told: [], hold: false };
}

const event = (payload: object): object => ({
  timestamp: '2026-11-21T11:26:17.693Z',
  ordinal: 14,
  type: 'event_msg',
  payload,
});
const complete = (error: object | null): object =>
  event({ type: 'task_complete', turn_id: 't', last_agent_message: null, error, duration_ms: 1 });
const counted = (limits: object): object => event({ type: 'token_count', info: null, rate_limits: limits });
const usageFailure = complete({ message: usageLimit, codex_error_info: 'usage_limit_exceeded' });
const full = { used_percent: 100, window_minutes: 300, resets_at: resetsAt };
const fine = { used_percent: 12.5, window_minutes: 10_080, resets_at: resetsAt + 1000 };

describe('a rollout of Codex', () => {
  test('tells how full the windows are', () => {
    expect(heardOf('transcript', counted({ limit_id: 'codex', primary: full, secondary: fine })).told).toMatchObject([
      { kind: 'signal', signal: { kind: 'reading', window: 'five_hour', utilization: 1, resetsAt: resetsAt * 1000 } },
      { kind: 'signal', signal: { kind: 'reading', window: 'seven_day', utilization: 0.125 } },
    ]);
  });

  test.each([
    [
      { limit_id: 'codex', primary: full, secondary: fine },
      [{ window: 'five_hour', family: null, until: resetsAt * 1000 }],
    ],
    [
      { limit_id: 'codex', primary: fine, secondary: { ...full, window_minutes: 10_080 } },
      [{ window: 'seven_day', until: resetsAt * 1000 }],
    ],
    [
      { limit_id: 'codex_other', limit_name: 'GPT-6-Luna', primary: { ...full, window_minutes: 60 }, secondary: null },
      [{ window: '60m', family: 'gpt-6-luna', until: resetsAt * 1000 }],
    ],
    [{ limit_id: 'codex', primary: fine, secondary: null }, [{ window: 'usage', family: null, until: toldReset }]],
  ])('with %j closes what is full', (limits, closed) => {
    const told = closed.map((each) => ({ kind: 'stopped', signal: { kind: 'closed', overage: false, ...each } }));
    expect(heardOf('transcript', counted(limits), usageFailure).told).toMatchObject(told);
    expect(heardOf('transcript', counted(limits), usageFailure).told).toHaveLength(told.length);
  });

  test.each([
    ['Quota exceeded. Check your plan and billing details.', 'usage_limit_exceeded', { window: 'credits' }],
    ['Your workspace is out of credits. Add credits to continue.', 'usage_limit_exceeded', { window: 'credits' }],
    [
      'To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.',
      'usage_limit_exceeded',
      { window: 'entitlement' },
    ],
    ['unexpected status 401 Unauthorized', 'unauthorized', { kind: 'refused' }],
  ])('ends a turn with %p', (message, info, signal) => {
    expect(heardOf('transcript', complete({ message, codex_error_info: info })).told).toMatchObject([
      { kind: 'stopped', signal: { evidence: message, ...signal } },
    ]);
  });

  test.each([
    { message: usageLimit, codex_error_info: 'server_overloaded' },
    { message: usageLimit, codex_error_info: { http_connection_failed: { http_status_code: 429 } } },
    { message: usageLimit },
  ])('says nothing of the account by %j', (error) => {
    expect(heardOf('transcript', complete(error)).told).toEqual([]);
  });

  test('tells that a turn came to its end', () => {
    expect(heardOf('transcript', complete(null)).told).toEqual([{ kind: 'served' }]);
    expect(heardOf('transcript', event({ type: 'task_complete', turn_id: 't' })).told).toEqual([{ kind: 'served' }]);
  });
});

describe('what an agent prints or reads', () => {
  test.each([
    {
      type: 'response_item',
      payload: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: usageLimit }] },
    },
    {
      type: 'response_item',
      payload: { type: 'task_complete', error: { message: usageLimit, codex_error_info: 'usage_limit_exceeded' } },
    },
    event({ type: 'agent_message', message: JSON.stringify(usageFailure) }),
  ])('is never taken for a limit: %j', (line) => {
    expect(heardOf('transcript', line).told).toEqual([]);
  });

  test.each(['stdout', 'stderr'] as const)('nor is a line of a rollout on %s', (channel) => {
    expect(heardOf(channel, usageFailure).told).toEqual([]);
  });
});

describe('the output of codex exec --json', () => {
  test.each([
    [
      { type: 'thread.started', thread_id: 'th-1' },
      { told: [{ kind: 'session', id: 'th-1' }], hold: false },
    ],
    [
      { type: 'turn.completed', usage: {} },
      { told: [{ kind: 'served' }], hold: false },
    ],
    [
      { type: 'error', message: usageLimit },
      { told: [], hold: true },
    ],
    [
      { type: 'turn.failed', error: { message: usageLimit } },
      { told: [], hold: true },
    ],
    [
      { type: 'error', message: 'Reconnecting... 2/5 (stream error)' },
      { told: [], hold: false },
    ],
    [
      { type: 'item.completed', item: { type: 'agent_message', text: usageLimit } },
      { told: [], hold: false },
    ],
  ])('%j', (line, heard) => {
    expect(heardOf('stdout', line)).toEqual(heard as Heard);
  });
});
