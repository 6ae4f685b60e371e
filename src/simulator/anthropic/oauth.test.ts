import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { ask, type Fixture, startedAt, startFixture } from './request-fixture.ts';

const hour = 3_600_000;
const secret = 'sk-ant-oat01-test-login';
const refreshToken = 'sk-ant-ort01-test-login';

let fixture: Fixture;

beforeEach(() => {
  const login = { refreshToken, lifetimeMs: hour };
  fixture = startFixture({
    scenario: {
      credentials: [
        { secret, name: 'login', login, windows: [{ name: 'five_hour', limit: 4, used: 1 }] },
        { secret: 'sk-ant-oat01-test-setup', name: 'setup' },
        { secret: 'sk-ant-api03-test-key', name: 'key' },
      ],
    },
  });
});
afterEach(() => fixture.simulator.stop());

async function renew(
  token: string,
  type = 'refresh_token',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${fixture.simulator.url}/v1/oauth/token`, {
    method: 'POST',
    body: JSON.stringify({ grant_type: type, refresh_token: token }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function usage(token: string): Promise<Response> {
  return fetch(`${fixture.simulator.url}/api/oauth/usage`, {
    headers: { authorization: `Bearer ${token}`, 'anthropic-beta': 'oauth-2025-04-20' },
  });
}

describe('token endpoint', () => {
  test('gives another access token, which ends by the clock, and takes a refresh token once', async () => {
    fixture.clock.now += hour;
    expect((await ask(fixture.simulator, { secret })).status).toBe(401);
    const { status, body } = await renew(refreshToken);
    expect(status).toBe(200);
    expect(body).toMatchObject({ expires_in: 3600, scope: 'user:inference user:profile', token_type: 'Bearer' });
    expect(body['refresh_token']).not.toBe(refreshToken);
    expect((await ask(fixture.simulator, { secret: String(body['access_token']) })).status).toBe(200);
    expect(await renew(refreshToken)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(fixture.simulator.state()[0]).toMatchObject({ name: 'login', refreshes: 1 });
  });

  test('refuses a dead login, an unknown token and another grant', async () => {
    fixture.simulator.changeCredential('login', { login: { dead: true } });
    expect((await renew(refreshToken)).body['error']).toBe('invalid_grant');
    expect((await renew('sk-ant-ort01-test-other')).body['error']).toBe('invalid_grant');
    expect((await renew(refreshToken, 'password')).body['error']).toBe('unsupported_grant_type');
  });

  test('meets the faults of its path', async () => {
    fixture.simulator.inject({ kind: 'unavailable', path: '/v1/oauth/token' });
    expect((await renew(refreshToken)).status).toBe(503);
    expect((await renew(refreshToken)).status).toBe(200);
  });
});

describe('usage endpoint', () => {
  test('tells how full the windows are', async () => {
    expect(await (await usage(secret)).json()).toMatchObject({
      five_hour: { utilization: 25, resets_at: new Date(startedAt + 5 * hour).toISOString() },
      seven_day_opus: null,
      extra_usage: { is_enabled: false },
    });
  });

  test.each([
    ['sk-ant-oat01-test-setup', 403],
    ['sk-ant-oat01-test-nobody', 401],
  ])('answers the token %s with %i', async (token, status) => {
    expect((await usage(token)).status).toBe(status);
  });
});
