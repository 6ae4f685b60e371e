// What pages, agents and other users of this machine might try on the control listener.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Hono } from 'hono';
import { issuePhantom } from '../../book/phantoms.ts';
import { asProviderId, parseLabel } from '../../core/ids.ts';
import { openRest, type RestRig } from '../../../test/rest-rig.ts';
import { operations } from '../../operations/registry.ts';
import { checkHost } from './admission.ts';

let rest: RestRig;
let cookie: string;

beforeAll(async () => {
  rest = await openRest();
  await rest.operations.add('work', 'home');
  const code = rest.tokens.link().url.split('#')[1];
  const { headers } = await rest.send('/api/login', { method: 'POST', body: { code }, token: null });
  cookie = (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
});

afterAll(() => rest[Symbol.asyncDispose]());

describe('the token', () => {
  const paths = [
    '/api/account.list',
    '/api/status',
    '/api/openapi.json',
    '/api/nothing',
    '/account-pool',
    '/mcp',
    '/api/events',
  ];
  test.each([
    ['none', {}, 'The control API needs a token.'],
    ['none of another kind', { authorization: 'Basic abc' }, 'The control API needs a token.'],
    ['an empty one', { authorization: 'Bearer ' }, 'The control API needs a token.'],
    ['one in the query', {}, 'The control API needs a token.'],
    ['a cookie of nobody', { cookie: 'stint-1=x' }, 'The control API needs a token.'],
  ])('is required everywhere: %s is refused', async (what, headers, detail) => {
    for (const path of paths) {
      const query = what === 'one in the query' ? `?token=${rest.full}` : '';
      const answer = await rest.send(`${path}${query}`, { token: null, headers });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized', detail } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="stint"');
    }
  });

  test('is all of it, and this daemon’s: others are refused', async () => {
    const wrong = [
      'b'.repeat(64),
      rest.full.slice(1),
      `${rest.full}0`,
      rest.full.toUpperCase(),
      `${rest.full} ${rest.full}`,
    ];
    for (const token of wrong) {
      const answer = await rest.send('/api/account.list', { token });
      expect(answer).toMatchObject({ status: 401, body: { detail: 'This is not a token of this daemon.' } });
    }
  });

  test('that only reads changes nothing, by no operation and by no path', async () => {
    const before = await rest.operations.run('daemon.status');
    for (const { name } of operations.filter((each) => each.effect !== 'read' && each.hidden?.rest === undefined)) {
      const answer = await rest.send(`/api/${name}`, { method: 'POST', body: {}, token: rest.read });
      expect([name, answer.status, answer.body['code']]).toEqual([name, 403, 'forbidden']);
    }
    const others = [
      ['POST', '/account-pool/next', { provider: 'anthropic' }],
      ['POST', '/account-pool/remove', { provider: 'anthropic', label: 'work' }],
      ['POST', '/api/models/rate-limits', { model: 'opus' }],
      ['PUT', '/api/pools/anthropic/auth-reset-target', { target: 'x' }],
      ['DELETE', '/api/accounts/anthropic/work', undefined],
    ] as const;
    for (const [method, path, body] of others) {
      expect((await rest.send(path, { method, body, token: rest.read })).status).toBe(403);
    }
    expect(await rest.operations.run('daemon.status')).toEqual(before);
    expect(rest.operations.audit.at(-1)).toMatchObject({ actor: 'read-token', outcome: 'forbidden' });
    expect((await rest.send('/api/status', { token: rest.read })).status).toBe(200);
  });

  test('of an agent opens nothing here', async () => {
    const pool = parseLabel('anthropic');
    if (pool === undefined) throw new Error('no label');
    const { token } = await issuePhantom(rest.operations.book, {
      provider: asProviderId('anthropic'),
      pool,
      origin: 'env',
      holdMs: 0,
    });
    for (const path of ['/api/status', '/account-pool', '/api/events', '/mcp']) {
      expect((await rest.send(path, { token })).status).toBe(401);
    }
    expect((await rest.send('/api/status', { token: null, headers: { 'x-api-key': token } })).status).toBe(401);
  });

  test('that was rotated is refused at once, and the other stays', async () => {
    const old = rest.read;
    await rest.send('/api/token.rotate', { method: 'POST', body: { scope: 'read' } });
    expect((await rest.send('/api/status', { token: old })).status).toBe(401);
    expect((await rest.send('/api/status', { token: rest.read })).status).toBe(200);
    expect((await rest.send('/api/status')).status).toBe(200);
    const code = rest.tokens.link().url.split('#')[1];
    const { headers } = await rest.send('/api/login', { method: 'POST', body: { code }, token: null });
    cookie = (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  });
});

describe('a page that rebinds its own name', () => {
  test.each(['127.0.0.1', '127.0.0.1:4600', '127.8.8.8', 'localhost', 'LocalHost:4600', '[::1]:4600'])(
    'is not %s, which is accepted',
    async (host) => {
      expect(await withToken(host)).toBe(200);
    },
  );

  test.each([
    ...[
      'evil.example',
      'evil.example:4600',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '127.0.0.1@evil.example',
    ],
    ...[
      '192.168.1.7:4600',
      '[2001:db8::1]:4600',
      '0.0.0.0',
      '127.0.0.1, evil.example',
      '127.0.0.1/api',
      '127.0.0.1/healthz?',
    ],
  ])('is refused as %p, even with the token', async (host) => {
    expect(await withToken(host)).toBe(403);
  });

  test.each([
    '/',
    '/login',
    '/api/status',
    '/api/openapi.json',
    '/api/events',
    '/account-pool',
    '/mcp',
    '/api/nothing',
  ])('gets nothing of %s', async (path) => {
    const headers = { host: 'evil.example', cookie, authorization: `Bearer ${rest.full}` };
    expect(await rest.raw(path, headers)).toBe(403);
    expect(await rest.raw('/api/login', headers, 'POST')).toBe(403);
  });

  test.each([
    ['stint.example', 'Stint.Example:4600', 200],
    ['stint.example', '127.0.0.1:4600', 200],
    ['stint.example', 'evil.example:4600', 403],
    ['192.168.1.7', '192.168.1.7:4600', 200],
    ['192.168.1.7', '192.168.1.8:4600', 403],
    ['2001:db8::1', '[2001:DB8::1]:4600', 200],
    ['0.0.0.0', '192.168.1.7:4600', 200],
    ['::', '[2001:db8::1]:4600', 200],
    ['0.0.0.0', 'evil.example', 403],
  ])('of a listener on %s, as %s gets %d', async (hostname, host, status) => {
    const app = new Hono();
    app.get('/', (c) => {
      checkHost(c, hostname);
      return c.body(null);
    });
    app.onError((_, c) => c.body(null, 403));
    expect((await app.request('/', { headers: { host } })).status).toBe(status);
  });

  function withToken(host: string): Promise<number> {
    return rest.raw('/api/account.list', { host, authorization: `Bearer ${rest.full}` });
  }
});

describe('a page of somebody else', () => {
  const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  test.each([
    ['a form', { ...evil, 'content-type': 'application/x-www-form-urlencoded' }, 403],
    ['JSON as a simple request', { ...evil, 'content-type': 'text/plain' }, 403],
    ['JSON', evil, 403],
    ['JSON from another port', { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site' }, 403],
    ['JSON from localhost by another name', { origin: 'http://localhost:4600', 'sec-fetch-site': 'same-site' }, 403],
    ['JSON from a sandbox', { origin: 'null' }, 403],
    ['JSON without an origin', {}, 403],
    ['JSON from the address bar', { 'sec-fetch-site': 'none' }, 403],
    ['JSON from another scheme', { origin: 'https://127.0.0.1' }, 403],
  ])('that sends %s with the cookie changes nothing', async (_, headers, status) => {
    const before = await rest.operations.run('account.list');
    const answer = await rest.send('/api/account.disable', {
      method: 'POST',
      text: '{"account":"work"}',
      token: null,
      headers: { ...headers, cookie } as Record<string, string>,
    });
    expect([answer.status, answer.body['code']]).toEqual([status, 'forbidden']);
    expect(await rest.operations.run('account.list')).toEqual(before);
  });

  test('reads nothing with the cookie either, where the browser says who asks', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const answer = await rest.send('/api/status', { token: null, headers: { cookie, 'sec-fetch-site': site } });
      expect(answer.status).toBe(403);
    }
    const headers = { cookie, 'sec-fetch-site': 'same-origin' };
    expect((await rest.send('/api/status', { token: null, headers })).status).toBe(200);
  });

  test('is refused with the token as well, and never hears that it may ask', async () => {
    const answer = await rest.send('/api/status', { headers: evil });
    expect(answer.status).toBe(403);
    const asked = await rest.send('/api/status', {
      method: 'OPTIONS',
      token: null,
      headers: { ...evil, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
    expect(asked.status).toBe(403);
    for (const { headers } of [answer, asked]) {
      expect([...headers.keys()].filter((each) => each.startsWith('access-control'))).toEqual([]);
    }
  });

  test('cannot log a browser in as somebody else', async () => {
    const code = rest.tokens.link().url.split('#')[1];
    const answer = await rest.send('/api/login', { method: 'POST', body: { code }, token: null, headers: evil });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
  });
});

test('nobody but the control socket says on which surface he is', async () => {
  const headers = { 'stint-surface': 'cli' };
  await rest.send('/api/account.enable', { method: 'POST', body: { account: 'work' }, headers });
  expect(rest.operations.audit.at(-1)).toMatchObject({ surface: 'rest', actor: 'token' });
});
