import { describe, expect, test } from 'bun:test';
import { Problem } from '../../core/problem.ts';
import { authorize, phantomOf, recognise } from './credential.ts';

const key = { kind: 'api-key', secret: 'sk-ant-api03-test-key', scope: {} };
const token = { kind: 'setup-token', secret: 'sk-ant-oat01-test-token', scope: {} };
const clientBetas = 'claude-code-20250219,interleaved-thinking-2025-05-14';

describe('a secret', () => {
  test.each([
    ['sk-ant-api03-test-key_with-Every.kind', 'api-key'],
    ['sk-ant-oat01-test-token', 'setup-token'],
    ['sk-ant-oat99-test-token', 'setup-token'],
    ['sk-test-vendor-key', 'api-key'],
    ['0123456789abcdef.ghijkl', 'api-key'],
    ['12345678', 'api-key'],
    ['x'.repeat(512), 'api-key'],
  ])('%s is of the kind %s', (secret, kind) => {
    expect(recognise(secret)).toBe(kind as 'api-key');
  });

  test.each([
    ['a refresh token', 'sk-ant-ort01-test-token', /refresh token/],
    ['a session cookie', 'sk-ant-sid01-test-cookie', /cookie of a browser session/],
    ['an admin key', 'sk-ant-admin01-test-key', /admin key/],
    ['nothing', '', /does not look like a credential/],
    ['too short a word', '1234567', /does not look like a credential/],
    ['too long a word', 'x'.repeat(513), /does not look like a credential/],
    ['two words', 'sk-ant-api03-test key', /does not look like a credential/],
    [
      'a setup token with a line break, which no header takes',
      'sk-ant-oat01-test\ntoken',
      /does not look like a credential/,
    ],
    ['a setup token with a space', 'sk-ant-oat01-test token', /does not look like a credential/],
    ['letters beyond ASCII', 'sk-ant-api03-tést-key', /does not look like a credential/],
    [
      'a credentials file without a token',
      '{"claudeAiOauth":{"refreshToken":"sk-ant-ort01-test"}}',
      /does not look like a credential/,
    ],
  ])('that is %s is refused, with what to give instead and without the secret', (_, secret, message) => {
    const problem = recognise(secret);
    if (!(problem instanceof Problem)) throw new Error(`recognised as ${problem}`);
    expect(problem.code).toBe('invalid');
    expect(problem.message).toMatch(message);
    expect(problem.hint).toContain('claude setup-token');
    if (secret !== '') expect(problem.message + problem.hint).not.toContain(secret);
  });
});

describe('the phantom of a request', () => {
  test.each<[string, Record<string, string>, string | null]>([
    ['a bearer', { authorization: 'Bearer test-phantom' }, 'test-phantom'],
    ['a bearer in another case', { authorization: 'bEARER test-phantom' }, 'test-phantom'],
    ['a bearer after more space', { authorization: 'Bearer   test-phantom' }, 'test-phantom'],
    ['a key', { 'x-api-key': 'test-phantom' }, 'test-phantom'],
    ['a bearer rather than a key', { authorization: 'Bearer test-one', 'x-api-key': 'test-two' }, 'test-one'],
    ['a key beside another scheme', { authorization: 'Basic dGVzdA==', 'x-api-key': 'test-phantom' }, 'test-phantom'],
    ['another scheme', { authorization: 'Basic dGVzdA==' }, null],
    ['an empty bearer', { authorization: 'Bearer ' }, null],
    ['no header', {}, null],
  ])('of %s', (_, headers, phantom) => {
    expect(phantomOf(new Headers(headers))).toBe(phantom);
  });
});

describe('an account’s credential', () => {
  const authorized = (credential: typeof key, headers: Record<string, string>) => {
    const sent = new Headers({ 'content-type': 'application/json', ...headers });
    authorize(sent, credential);
    return Object.fromEntries(sent);
  };
  const json = { 'content-type': 'application/json' };
  const bearer = { ...json, authorization: `Bearer ${token.secret}` };
  const keyed = { ...json, 'x-api-key': key.secret };

  test.each<[string, Record<string, string>]>([
    ['a bearer', { authorization: 'Bearer test-phantom' }],
    ['a key', { 'x-api-key': 'test-phantom' }],
    ['both', { authorization: 'Bearer test-phantom', 'x-api-key': 'test-phantom' }],
    ['neither', {}],
  ])('takes the place of the phantom, of either kind, whatever the client sent: %s', (_, headers) => {
    expect(authorized(key, headers)).toEqual(keyed);
    expect(authorized(token, headers)).toEqual({ ...bearer, 'anthropic-beta': 'oauth-2025-04-20' });
  });

  test('does not leave the headers that belong to another account', () => {
    const foreign = { 'anthropic-organization-id': 'org-test', 'anthropic-workspace-id': 'wrkspc-test' };
    expect(authorized(key, foreign)).toEqual(keyed);
    expect(authorized(token, foreign)).toEqual({ ...bearer, 'anthropic-beta': 'oauth-2025-04-20' });
  });

  test('leaves the client’s other headers as they are', () => {
    const own = {
      'anthropic-version': '2023-06-01',
      'user-agent': 'claude-cli/2.1.197 (external, sdk-cli)',
      'x-app': 'cli',
    };
    expect(authorized(key, own)).toEqual({ ...keyed, ...own });
  });

  test.each<[string, typeof key, string | null, string | null]>([
    ['is added for a setup token', token, clientBetas, `${clientBetas},oauth-2025-04-20`],
    ['stays for a setup token, once', token, `oauth-2025-04-20,${clientBetas}`, `oauth-2025-04-20,${clientBetas}`],
    ['is alone for a setup token when the client has none', token, null, 'oauth-2025-04-20'],
    ['is alone for a setup token when the client’s header is empty', token, '', 'oauth-2025-04-20'],
    ['is not added for a key', key, clientBetas, clientBetas],
    ['is removed for a key, first', key, `oauth-2025-04-20,${clientBetas}`, clientBetas],
    [
      'is removed for a key, in the middle',
      key,
      'claude-code-20250219, oauth-2025-04-20, context-1m-2025-08-07',
      'claude-code-20250219,context-1m-2025-08-07',
    ],
    ['is removed for a key, last', key, `${clientBetas},oauth-2025-04-20`, clientBetas],
    ['is removed for a key together with the header when it is alone', key, 'oauth-2025-04-20', null],
  ])('keeps the client’s betas: the OAuth beta %s', (...[, credential, sent, kept]) => {
    const headers = authorized(credential, sent === null ? {} : { 'anthropic-beta': sent });
    expect(headers['anthropic-beta'] ?? null).toBe(kept);
  });

  test('can follow another one on the same request, as after a failover', () => {
    const headers = new Headers({ authorization: 'Bearer test-phantom', 'anthropic-beta': clientBetas });
    authorize(headers, token);
    authorize(headers, key);
    expect(Object.fromEntries(headers)).toEqual({ 'anthropic-beta': clientBetas, 'x-api-key': key.secret });
    authorize(headers, token);
    expect(Object.fromEntries(headers)).toEqual({
      authorization: `Bearer ${token.secret}`,
      'anthropic-beta': `${clientBetas},oauth-2025-04-20`,
    });
  });
});
