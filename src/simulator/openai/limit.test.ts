import { afterEach, describe, expect, test } from 'bun:test';
import { renderDuration } from './limit-headers.ts';
import { ask, credentialHeaders, type Fixture, keySecret, startedAt, startFixture } from './request-fixture.ts';
import type { CredentialChange, ScenarioInput } from './scenario.ts';

const fixtures: Fixture[] = [];

afterEach(() => {
  for (const { simulator } of fixtures.splice(0)) simulator.stop();
});

function start(credentials?: ScenarioInput['credentials']): Fixture {
  const fixture = startFixture(credentials === undefined ? {} : { scenario: { credentials } });
  fixtures.push(fixture);
  return fixture;
}

/** A plan that a change has brought to its limit. */
function plan(change: CredentialChange): Fixture {
  const fixture = start();
  fixture.simulator.changeCredential('work', change);
  return fixture;
}

function headersOf(response: Response, prefix: string): Record<string, string> {
  const found = [...response.headers].filter(([name]) => name.startsWith(prefix) && name !== 'x-codex-turn-state');
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

const resetAt = startedAt + 3_600_000;

describe('limits of a plan', () => {
  test('an allowed request tells both windows', async () => {
    const { simulator } = start();
    expect(headersOf(await ask(simulator, { as: 'work' }), 'x-codex-')).toEqual({
      'active-limit': 'codex',
      'plan-type': 'plus',
      'credits-balance': '',
      'credits-has-credits': 'False',
      'credits-unlimited': 'False',
      'primary-over-secondary-limit-percent': '0',
      'primary-used-percent': '10',
      'primary-window-minutes': '300',
      'primary-reset-after-seconds': '18000',
      'primary-reset-at': String(startedAt / 1000 + 18_000),
      'secondary-used-percent': '31',
      'secondary-window-minutes': '10080',
      'secondary-reset-after-seconds': '345600',
      'secondary-reset-at': String(startedAt / 1000 + 345_600),
    });
  });

  test.each(['primary', 'secondary'] as const)('a used up %s window refuses until its reset', async (name) => {
    const { simulator, clock } = plan({ windows: [{ name, limit: 1, used: 'all', resetAt }] });
    const refused = await ask(simulator, { as: 'work' });
    expect(refused.status).toBe(429);
    expect(headersOf(refused, 'x-codex-')).toMatchObject({
      [`${name}-used-percent`]: '100',
      [`${name}-reset-at`]: String(resetAt / 1000),
      [`${name}-reset-after-seconds`]: '3600',
    });
    expect(await refused.json()).toEqual({
      error: {
        type: 'usage_limit_reached',
        message: 'The usage limit has been reached',
        plan_type: 'plus',
        resets_at: resetAt / 1000,
        eligible_promo: null,
        resets_in_seconds: 3600,
      },
    });
    expect((await ask(simulator, { as: 'home' })).status).toBe(200);
    clock.now = resetAt;
    expect((await ask(simulator, { as: 'work' })).status).toBe(200);
  });

  test('a window of a model family closes its own models only', async () => {
    const { simulator } = plan({ windows: [{ name: 'bengalfox_primary', limit: 1, used: 'all', resetAt }] });
    const refused = await ask(simulator, { as: 'work', body: { model: 'gpt-5.3-codex-spark' } });
    expect(refused.status).toBe(429);
    expect(headersOf(refused, 'x-codex-')).toMatchObject({
      'active-limit': 'codex_bengalfox',
      'bengalfox-limit-name': 'gpt-5.3-codex-spark',
      'bengalfox-primary-used-percent': '100',
      'bengalfox-primary-reset-at': String(resetAt / 1000),
      'primary-used-percent': '10',
    });
    const allowed = await ask(simulator, { as: 'work' });
    expect(allowed.status).toBe(200);
    expect(headersOf(allowed, 'x-codex-')).toMatchObject({
      'active-limit': 'codex',
      'bengalfox-primary-used-percent': '100',
    });
  });

  test.each(['some', 'unlimited'] as const)('%s credits serve a used up plan', async (credits) => {
    const { simulator } = plan({ windows: [{ name: 'primary', limit: 1, used: 'all' }], credits });
    const response = await ask(simulator, { as: 'work' });
    expect(response.status).toBe(200);
    expect(headersOf(response, 'x-codex-')).toMatchObject({
      'credits-has-credits': 'True',
      'primary-used-percent': '100',
    });
  });

  test('a closed workspace says why', async () => {
    const workspaceClosing = 'workspace_member_credits_depleted';
    const { simulator } = plan({ windows: [{ name: 'primary', limit: 1, used: 'all' }], workspaceClosing });
    const refused = await ask(simulator, { as: 'work' });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-codex-rate-limit-reached-type')).toBe(workspaceClosing);
  });

  test('a plan without Codex is refused as such', async () => {
    const { simulator } = plan({ included: false, planType: 'free' });
    const refused = await ask(simulator, { as: 'work' });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({
      error: {
        type: 'usage_not_included',
        message: 'To use Codex with your ChatGPT plan, upgrade to Plus',
        plan_type: 'free',
      },
    });
  });

  test('a window may count tokens', async () => {
    const { simulator } = start([
      {
        kind: 'plan',
        name: 'work',
        accountId: 'acct-work',
        windows: [{ name: 'primary', limit: 500, counts: 'tokens' }],
      },
    ]);
    expect((await ask(simulator, { as: 'work' })).status).toBe(200);
    expect((await ask(simulator, { as: 'work', prompt: 'x'.repeat(4000) })).status).toBe(429);
  });

  test('the usage page tells the same', async () => {
    const { simulator } = plan({ windows: [{ name: 'primary', limit: 2, used: 'all', resetAt }] });
    const response = await fetch(`${simulator.url}/backend-api/wham/usage`, {
      headers: credentialHeaders(simulator, 'work'),
    });
    expect(await response.json()).toMatchObject({
      plan_type: 'plus',
      account_id: 'acct-work',
      rate_limit: {
        allowed: false,
        limit_reached: true,
        primary_window: {
          used_percent: 100,
          limit_window_seconds: 18_000,
          reset_after_seconds: 3600,
          reset_at: resetAt / 1000,
        },
        secondary_window: { used_percent: 31, limit_window_seconds: 604_800 },
      },
      additional_rate_limits: null,
      credits: { has_credits: false, unlimited: false, balance: null },
      rate_limit_reached_type: null,
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
          { name: 'requests', limit: 1 },
          { name: 'tokens', limit: 30_000 },
        ],
      },
    ]);
    expect(headersOf(await ask(simulator), 'x-ratelimit-')).toEqual({
      'limit-requests': '1',
      'remaining-requests': '0',
      'reset-requests': '1m0s',
      'limit-tokens': '30000',
      'remaining-tokens': expect.any(String),
      'reset-tokens': '1m0s',
    });
    clock.now += 54_000;
    const refused = await ask(simulator);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-reset-requests')).toBe('6s');
    expect(await refused.json()).toEqual({
      error: {
        message:
          'Rate limit reached for gpt-6.1-sol in organization org-test-key on requests per min (RPM): Limit 1, Used 1, Requested 1. Please try again in 6s. Visit https://platform.openai.com/account/rate-limits to learn more.',
        type: 'requests',
        param: null,
        code: 'rate_limit_exceeded',
      },
    });
    clock.now += 6000;
    expect((await ask(simulator)).status).toBe(200);
  });

  test('a key without credit is out of quota', async () => {
    const { simulator } = start();
    simulator.changeCredential('key', { outOfCredit: true });
    const refused = await ask(simulator);
    expect([refused.status, await refused.json()]).toMatchObject([429, { error: { code: 'insufficient_quota' } }]);
  });

  test.each([
    [0, '0ms'],
    [120, '120ms'],
    [999.2, '1000ms'],
    [6000, '6s'],
    [1234, '1.234s'],
    [360_000, '6m0s'],
    [3_723_000, '1h2m3s'],
  ])('a reset in %f ms is written %s', (durationMs, text) => {
    expect(renderDuration(durationMs)).toBe(text);
  });

  test('a key without windows has no limit headers', async () => {
    expect(headersOf(await ask(start().simulator), 'x-ratelimit-')).toEqual({});
  });
});
