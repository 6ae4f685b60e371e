import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { ask, type Fixture, keySecret, planPath, startFixture } from './request-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

interface Tokens {
  readonly id_token: string;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

function refresh(refreshToken: string, as: 'json' | 'form' = 'json'): Promise<Response> {
  const asked = { client_id: 'app_test', grant_type: 'refresh_token', refresh_token: refreshToken };
  const body = as === 'json' ? JSON.stringify(asked) : new URLSearchParams(asked);
  return fetch(`${fixture.simulator.url}/oauth/token`, { method: 'POST', body });
}

async function codeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { error: { code: unknown } }).error.code;
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('tokens of a plan', () => {
  test('they hold the claims that Codex reads', () => {
    const { accessToken, idToken, expiresAt } = fixture.simulator.login('work');
    for (const token of [accessToken, idToken]) {
      expect(claimsOf(token)).toMatchObject({
        exp: expiresAt / 1000,
        'https://api.openai.com/auth': {
          chatgpt_account_id: 'acct-work',
          chatgpt_plan_type: 'plus',
          chatgpt_user_id: 'user-test-work',
        },
      });
    }
  });

  test('an access token ends after ten days', async () => {
    const { simulator, clock } = fixture;
    expect((await ask(simulator, { as: 'work' })).status).toBe(200);
    clock.now += 864_000_000;
    const expired = await ask(simulator, { as: 'work' });
    expect(expired.status).toBe(401);
    expect(await expired.json()).toEqual({
      error: {
        message: 'Provided authentication token is expired. Please try signing in again.',
        type: null,
        code: 'token_expired',
        param: null,
      },
      status: 401,
    });
  });

  test.each(['json', 'form'] as const)(
    'a refresh as %s gives another pair, and the old access token lives on',
    async (as) => {
      const { simulator, clock } = fixture;
      const before = simulator.login('work');
      clock.now += 60_000;
      const tokens = (await (await refresh(before.refreshToken, as)).json()) as Tokens;
      expect(tokens.expires_in).toBe(864_000);
      expect(tokens.refresh_token).not.toBe(before.refreshToken);
      expect(simulator.login('work')).toMatchObject({
        accessToken: tokens.access_token,
        refreshToken: tokens.refresh_token,
        idToken: tokens.id_token,
      });
      for (const token of [before.accessToken, tokens.access_token]) {
        const headers = { authorization: `Bearer ${token}` };
        expect((await ask(simulator, { as: 'work', headers })).status).toBe(200);
      }
    },
  );

  test('a refresh token is spent by its first use', async () => {
    const { refreshToken } = fixture.simulator.login('work');
    expect((await refresh(refreshToken)).status).toBe(200);
    const again = await refresh(refreshToken);
    expect([again.status, await codeOf(again)]).toEqual([401, 'refresh_token_reused']);
    expect(fixture.simulator.state()[2]?.login?.refreshes).toBe(1);
  });

  test('a refresh whose reply is lost has spent the token all the same', async () => {
    const { simulator } = fixture;
    const { refreshToken } = simulator.login('work');
    simulator.inject({ kind: 'cut_before_head', path: '/oauth/token' });
    expect(await refresh(refreshToken).catch((error: unknown) => error)).toBeInstanceOf(Error);
    expect(await codeOf(await refresh(refreshToken))).toBe('refresh_token_reused');
  });

  test('a token endpoint that fails spends nothing', async () => {
    const { simulator } = fixture;
    const { refreshToken } = simulator.login('work');
    simulator.inject({ kind: 'internal', path: '/oauth/token' });
    expect((await refresh(refreshToken)).status).toBe(500);
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  test('a dead login refuses access and refresh', async () => {
    const { simulator } = fixture;
    simulator.changeCredential('work', { login: 'dead' });
    expect(await codeOf(await ask(simulator, { as: 'work' }))).toBe('token_invalidated');
    expect(await codeOf(await refresh(simulator.login('work').refreshToken))).toBe('refresh_token_invalidated');
  });

  test('an unknown refresh token and an unknown grant are refused', async () => {
    expect(await codeOf(await refresh('rt-test-nobody'))).toBe('token_expired');
    const body = JSON.stringify({ grant_type: 'password' });
    const response = await fetch(`${fixture.simulator.url}/oauth/token`, { method: 'POST', body });
    expect([response.status, await codeOf(response)]).toEqual([400, 'unsupported_grant_type']);
  });
});

describe('whose request it is', () => {
  test("another account's id is refused", async () => {
    const headers = { 'chatgpt-account-id': 'acct-home' };
    const refused = await ask(fixture.simulator, { as: 'work', headers });
    expect([refused.status, await refused.json()]).toEqual([403, { detail: 'Forbidden' }]);
  });

  test.each([
    ['openai-organization', 'org-test-key', 200],
    ['openai-organization', 'org-test-other', 401],
    ['openai-project', 'proj_test_key', 200],
    ['openai-project', 'proj_test_other', 401],
  ])('the header %s: %s answers %i', async (name, value, status) => {
    expect((await ask(fixture.simulator, { headers: { [name]: value } })).status).toBe(status);
  });

  test.each([
    ['/v1/responses', 'Bearer sk-test-nobody', 401, 'invalid_api_key'],
    [planPath, 'Bearer sk-test-nobody', 401, 'token_invalidated'],
    ['/v1/responses', 'Basic x', 401, null],
  ])('%s with %s answers %i', async (...[path, authorization, status, code]) => {
    const response = await ask(fixture.simulator, { path, headers: { authorization } });
    expect([response.status, await codeOf(response)]).toEqual([status, code]);
  });

  test('each server refuses the secrets of the other', async () => {
    const { simulator } = fixture;
    expect((await ask(simulator, { as: 'key', path: planPath })).status).toBe(401);
    const plan = await ask(simulator, { as: 'work', path: '/v1/responses' });
    expect([plan.status, await codeOf(plan)]).toEqual([401, 'missing_scope']);
  });

  test('a revoked key is invalid, and its secret is not told', async () => {
    fixture.simulator.changeCredential('key', { revoked: true });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(401);
    const text = await response.text();
    expect(text).toContain('invalid_api_key');
    expect(text).not.toContain(keySecret);
  });
});
