import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { Problem } from '../../core/problem.ts';
import { authorize, open, phantomOf, recognise } from './credential.ts';

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: object) => `${encoded({ alg: 'none' })}.${encoded({ sub: 'test', ...claims })}.c2ln`;
const exp = captured / 1000 + 3600;
const claims = { 'https://api.openai.com/auth': { chatgpt_account_id: 'account-claimed', chatgpt_plan_type: 'plus' } };
const file = (tokens: object) =>
  JSON.stringify({ auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens, last_refresh: '2026-11-21T00:00:00Z' });
const tokens = {
  id_token: jwt(claims),
  access_token: jwt({ exp }),
  refresh_token: 'rt-test-12345',
  account_id: 'account-a',
};
const own = JSON.stringify({
  accessToken: 'opaque-test-token',
  refreshToken: 'rt-test-12345',
  accountId: 'account-a',
  expiresAt: 1_800_000_000_000,
});

describe('a secret', () => {
  test.each<[string, string, string]>([
    ['a key', 'sk-test-1234567890', 'api-key'],
    ['a key of a project', 'sk-proj-test-1234567890', 'api-key'],
    ['a key of a compatible vendor', 'gsk_test_1234567890', 'api-key'],
    ['Codex’s auth.json', file(tokens), 'plan-login'],
    ['auth.json with line breaks', `\n${JSON.stringify(JSON.parse(file(tokens)), null, 2)}\n`, 'plan-login'],
    ['auth.json whose account only the token tells', file({ ...tokens, account_id: undefined }), 'plan-login'],
    ['the vault’s own form', own, 'plan-login'],
  ])('%s is known', (_, secret, kind) => {
    expect(recognise(secret)).toBe(kind);
  });

  test.each<[string, string, string]>([
    ['a refresh token', 'rt_test-1234567890', 'a refresh token'],
    ['a token of a browser', 'sess-test1234567890', 'a browser session'],
    ['an admin key', 'sk-admin-test-1234567890', 'an admin key'],
    ['a token without its login', jwt({ exp }), 'a token alone'],
    [
      'the auth.json of a key',
      '{"auth_mode":"apikey","OPENAI_API_KEY":"sk-test-1234567890"}',
      'the auth.json of an API key',
    ],
    [
      'an auth.json without an account',
      file({ access_token: jwt({ exp }), refresh_token: 'rt-test-12345' }),
      'which account',
    ],
    ['any JSON', '{"a":1}', 'not a login'],
    ['half a JSON', file(tokens).slice(0, 40), 'not a login'],
    ['two words', 'sk-test-1 234567', 'one word'],
    ['nothing', '', 'one word'],
  ])('%s is named for what it is', (_, secret, words) => {
    const problem = recognise(secret);
    expect(problem).toBeInstanceOf(Problem);
    expect((problem as Problem).message).toContain(words);
    expect(`${(problem as Problem).message} ${(problem as Problem).hint}`).not.toContain('1234567');
  });

  test.each<[string, string, string, object]>([
    [
      'a key',
      'api-key',
      'sk-test-1',
      { credential: { kind: 'api-key', secret: 'sk-test-1', scope: {} }, expiresAt: null, renewable: false },
    ],
    [
      'a login',
      'plan-login',
      file(tokens),
      {
        credential: { kind: 'plan-login', secret: tokens.access_token, scope: { 'chatgpt-account-id': 'account-a' } },
        expiresAt: exp * 1000,
        renewable: true,
      },
    ],
    [
      'a login whose account only the token tells, and which cannot be renewed',
      'plan-login',
      file({ ...tokens, account_id: null, refresh_token: null }),
      {
        credential: {
          kind: 'plan-login',
          secret: tokens.access_token,
          scope: { 'chatgpt-account-id': 'account-claimed' },
        },
        expiresAt: exp * 1000,
        renewable: false,
      },
    ],
    [
      'a login whose token does not tell its end',
      'plan-login',
      own,
      {
        credential: { kind: 'plan-login', secret: 'opaque-test-token', scope: { 'chatgpt-account-id': 'account-a' } },
        expiresAt: 1_800_000_000_000,
        renewable: true,
      },
    ],
  ])('%s opens', (...[, kind, secret, opened]) => {
    expect(open(kind, secret)).toEqual(opened as ReturnType<typeof open>);
  });
});

describe('a request', () => {
  const asked = () =>
    new Headers({
      authorization: 'Bearer stint-phantom',
      'chatgpt-account-id': 'account-of-the-agent',
      'openai-organization': 'org-of-the-agent',
      'openai-project': 'project-of-the-agent',
      originator: 'codex_exec',
    });

  test('carries the account that serves it, and nothing of the one that asked', () => {
    const headers = asked();
    authorize(headers, { kind: 'plan-login', secret: 'token-b', scope: { 'chatgpt-account-id': 'account-b' } });
    expect(Object.fromEntries(headers)).toEqual({
      authorization: 'Bearer token-b',
      'chatgpt-account-id': 'account-b',
      originator: 'codex_exec',
    });
  });

  test('carries a key alone', () => {
    const headers = asked();
    authorize(headers, { kind: 'api-key', secret: 'sk-test-b', scope: {} });
    expect(Object.fromEntries(headers)).toEqual({ authorization: 'Bearer sk-test-b', originator: 'codex_exec' });
  });

  test.each<[string | undefined, string | null]>([
    ['Bearer abc', 'abc'],
    ['bearer  abc ', 'abc'],
    ['Bearer ', null],
    ['Basic abc', null],
    [undefined, null],
  ])('with %j names the phantom %j', (authorization, phantom) => {
    expect(phantomOf(new Headers(authorization === undefined ? {} : { authorization }))).toBe(phantom);
  });
});
