import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { z } from 'zod';
import { secretOf } from '../../../test/operation-rig.ts';
import { openRest, type RestRig } from '../../../test/rest-rig.ts';
import { operation } from '../../operations/operation.ts';
import { operations } from '../../operations/registry.ts';
import type { Caller } from '../../operations/context.ts';

const broken = operation({
  name: 'test.broken',
  summary: 'Has a bug',
  effect: 'write',
  positional: [],
  input: z.object({}),
  output: z.object({}),
  run: () => {
    throw new Error(`a bug that quotes ${secretOf('work')}`);
  },
});

let rest: RestRig;
/** Who asked for MCP. */
const callers: Caller[] = [];

beforeAll(async () => {
  rest = await openRest({
    operations: [broken],
    mcp: {
      handle: (_, caller) => {
        callers.push(caller);
        return Promise.resolve(Response.json({ jsonrpc: '2.0' }));
      },
    },
  });
  await rest.operations.add('work', 'home');
});

afterAll(() => rest[Symbol.asyncDispose]());

describe('a request', () => {
  test.each([
    ['POST', '/api/account.show', '{}', 400, 'account is missing.'],
    ['POST', '/api/account.show', '', 400, 'account is missing.'],
    ['POST', '/api/account.show', '{"account":', 400, 'The body is not JSON.'],
    ['POST', '/api/account.show', '{"account":"work"}{}', 400, 'The body is not JSON.'],
    ['POST', '/api/account.show', '{"account":"work"} x', 400, 'The body is not JSON.'],
    ['POST', '/api/account.show', '[]', 400, 'The body takes an object with its fields.'],
    ['POST', '/api/account.show', 'null', 400, 'The body takes an object with its fields.'],
    ['POST', '/api/account.show', '{"account":"work","x":1}', 400, 'account.show has no field x.'],
    ['POST', '/api/account.show', '{"account":"work","__proto__":{}}', 400, 'account.show has no field __proto__.'],
    ['POST', '/api/account.show', '{"account":"nobody"}', 404, 'There is no account "nobody".'],
    [
      'POST',
      '/api/account.show?account=work',
      '',
      400,
      'POST /api/account.show takes its fields in the body, and account is in the query.',
    ],
    ['GET', '/api/account.show?account=work&x=1', null, 400, 'account.show has no field x.'],
    ['GET', '/api/session.list?count=many', null, 400, 'count must be a whole number from 1 to 10000.'],
    ['POST', '/api/account.nothing', '{}', 404, 'There is no POST /api/account.nothing.'],
    ['GET', '/api', null, 404, 'There is no GET /api.'],
    ['GET', '/nothing', null, 404, 'There is no GET /nothing.'],
  ])('%s %s with %j gets %d', async (...[method, path, text, status, detail]) => {
    const answer = await rest.send(path, { method, ...(text === null ? {} : { text }) });
    const code = status === 400 ? 'invalid' : 'not_found';
    expect(answer.body).toMatchObject({ type: `urn:stint:problem:${code}`, status, code, detail });
    expect(answer.body['hint']).toBeString();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  });

  test.each([
    ['PUT', '/api/account.list', 'GET, HEAD, POST'],
    ['DELETE', '/api/account.remove', 'POST'],
    ['GET', '/api/account.remove', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/api/status', 'GET, HEAD'],
    ['OPTIONS', '/api/pools', 'GET, HEAD, POST'],
    ['POST', '/api/pools/anthropic', 'DELETE, GET, HEAD, PATCH'],
    ['PUT', '/account-pool', 'GET, HEAD'],
    ['POST', '/login', 'GET, HEAD'],
    ['DELETE', '/api/login', 'POST'],
  ])('%s %s hears which methods there are', async (method, path, allow) => {
    const answer = await rest.send(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(answer.body).toMatchObject({ status: 405, code: 'invalid', hint: `Use ${allow}` });
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json5',
    '',
  ])('whose body is called %j is refused', async (type) => {
    const answer = await rest.send('/api/account.show', {
      method: 'POST',
      body: { account: 'work' },
      headers: { 'content-type': type },
    });
    expect(answer).toMatchObject({ status: 415, body: { status: 415, detail: 'The control API takes JSON only.' } });
  });

  test.each(['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"'])(
    'whose body is called %j is read',
    async (type) => {
      const headers = { 'content-type': type };
      const answer = await rest.send('/api/account.show', { method: 'POST', body: { account: 'work' }, headers });
      expect(answer.status).toBe(200);
    },
  );

  test('of an account that exists is answered by GET, POST and its own path alike', async () => {
    const got = await rest.send('/api/account.show?account=work');
    const posted = await rest.send('/api/account.show', { method: 'POST', body: { account: 'work' } });
    const resource = await rest.send('/api/accounts/anthropic/work');
    expect(got.body).toMatchObject({ id: 'anthropic/work' });
    expect([posted.body, resource.body]).toEqual([got.body, got.body]);
  });

  test.each(operations.filter((each) => each.effect !== 'read').map((each) => each.name))(
    'that changes something is never a GET: %s',
    async (name) => {
      const before = await rest.operations.run('daemon.status');
      const answer = await rest.send(`/api/${name}?account=work&pool=anthropic&id=x&auto=true`);
      expect(answer.status).toBe(operations.find((each) => each.name === name)?.hidden?.rest === undefined ? 405 : 404);
      expect(await rest.operations.run('daemon.status')).toEqual(before);
    },
  );

  test('of more than 1 MiB is refused, declared or not', async () => {
    const large = `{"account":"${'a'.repeat(1024 * 1024)}"}`;
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(large));
        controller.close();
      },
    });
    for (const body of [large, chunked]) {
      const response = await fetch(`${rest.origin}/api/account.show`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${rest.full}`, 'content-type': 'application/json' },
      });
      expect([response.status, await response.json()]).toMatchObject([413, { code: 'too_large', status: 413 }]);
    }
  });

  test.each([
    ['arrays', '['.repeat(33), 'The body is nested more than 32 deep.'],
    ['a million arrays', '['.repeat(1_000_000), 'The body is nested more than 32 deep.'],
    ['objects', '{"a":'.repeat(33), 'The body is nested more than 32 deep.'],
    ['arrays in a text', `{"account":"${'['.repeat(100)}\\"${'{'.repeat(100)}"}`, 'There is no account '],
  ])('of deeply nested %s is bounded before it is parsed', async (_, text, detail) => {
    const { body } = await rest.send('/api/account.show', { method: 'POST', text });
    expect(body['detail']).toStartWith(detail);
  });

  test('that meets a bug gets 500 without its words, which the log has', async () => {
    const answer = await rest.send('/api/test.broken', { method: 'POST', body: {} });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal', hint: 'See: stint logs' } });
    expect(JSON.stringify(answer.body)).not.toContain('a bug');
    expect(String(rest.bugs.at(-1))).toContain('a bug that quotes');
  });

  test('is noted with who asked, and by what', async () => {
    const ask = (name: string, headers: Record<string, string>) =>
      fetch(`http://localhost/api/${name}`, {
        unix: rest.socket,
        method: 'POST',
        body: '{"account":"home"}',
        headers: { 'content-type': 'application/json', ...headers },
      });
    await rest.send('/api/account.disable', { method: 'POST', body: { account: 'home' } });
    await ask('account.enable', {});
    await ask('account.disable', { 'stint-surface': 'mcp' });
    await ask('account.enable', { 'stint-surface': 'daemon' });
    expect(rest.operations.audit.slice(-4).map(({ kind, surface, actor }) => [kind, surface, actor])).toEqual([
      ['account.disable', 'rest', 'token'],
      ['account.enable', 'cli', 'owner'],
      ['account.disable', 'mcp', 'owner'],
      ['account.enable', 'cli', 'owner'],
    ]);
  });

  test('on the control socket needs no token: only its owner can open it', async () => {
    const response = await fetch('http://localhost/api/account.list', { unix: rest.socket });
    expect(response.status).toBe(200);
    expect(statSync(rest.socket).mode & 0o777).toBe(0o600);
  });

  test('for MCP goes on with what its token allows, and not from a browser', async () => {
    await rest.send('/mcp', { method: 'POST', body: {}, token: rest.read });
    await rest.send('/mcp', { method: 'POST', body: {} });
    expect(callers.map(({ surface, actor, scope }) => [surface, actor, scope])).toEqual([
      ['mcp', 'read-token', 'read'],
      ['mcp', 'token', 'full'],
    ]);
    expect((await rest.send('/mcp', { method: 'POST', body: {}, token: null })).status).toBe(401);
  });
});

test('/healthz is open and says nothing but that it serves', async () => {
  const response = await fetch(`${rest.origin}/healthz`);
  expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
});

test('every answer says that nothing may keep, guess, embed or run it, and none says who else may read it', async () => {
  for (const path of ['/healthz', '/', '/login', '/api/status', '/api/nothing', '/nothing']) {
    const { headers } = await rest.send(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toStartWith("default-src 'none'");
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect([...headers.keys()].filter((each) => each.startsWith('access-control'))).toEqual([]);
  }
});

test('a secret that came in never comes out', async () => {
  const secret = secretOf('fresh');
  const added = await rest.send('/api/accounts', {
    method: 'POST',
    body: { provider: 'anthropic', label: 'fresh', secret },
  });
  const again = await rest.send('/api/account.add', {
    method: 'POST',
    body: { provider: 'anthropic', label: 'fresh', secret, more: secret },
  });
  const reads = await Promise.all(
    ['daemon.status', 'account.list', 'pool.list', 'session.list', 'daemon.check', 'audit.list'].map((name) =>
      rest.send(`/api/${name}`),
    ),
  );
  expect([added.status, again.status]).toEqual([201, 400]);
  expect(reads.map((each) => each.status)).toEqual(reads.map(() => 200));
  expect(JSON.stringify([added.body, again.body, reads.map((each) => each.body)])).not.toContain(secret);
});
