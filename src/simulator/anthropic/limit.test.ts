import { afterEach, describe, expect, test } from 'bun:test';
import {
  ask,
  type Fixture,
  keySecret,
  limitHeadersOf,
  startedAt,
  startFixture,
  subscriptionSecret,
} from './request-fixture.ts';
import type { ScenarioInput } from './scenario.ts';

type Credentials = ScenarioInput['credentials'];

let fixture: Fixture | undefined;

afterEach(() => fixture?.simulator.stop());

function start(credentials: Credentials): Fixture {
  fixture = startFixture({ scenario: { credentials } });
  return fixture;
}

function subscription(extra: Omit<Credentials[number], 'secret' | 'name'>): Fixture {
  return start([{ secret: subscriptionSecret, name: 'subscription', ...extra }]);
}

const inSeconds = (seconds: number): string => String(startedAt / 1000 + seconds);
const fiveHours = 5 * 3600;
const fourDays = 4 * 24 * 3600;

describe('subscription limits', () => {
  test('an allowed request tells both windows', async () => {
    const { simulator } = subscription({ windows: [{ name: 'five_hour', limit: 10 }] });
    const response = await ask(simulator);
    expect(response.status).toBe(200);
    expect(limitHeadersOf(response)).toEqual({
      'anthropic-ratelimit-unified-status': 'allowed',
      'anthropic-ratelimit-unified-reset': inSeconds(fiveHours),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-fallback-percentage': '0.5',
      'anthropic-ratelimit-unified-5h-status': 'allowed',
      'anthropic-ratelimit-unified-5h-reset': inSeconds(fiveHours),
      'anthropic-ratelimit-unified-5h-utilization': '0.1',
      'anthropic-ratelimit-unified-7d-status': 'allowed',
      'anthropic-ratelimit-unified-7d-reset': inSeconds(fourDays),
      'anthropic-ratelimit-unified-7d-utilization': '0.31',
      'anthropic-ratelimit-unified-overage-status': 'rejected',
      'anthropic-ratelimit-unified-overage-disabled-reason': 'org_level_disabled',
    });
  });

  test('the weekly windows of Opus and Sonnet have headers of their own where the scenario asks for it', async () => {
    const weekly: Credentials[number]['windows'] = [
      { name: 'seven_day_opus', limit: 10, used: 5 },
      { name: 'seven_day_sonnet', limit: 1 },
    ];
    const { simulator } = subscription({ windows: weekly, familyHeaders: true });
    const headers = {
      'anthropic-ratelimit-unified-7d_opus-status': 'allowed',
      'anthropic-ratelimit-unified-7d_opus-reset': inSeconds(7 * 24 * 3600),
      'anthropic-ratelimit-unified-7d_opus-utilization': '0.5',
      'anthropic-ratelimit-unified-7d_sonnet-status': 'allowed_warning',
      'anthropic-ratelimit-unified-7d_sonnet-reset': inSeconds(7 * 24 * 3600),
      'anthropic-ratelimit-unified-7d_sonnet-utilization': '1',
    };
    expect(limitHeadersOf(await ask(simulator))).toMatchObject(headers);
    const refused = await ask(simulator);
    expect(refused.status).toBe(429);
    expect(limitHeadersOf(refused)).toMatchObject({
      ...headers,
      'anthropic-ratelimit-unified-7d_sonnet-status': 'rejected',
      'anthropic-ratelimit-unified-representative-claim': 'seven_day_sonnet',
    });
  });

  test('a window above nine tenths warns', async () => {
    const { simulator } = subscription({ windows: [{ name: 'five_hour', limit: 100, used: 92 }] });
    expect(limitHeadersOf(await ask(simulator))).toMatchObject({
      'anthropic-ratelimit-unified-status': 'allowed_warning',
      'anthropic-ratelimit-unified-5h-status': 'allowed_warning',
      'anthropic-ratelimit-unified-5h-utilization': '0.93',
      'anthropic-ratelimit-unified-5h-surpassed-threshold': '0.9',
      'anthropic-ratelimit-unified-7d-status': 'allowed',
    });
  });

  test('a used up window refuses until its reset, then counts from nothing', async () => {
    const { simulator, clock } = subscription({ windows: [{ name: 'five_hour', limit: 1, periodMs: 60_000 }] });
    expect((await ask(simulator)).status).toBe(200);
    clock.now += 59_000;
    const refused = await ask(simulator);
    expect(refused.status).toBe(429);
    expect(limitHeadersOf(refused)).toMatchObject({
      'retry-after': '1',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-5h-utilization': '1',
      'anthropic-ratelimit-unified-5h-reset': inSeconds(60),
      'anthropic-ratelimit-unified-reset': inSeconds(60),
      'anthropic-ratelimit-unified-7d-status': 'allowed',
    });
    expect(await refused.json()).toEqual({
      type: 'error',
      error: {
        type: 'rate_limit_error',
        message: "This request would exceed your account's rate limit. Please try again later.",
      },
      request_id: refused.headers.get('request-id'),
    });
    clock.now += 1000;
    const reopened = await ask(simulator);
    expect(reopened.status).toBe(200);
    expect(reopened.headers.get('anthropic-ratelimit-unified-5h-reset')).toBe(inSeconds(120));
  });

  test.each([
    ['seven_day_opus', 'claude-opus-4-8', 'claude-sonnet-4-5'],
    ['seven_day_sonnet', 'claude-sonnet-4-5', 'claude-opus-4-8'],
    ['seven_day_overage_included', 'claude-fable-5', 'claude-opus-4-8'],
  ] as const)('the window %s closes its own family only', async (name, model, other) => {
    const resetAt = startedAt + 3_600_000;
    const { simulator } = subscription({ windows: [{ name, limit: 0, resetAt }] });
    const refused = await ask(simulator, { model });
    expect(refused.status).toBe(429);
    expect(limitHeadersOf(refused)).toMatchObject({
      'retry-after': '3600',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-representative-claim': name,
      'anthropic-ratelimit-unified-reset': inSeconds(3600),
      'anthropic-ratelimit-unified-5h-status': 'allowed',
      'anthropic-ratelimit-unified-7d-status': 'allowed',
    });
    expect(refused.headers.get('anthropic-ratelimit-unified-7d_oi-status')).toBe(
      name === 'seven_day_overage_included' ? 'rejected' : null,
    );
    expect((await ask(simulator, { model: other })).status).toBe(200);
  });

  test('a used up subscription with overage is served and says so', async () => {
    const { simulator } = subscription({ windows: [{ name: 'five_hour', limit: 0 }], overage: 'allowed' });
    const response = await ask(simulator);
    expect(response.status).toBe(200);
    const headers = limitHeadersOf(response);
    expect(headers).toMatchObject({
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-overage-status': 'allowed',
      'anthropic-ratelimit-unified-overage-in-use': 'true',
    });
    expect(headers['retry-after']).toBeUndefined();
    expect(headers['anthropic-ratelimit-unified-overage-disabled-reason']).toBeUndefined();
  });

  test.each([
    ['out_of_credits', 'out_of_credits'],
    ['spend_cap', 'org_spend_cap_reached'],
  ] as const)('overage that ran out as %s is the disabled reason', async (overage, reason) => {
    const { simulator } = subscription({ windows: [{ name: 'five_hour', limit: 0 }], overage });
    const response = await ask(simulator);
    expect(response.status).toBe(429);
    expect(limitHeadersOf(response)).toMatchObject({
      'anthropic-ratelimit-unified-overage-status': 'rejected',
      'anthropic-ratelimit-unified-overage-disabled-reason': reason,
    });
  });
});

