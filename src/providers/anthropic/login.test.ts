import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { Problem } from '../../core/problem.ts';
import type { Reach } from '../provider.ts';
import { anthropic } from './anthropic.ts';
import { adoption, login } from './login.ts';

const hour = 3_600_000;
const tokens = {
  accessToken: 'sk-ant-oat01-test-access',
  refreshToken: 'sk-ant-ort01-test-refresh',
  expiresAt: captured + hour,
  scopes: ['user:inference', 'user:profile'],
};
const own = JSON.stringify(tokens);
const file = JSON.stringify({
  claudeAiOauth: { ...tokens, subscriptionType: 'max', rateLimitTier: 'x' },
  mcpOAuth: {},
});

/** Answers every request with this, and keeps what was asked. */
function reachOf(answer: Response | Error, baseUrl: string | null = null) {
  const asked: { url: string; body: unknown }[] = [];
  const reach: Reach = {
    baseUrl,
    now: captured,
    fetch: (url, init) => {
      asked.push({ url, body: JSON.parse(init.body as string) });
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  return { reach, asked };
}

const answerOf = (status: number, body: unknown): Response =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });

describe('a secret', () => {
  test.each([
    ['the vault’s own', own, 'login'],
    ['Claude Code’s file', file, 'login'],
    ['a login without a refresh token', JSON.stringify({ ...tokens, refreshToken: undefined }), 'login'],
    ['a setup token', 'sk-ant-oat01-test-setup', 'setup-token'],
    ['an API key', 'sk-ant-api03-test-key', 'api-key'],
  ])('%s is recognised', (_, secret, kind) => {
    expect(anthropic.recognise(secret)).toBe(kind);
  });

  test.each(['{}', '{"accessToken":5}', '{"claudeAiOauth":{}}', '{"accessToken":"with a space in it"}', '[1]', '{'])(
    '%s is none',
    (secret) => {
      expect(anthropic.recognise(secret)).toBeInstanceOf(Problem);
    },
  );

  test('that no longer parses opens as one that the provider refuses', () => {
    expect(anthropic.open('login', '{"accessToken":5}')).toEqual({
      credential: { kind: 'login', secret: '', scope: {} },
      expiresAt: null,
      renewable: false,
    });
  });

  test('whose end no date can hold opens without one', () => {
    expect(anthropic.open('login', JSON.stringify({ ...tokens, expiresAt: 1e300 })).expiresAt).toBeNull();
  });

  test.each([own, file])('%s opens with its expiry and scopes', (secret) => {
    expect(anthropic.open('login', secret)).toEqual({
      credential: { kind: 'login', secret: tokens.accessToken, scope: { scopes: 'user:inference user:profile' } },
      expiresAt: captured + hour,
      renewable: true,
    });
  });

  test('of a login goes as a bearer token with the OAuth beta, and nothing else of it goes', () => {
    const headers = new Headers({ 'x-api-key': 'stint-test-phantom', 'anthropic-beta': 'claude-code-20250219' });
    anthropic.authorize(headers, anthropic.open('login', own).credential);
    expect(Object.fromEntries(headers)).toEqual({
      authorization: `Bearer ${tokens.accessToken}`,
      'anthropic-beta': 'claude-code-20250219,oauth-2025-04-20',
    });
  });
});

