import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { ask, type Fixture, keySecret, startedAt, startFixture, subscriptionSecret } from './request-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

async function errorOf(response: Response): Promise<[number, string, string]> {
  const body = (await response.json()) as { error: { type: string; message: string } };
  return [response.status, body.error.type, body.error.message];
}

describe('authentication', () => {
  test('a subscription token needs its beta', async () => {
    const response = await ask(fixture.simulator, { headers: { 'anthropic-beta': 'claude-code-20250219' } });
    expect(await errorOf(response)).toEqual([
      401,
      'authentication_error',
      'OAuth authentication is currently not supported.',
    ]);
  });

  test('an API key must not carry the beta of subscriptions', async () => {
    const response = await ask(fixture.simulator, {
      secret: keySecret,
      headers: { 'anthropic-beta': 'oauth-2025-04-20' },
    });
    expect(await errorOf(response)).toEqual([
      400,
      'invalid_request_error',
      'The beta oauth-2025-04-20 cannot be used with an API key.',
    ]);
  });

  test.each([
    ['an unknown key', { secret: 'sk-ant-api03-test-other' }, 'invalid x-api-key'],
    ['an unknown token', { secret: 'sk-ant-oat01-test-other' }, 'Invalid bearer token'],
    ['a key sent as a bearer token', { headers: { authorization: `Bearer ${keySecret}` } }, 'Invalid bearer token'],
    ['a token sent as a key', { headers: { 'x-api-key': subscriptionSecret } }, 'invalid x-api-key'],
  ])('%s is refused', async (_, request, message) => {
    expect(await errorOf(await ask(fixture.simulator, request))).toEqual([401, 'authentication_error', message]);
  });

  test('a request without a credential is refused and still seen', async () => {
    const response = await fetch(`${fixture.simulator.url}/v1/models`);
    expect(response.status).toBe(401);
    expect(fixture.simulator.requests.at(-1)).toMatchObject({ path: '/v1/models', credential: null, status: 401 });
  });

  test('a token expires by the clock', async () => {
    fixture.simulator.changeCredential('subscription', { expiresAt: startedAt + 1000 });
    expect((await ask(fixture.simulator)).status).toBe(200);
    fixture.clock.now += 1000;
    expect(await errorOf(await ask(fixture.simulator))).toEqual([
      401,
      'authentication_error',
      'OAuth token has expired. Please obtain a new token or refresh your existing token.',
    ]);
  });

  test('a revoked token is refused with 403, a revoked key as unknown', async () => {
    fixture.simulator.changeCredential('subscription', { revoked: true });
    fixture.simulator.changeCredential('key', { revoked: true });
    expect(await errorOf(await ask(fixture.simulator))).toEqual([
      403,
      'permission_error',
      'OAuth token has been revoked. Please obtain a new token.',
    ]);
    expect(await errorOf(await ask(fixture.simulator, { secret: keySecret }))).toEqual([
      401,
      'authentication_error',
      'invalid x-api-key',
    ]);
  });
});
