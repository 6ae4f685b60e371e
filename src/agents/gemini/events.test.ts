import { describe, expect, test } from 'bun:test';
import { geminiProfile } from './profile.ts';
import { listenToGemini } from './events.ts';

const now = Date.parse('2026-11-21T11:26:20Z');
const nextDay = Date.parse('2026-11-22T08:00:00Z');
const dailyQuota =
  '[API Error: You have exhausted your daily quota on this model.]\nPlease wait and try again later. To increase your limits, request a quota increase through AI Studio, or switch to another /auth method';

const init = JSON.stringify({ type: 'init', session_id: 's-1', model: 'gemini-2.5-pro' });
const result = (message: string): string =>
  JSON.stringify({ type: 'result', status: 'error', error: { type: 'unknown', message } });

function heardAfterInit(channel: 'stdout' | 'stderr', line: string) {
  const listen = listenToGemini(() => now);
  listen('stdout', init);
  return listen(channel, line);
}

describe('a wait that Gemini CLI tells of on stderr', () => {
  test('is a limit when it is longer than a minute', () => {
    const line =
      'Attempt 1 failed: You have exhausted your capacity on this model. Your quota will reset after 3h12m5s.. Retrying after 11761497ms...';
    expect(heardAfterInit('stderr', line).told).toMatchObject([
      {
        kind: 'stopped',
        signal: { kind: 'closed', window: 'quota', family: 'gemini-2.5-pro', until: now + 11_761_497 },
      },
    ]);
  });

  test.each([
    'Attempt 1 failed: Please retry in 35.6s.. Retrying after 35600ms...',
    'Attempt 3 failed with status 503. Retrying with backoff... Error: overloaded',
    'The tool said: Attempt 1 failed: x. Retrying after 11761497ms...',
    'Attempt 1 failed: x. Retrying after 11761497ms... and more',
  ])('is none in %p', (line) => {
    expect(heardAfterInit('stderr', line)).toEqual({ told: [], hold: false });
  });
});

describe('the end of a turn of Gemini CLI', () => {
  test.each([
    [dailyQuota, { window: 'day', family: 'gemini-2.5-pro', until: nextDay }],
    ['[API Error: You have exhausted your capacity on this model.]', { window: 'quota', until: null }],
    ['[API Error: You have insufficient AI credits to make this request.]', { window: 'credits', family: null }],
    ['[API Error: Verify your account to continue.]', { window: 'entitlement' }],
  ])('by %p closes something, and is held back', (message, signal) => {
    expect(heardAfterInit('stdout', result(message))).toMatchObject({
      told: [{ kind: 'stopped', signal: { kind: 'closed', ...signal } }],
      hold: true,
    });
  });

  test.each([
    'Error when talking to Gemini API Full report available at: /tmp/gemini-client-error.json TerminalQuotaError: You have exhausted your daily quota on this model.',
    'TerminalQuotaError: You have exhausted your daily quota on this model.',
  ])('is supposed of what stderr says, and told by the exit code: %p', (line) => {
    const { told } = heardAfterInit('stderr', line);
    expect(told).toMatchObject([{ kind: 'supposed', signal: { window: 'day', until: nextDay } }]);
    const [supposed] = told.flatMap((each) => (each.kind === 'supposed' ? [each.signal] : []));
    expect([173, 1, 0, 130].map((code) => geminiProfile.exitSignal(code, supposed ?? null))).toEqual([
      supposed ?? null,
      supposed ?? null,
      null,
      null,
    ]);
  });

  test.each(['[API Error: terminated]', '[API Error: No capacity available for model x on the server]'])(
    'by %p says nothing of the account',
    (message) => {
      expect(heardAfterInit('stdout', result(message))).toEqual({ told: [], hold: false });
    },
  );

  test('is told when it is good', () => {
    expect(heardAfterInit('stdout', '{"type":"result","status":"success"}').told).toEqual([{ kind: 'served' }]);
  });
});

test.each([
  JSON.stringify({ type: 'message', role: 'assistant', content: dailyQuota }),
  JSON.stringify({ type: 'tool_result', output: result(dailyQuota) }),
  dailyQuota,
  '{',
])('what an agent prints or reads is never taken for a limit: %j', (line) => {
  expect(heardAfterInit('stdout', line)).toEqual({ told: [], hold: false });
});

test.each([
  [173, { kind: 'closed', window: 'requests', until: null }],
  [145, { kind: 'refused' }],
])('exit code %p of Gemini CLI says what the last answer was', (code, signal) => {
  expect(geminiProfile.exitSignal(code, null)).toMatchObject(signal);
});

test.each([0, 1, 41, 42, 244, 247])('exit code %p says nothing of the account', (code) => {
  expect(geminiProfile.exitSignal(code, null)).toBeNull();
});
