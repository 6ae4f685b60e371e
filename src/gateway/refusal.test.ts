import { describe, expect, test } from 'bun:test';
import { idOf } from '../../test/builders.ts';
import { errorOf, eventsOf, readAll, startRig, type Rig } from '../../test/gateway-rig.ts';
import type { FaultInput } from '../simulator/anthropic/fault.ts';

const holdMs = 240_000;
const noCredit = 'Your credit balance is too low to access the Anthropic API.';

describe('a request that every account refuses, though it may be held,', () => {
  test.each<[FaultInput['kind'], number, string, string]>([
    ['low_credit', 400, 'invalid_request_error', noCredit],
    ['model_not_found', 404, 'not_found_error', 'model: claude-sonnet-4-5'],
    ['long_context_credits', 429, 'rate_limit_error', 'Usage credits are required'],
    ['long_context_extra_usage', 429, 'rate_limit_error', 'Extra usage is required'],
    ['credits_required', 429, 'rate_limit_error', 'Usage credits are required'],
  ])('%s: is answered at once with the provider’s own error', async (...[kind, status, type, message]) => {
    const play = async (stream: boolean) => {
      await using rig = await startRig({ holdMs });
      rig.simulator.inject({ kind, times: 'always' });
      const response = await rig.ask({ stream });
      expect({ status: response.status, type: response.headers.get('content-type') }).toEqual({
        status,
        type: 'application/json',
      });
      expect(await errorOf(response)).toMatchObject({ type, message: expect.stringContaining(message) });
      expect(rig.sends()).toEqual(['a', 'b']);
      expect(rig.records).toMatchObject([{ heldMs: 0 }]);
    };
    await Promise.all([play(true), play(false)]);
  });

  test.each<FaultInput['kind']>(['model_not_found', 'long_context_credits', 'long_context_extra_usage'])(
    '%s: closes nothing, so that the next request is asked as well',
    async (kind) => {
      await using rig = await startRig({ holdMs });
      rig.simulator.inject({ kind, times: 4 });
      const statuses = [(await rig.ask()).status, (await rig.ask()).status];
      expect(new Set(statuses).size).toBe(1);
      expect(rig.sends()).toHaveLength(4);
      expect(limitsOf(rig)).toEqual([]);
      expect((await rig.ask()).status).toBe(200);
    },
  );

  test('is told the reasons at once when it comes again, without a time and without a send', async () => {
    await using rig = await startRig({ holdMs });
    rig.simulator.inject({ kind: 'low_credit', times: 'always' });
    await rig.ask();
    const response = await rig.ask({ stream: true });
    expect({ status: response.status, retryAfter: response.headers.get('retry-after') }).toEqual({
      status: 403,
      retryAfter: null,
    });
    const reason = (label: string) =>
      `anthropic/${label} closed (credits): ${noCredit} Please go to Plans & Billing to upgrade or purchase credits`;
    expect(await errorOf(response)).toEqual({
      type: 'permission_error',
      message: `Stint: no account of pool anthropic for claude-sonnet-4-5 is in service: ${reason('a')}; ${reason('b')}. See: stint status`,
    });
    expect(rig.sends()).toEqual(['a', 'b']);
  });

  test('is asked again once the account may be tried', async () => {
    await using rig = await startRig({ accounts: ['a'], holdMs });
    rig.simulator.inject({ kind: 'low_credit' });
    expect((await rig.ask()).status).toBe(400);
    expect((await rig.ask()).status).toBe(403);
    rig.advance(60_001);
    expect((await rig.ask()).status).toBe(200);
  });
});

describe('an account without money', () => {
  test('is passed over while a request is held for another’s limit', async () => {
    await using rig = await startRig({ holdMs });
    rig.simulator.inject({ kind: 'low_credit', credential: 'a', times: 'always' });
    rig.simulator.inject({ kind: 'five_hour', credential: 'b', resetInSeconds: 30 });
    const response = await rig.ask({ stream: true });
    expect(response.status).toBe(200);
    rig.advance(31_000);
    expect(eventsOf((await readAll(response)).text).at(-1)).toBe('message_stop');
    expect(rig.sends()).toEqual(['a', 'b', 'b']);
  });

  test('beside a limit that lasts too long leaves the client the provider’s error, then the limit’s time', async () => {
    await using rig = await startRig({ holdMs });
    rig.simulator.inject({ kind: 'five_hour', credential: 'a', resetInSeconds: 7200 });
    rig.simulator.inject({ kind: 'low_credit', credential: 'b' });
    expect((await errorOf(await rig.ask())).message).toStartWith(noCredit);
    const response = await rig.ask();
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(7000);
    expect((await errorOf(response)).message).toContain('anthropic/b closed (credits): Your credit balance is too low');
  });

  test('whose spend limit ends at a time that the provider names is waited for like any other', async () => {
    await using rig = await startRig({ accounts: ['a'], holdMs: 0 });
    rig.simulator.inject({ kind: 'usage_limit', resetInSeconds: 7200 });
    expect((await errorOf(await rig.ask())).message).toContain('You will regain access on');
    const response = await rig.ask();
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(7000);
    rig.advance(7_320_000);
    expect((await rig.ask()).status).toBe(200);
  });
});

describe('what a refusal closes', () => {
  test('an organization that is disabled needs a login', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'org_disabled', credential: 'a' });
    expect((await rig.ask()).headers.get('stint-account')).toBe('anthropic/b');
    expect(rig.events).toMatchObject([{ kind: 'needs-login', account: 'anthropic/a' }]);
  });

  test('a 429 with nothing but Retry-After closes the model that was asked for', async () => {
    await using rig = await startRig({ accounts: ['a'] });
    rig.simulator.inject({ kind: 'retry_after_only' });
    expect((await rig.ask()).status).toBe(429);
    expect((await rig.ask()).status).toBe(429);
    expect((await rig.ask({ model: 'claude-opus-4-8' })).status).toBe(200);
    expect(rig.sends()).toHaveLength(2);
  });

  test('a 429 that blames nobody closes nothing, though it says when to come back', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'throttle', retryAfterSeconds: 30 });
    expect((await rig.ask()).headers.get('stint-account')).toBe('anthropic/a');
    expect(limitsOf(rig)).toEqual([]);
  });

  test('a limit of a key ends with Retry-After, before its window is full again', async () => {
    await using rig = await startRig({ accounts: ['a'], kind: 'api-key' });
    rig.simulator.inject({ kind: 'org_rate_limit', resetInSeconds: 30 });
    expect((await rig.ask()).status).toBe(429);
    rig.advance(31_000);
    expect((await rig.ask()).status).toBe(200);
  });
});

function limitsOf(rig: Rig): string[] {
  const accounts = ['a', 'b'].map((label) => rig.book.state.accounts.get(idOf(label)));
  return accounts.flatMap((account) => [...(account?.limits.values() ?? [])].map((limit) => limit.window));
}