describe('limits of an API key', () => {
  test('requests and tokens count down and reset by the minute', async () => {
    const { simulator, clock } = start([
      {
        secret: keySecret,
        name: 'key',
        windows: [
          { name: 'requests', limit: 2 },
          { name: 'input-tokens', limit: 50_000 },
          { name: 'output-tokens', limit: 10_000 },
        ],
      },
    ]);
    const served = await ask(simulator, { secret: keySecret, prompt: '[[words:40]]' });
    expect(limitHeadersOf(served)).toEqual({
      'anthropic-ratelimit-requests-limit': '2',
      'anthropic-ratelimit-requests-remaining': '1',
      'anthropic-ratelimit-requests-reset': '2026-11-21T00:01:00Z',
      'anthropic-ratelimit-input-tokens-limit': '50000',
      'anthropic-ratelimit-input-tokens-remaining': expect.any(String),
      'anthropic-ratelimit-input-tokens-reset': '2026-11-21T00:01:00Z',
      'anthropic-ratelimit-output-tokens-limit': '10000',
      'anthropic-ratelimit-output-tokens-remaining': '9960',
      'anthropic-ratelimit-output-tokens-reset': '2026-11-21T00:01:00Z',
    });
    await ask(simulator, { secret: keySecret });
    clock.now += 20_000;
    const refused = await ask(simulator, { secret: keySecret });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('40');
    expect(refused.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
    expect(refused.headers.get('anthropic-ratelimit-requests-reset')).toBe('2026-11-21T00:02:00Z');
    expect(await refused.text()).toContain(
      "This request would exceed your organization's rate limit of 2 requests per minute (org: 0a1b2c3d-0000-4000-8000-000000000001, model: claude-sonnet-4-5).",
    );
    clock.now += 40_000;
    expect((await ask(simulator, { secret: keySecret })).status).toBe(200);
  });

  test('tokens beyond the rest of the window are refused', async () => {
    const { simulator } = start([{ secret: keySecret, name: 'key', windows: [{ name: 'input-tokens', limit: 1000 }] }]);
    const refused = await ask(simulator, { secret: keySecret, prompt: 'x'.repeat(8000) });
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain('1,000 input tokens per minute');
    expect((await ask(simulator, { secret: keySecret })).status).toBe(200);
  });
});

describe('changes at run time', () => {
  test('a window can be used up and opened again', async () => {
    const { simulator, clock } = subscription({});
    const resetAt = clock.now + 5000;
    simulator.changeCredential('subscription', { windows: [{ name: 'five_hour', limit: 4, used: 'all', resetAt }] });
    expect((await ask(simulator)).headers.get('retry-after')).toBe('5');
    simulator.changeCredential('subscription', { windows: [{ name: 'five_hour', used: 0 }] });
    expect((await ask(simulator)).status).toBe(200);
    expect(simulator.state()[0]?.windows[0]).toMatchObject({ name: 'five_hour', used: 1, limit: 4, resetAt });
  });

  test('an unknown name is an error', () => {
    expect(() => subscription({}).simulator.changeCredential('nobody', {})).toThrow('no credential is named nobody');
  });
});