describe('a renewal', () => {
  const answer = {
    token_type: 'Bearer',
    access_token: 'sk-ant-oat01-test-next',
    refresh_token: 'sk-ant-ort01-test-next',
    expires_in: 28_800,
    scope: 'user:inference',
  };

  test.each([
    [null, 'https://platform.claude.com/v1/oauth/token'],
    ['http://127.0.0.1:8080/anthropic', 'http://127.0.0.1:8080/v1/oauth/token'],
  ])('asks as Claude Code does, with the base URL %s at %s', async (baseUrl, url) => {
    const { reach, asked } = reachOf(answerOf(200, answer), baseUrl);
    const renewal = await login.renew('login', file, reach);
    expect(asked).toEqual([
      {
        url,
        body: {
          grant_type: 'refresh_token',
          refresh_token: tokens.refreshToken,
          client_id: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
          scope: 'user:inference user:profile',
        },
      },
    ]);
    expect(renewal.kind === 'renewed' && (JSON.parse(renewal.secret) as unknown)).toEqual({
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
      expiresAt: captured + 8 * hour,
      scopes: ['user:inference'],
      subscriptionType: 'max',
    });
  });

  test('keeps what the answer leaves out', async () => {
    const { reach } = reachOf(answerOf(200, { access_token: answer.access_token }));
    const renewal = await login.renew('login', own, reach);
    expect(renewal.kind === 'renewed' && (JSON.parse(renewal.secret) as unknown)).toMatchObject({
      accessToken: answer.access_token,
      refreshToken: tokens.refreshToken,
      expiresAt: null,
      scopes: tokens.scopes,
    });
  });

  test.each([
    { expires_in: 0 },
    { expires_in: -1 },
    { expires_in: '28800' },
    { expires_in: 1e300 },
    { scope: ['user:inference'] },
  ])('takes the tokens of an answer with %j, which it cannot read', async (odd) => {
    const { reach } = reachOf(answerOf(200, { ...answer, expires_in: null, scope: null, ...odd }));
    const renewal = await login.renew('login', own, reach);
    expect(anthropic.open('login', renewal.kind === 'renewed' ? renewal.secret : '')).toEqual({
      credential: { kind: 'login', secret: answer.access_token, scope: { scopes: 'user:inference user:profile' } },
      expiresAt: null,
      renewable: true,
    });
    expect(renewal.kind === 'renewed' && renewal.secret).toContain(answer.refresh_token);
  });

  test.each(['', 'with a space in it', 'x'.repeat(5000)])(
    'keeps the refresh token where the next one is none that could be kept: %#',
    async (odd) => {
      const { reach } = reachOf(answerOf(200, { ...answer, refresh_token: odd }));
      const renewal = await login.renew('login', own, reach);
      const kept = renewal.kind === 'renewed' ? renewal.secret : '{}';
      expect(JSON.parse(kept)).toMatchObject({
        accessToken: answer.access_token,
        refreshToken: tokens.refreshToken,
      });
      expect(anthropic.open('login', kept).renewable).toBe(true);
    },
  );

  test.each<[string, [number, unknown], string]>([
    [
      'invalid_grant',
      [400, { error: 'invalid_grant', error_description: 'Refresh token not found or invalid' }],
      'dead',
    ],
    ['invalid_grant with 401', [401, { error: 'invalid_grant' }], 'dead'],
    [
      'an error object that names the refresh token',
      [401, { type: 'error', error: { type: 'authentication_error', message: 'The refresh token has been revoked' } }],
      'dead',
    ],
    ['invalid_grant of a broken server', [500, { error: 'invalid_grant' }], 'failed'],
    ['another error', [400, { error: 'invalid_client' }], 'failed'],
    ['an error object of another kind', [400, { error: { type: 'invalid_request_error', message: 'bad' } }], 'failed'],
    ['a rate limit', [429, { error: { type: 'rate_limit_error', message: 'Rate limited' } }], 'failed'],
    ['a page', [403, '<html>blocked</html>'], 'failed'],
    ['an outage', [503, ''], 'failed'],
    ['garbage', [200, 'garbage'], 'failed'],
    ['no token', [200, {}], 'failed'],
    ['a token that no header can hold', [200, { access_token: 'line\nbreak and more' }], 'failed'],
  ])('that gets %s is judged', async (_, [status, body], kind) => {
    const { reach } = reachOf(answerOf(status, body));
    expect((await login.renew('login', own, reach)).kind).toBe(kind as never);
  });

  test('without an answer, or without a refresh token, is judged too', async () => {
    const { reach } = reachOf(new Error('connection refused'));
    expect(await login.renew('login', own, reach)).toEqual({ kind: 'failed', detail: 'connection refused' });
    const { reach: unasked, asked } = reachOf(answerOf(200, answer));
    const without = JSON.stringify({ ...tokens, refreshToken: null });
    expect((await login.renew('login', without, unasked)).kind).toBe('dead');
    expect(asked).toEqual([]);
  });

  test.each([
    [400, { error: 'invalid_grant', error_description: `unknown ${tokens.refreshToken}` }],
    [418, { error: 'odd', error_description: `unknown ${tokens.refreshToken}` }],
  ])('repeats no token of an answer with %i', async (status, body) => {
    const { reach } = reachOf(answerOf(status, body));
    expect(JSON.stringify(await login.renew('login', own, reach))).not.toContain(tokens.refreshToken);
  });
});

test('a file gives its login and keeps the rest', () => {
  expect(adoption.kind === 'file' && adoption.read(file)).toMatchObject({ rest: '{"mcpOAuth":{}}' });
});
