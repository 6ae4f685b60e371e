import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { request as httpRequest } from 'node:http';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openOperations, secretOf, type OperationRig } from '../../../test/operation-rig.ts';
import { Control } from '../../daemon/control.ts';
import { operation } from '../../operations/operation.ts';
import { operations } from '../../operations/registry.ts';
import { z } from 'zod';
import { restApp, type RestDeps } from './rest.ts';

const token = 'a'.repeat(64);
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

let rig: OperationRig;
let deps: Omit<RestDeps, 'hostname' | 'authorized'>;
let control: Control;
let port: number;
let socket: string;
const bugs: unknown[] = [];

beforeAll(async () => {
  rig = await openOperations();
  await rig.add('work', 'home');
  const bug = (error: unknown): void => void bugs.push(error);
  deps = { operations: [...operations, broken], context: rig.context, version: '1.2.3', bug };
  control = new Control({ ...deps, token });
  socket = join(rig.folder, 'control.sock');
  port = await control.start({ hostname: '127.0.0.1', port: 0, socket });
});

afterAll(async () => {
  await control.stop();
  await rig[Symbol.asyncDispose]();
});

describe('the token', () => {
  test.each([
    ['none', {}, 'The control API needs a token.'],
    ['another one', { authorization: `Bearer ${'b'.repeat(64)}` }, 'This is not the token of this daemon.'],
    ['a part of it', { authorization: `Bearer ${token.slice(1)}` }, 'This is not the token of this daemon.'],
    ['none of another kind', { authorization: `Basic ${token}` }, 'The control API needs a token.'],
    ['an empty one', { authorization: 'Bearer ' }, 'The control API needs a token.'],
  ])('is required: %s is refused', async (_, headers, message) => {
    for (const path of ['/api/account.list', '/api/openapi.json', '/api/nothing']) {
      const answer = await send(path, { headers });
      expect(answer).toMatchObject({ status: 401, body: { error: { code: 'unauthorized', message } } });
    }
  });

  test('is not asked for on the control socket, which only its owner can open', async () => {
    const response = await fetch('http://localhost/api/account.list', { unix: socket });
    expect(response.status).toBe(200);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
  });

  test('is not needed to hear that it serves, which is all that is told', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toBe('ok\n');
  });
});

describe('the Host', () => {
  test.each(['127.0.0.1', '127.0.0.1:4600', '127.8.8.8', 'localhost', 'LocalHost:4600', '[::1]:4600'])(
    '%s is accepted',
    async (host) => {
      expect(await rawStatus({ host })).toBe(200);
    },
  );

  test.each([
    ...['evil.example', 'evil.example:4600', 'localhost.evil.example', '127.0.0.1.evil.example'],
    ...['192.168.1.7:4600', '[2001:db8::1]:4600', '0.0.0.0'],
  ])('%p is refused even with the token', async (host) => {
    expect(await rawStatus({ host })).toBe(403);
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
  ])('of a listener on %s may be %s: %d', async (hostname, host, status) => {
    const app = restApp({ ...deps, hostname, authorized: () => true }, 'tcp');
    const headers = { host, authorization: `Bearer ${token}` };
    expect((await app.request('/api/account.list', { headers })).status).toBe(status);
  });
});

describe('a request', () => {
  test.each([
    ['POST', '/api/account.show', '{}', 400, 'account is missing.'],
    ['POST', '/api/account.show', '', 400, 'account is missing.'],
    ['POST', '/api/account.show', '{"account":', 400, 'The body is not JSON.'],
    ['POST', '/api/account.show', '[]', 400, 'account.show takes an object with its fields.'],
    ['POST', '/api/account.show', '{"account":"work","x":1}', 400, 'account.show has no field x.'],
    ['POST', '/api/account.show', '{"account":"work","__proto__":{}}', 400, 'account.show has no field __proto__.'],
    ['POST', '/api/account.show', '{"account":"nobody"}', 404, 'There is no account "nobody".'],
    ['GET', '/api/account.show?account=work&x=1', null, 400, 'account.show has no field x.'],
    ['GET', '/api/session.list?count=many', null, 400, 'count must be a whole number from 1 to 10000.'],
    ['POST', '/api/account.nothing', '{}', 404, 'There is no POST /api/account.nothing.'],
    ['GET', '/api', null, 404, 'There is no GET /api.'],
    ['GET', '/', null, 404, 'There is no GET /.'],
    ['PUT', '/api/account.list', '{}', 404, 'There is no PUT /api/account.list.'],
    ['DELETE', '/api/account.remove', null, 404, 'There is no DELETE /api/account.remove.'],
    ['POST', '/healthz', '', 404, 'There is no POST /healthz.'],
  ])('%s %s with %j gets %d', async (...[method, path, body, status, message]) => {
    const answer = await send(path, { method, ...(body === null ? {} : { body }) });
    expect(answer).toMatchObject({ status, type: 'application/json', body: { error: { message } } });
    expect(Object.keys(answer.body.error ?? {})).toEqual(['code', 'message', 'hint']);
    expect(answer.body.error?.['hint']).not.toBeNull();
  });

  test('of an account that exists is answered by GET and POST alike', async () => {
    const got = await send('/api/account.show?account=work');
    const posted = await send('/api/account.show', { method: 'POST', body: '{"account":"work"}' });
    expect(got).toEqual(posted);
    expect(got).toMatchObject({ status: 200, type: 'application/json', body: { id: 'anthropic/work' } });
  });

  test.each(operations.filter((each) => each.effect !== 'read').map((each) => each.name))(
    'that changes something is never a GET: %s',
    async (name) => {
      const before = await rig.run('daemon.status');
      const answer = await send(`/api/${name}?account=work&pool=anthropic&id=x&auto=true`);
      expect(answer).toMatchObject({
        status: 404,
        body: { error: { code: 'not_found', hint: `Use POST /api/${name}` } },
      });
      expect(await rig.run('daemon.status')).toEqual(before);
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
      const answer = await send('/api/account.show', { method: 'POST', body });
      expect(answer).toMatchObject({ status: 413, body: { error: { code: 'too_large' } } });
    }
  });

  test('that meets a bug gets 500 without its words, which the log has', async () => {
    const answer = await send('/api/test.broken', { method: 'POST', body: '{}' });
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'internal', hint: 'See: stint logs' } } });
    expect(JSON.stringify(answer)).not.toContain('a bug');
    expect(String(bugs.at(-1))).toContain('a bug that quotes');
  });

  test('is noted with the listener on which it came', async () => {
    await send('/api/account.disable', { method: 'POST', body: '{"account":"home"}' });
    await fetch('http://localhost/api/account.enable', { unix: socket, method: 'POST', body: '{"account":"home"}' });
    expect(rig.audit.slice(-2)).toEqual([
      { kind: 'account.disable', surface: 'rest', actor: 'token', subject: 'home', outcome: 'done', detail: null },
      { kind: 'account.enable', surface: 'cli', actor: 'owner', subject: 'home', outcome: 'done', detail: null },
    ]);
  });
});

test('a secret that came in never comes out', async () => {
  const secret = secretOf('fresh');
  const added = await send('/api/account.add', {
    method: 'POST',
    body: JSON.stringify({ provider: 'anthropic', label: 'fresh', secret }),
  });
  const again = await send('/api/account.add', {
    method: 'POST',
    body: JSON.stringify({ provider: 'anthropic', label: 'fresh', secret, more: secret }),
  });
  const reads = await Promise.all(
    ['daemon.status', 'account.list', 'pool.list', 'session.list', 'daemon.check'].map((name) => send(`/api/${name}`)),
  );
  expect([added.status, again.status, ...reads.map((each) => each.status)]).toEqual([
    200, 400, 200, 200, 200, 200, 200,
  ]);
  expect(JSON.stringify([added, again, reads])).not.toContain(secret);
});

describe('the OpenAPI document', () => {
  test('describes every operation that is not hidden, and nothing else', async () => {
    const { status, body } = await send('/api/openapi.json');
    const document = body as unknown as OpenApi;
    expect(status).toBe(200);
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Stint', version: '1.2.3' } });
    const shown = [...operations, broken]
      .filter((each) => each.hidden?.rest === undefined)
      .map((each) => `/api/${each.name}`);
    expect(Object.keys(document.paths)).toEqual(shown);
  });

  test('says of each what it takes, what it gives, and what a problem looks like', async () => {
    const document = (await send('/api/openapi.json')).body as unknown as OpenApi;
    const ids = new Set<string>();
    for (const [path, item] of Object.entries(document.paths)) {
      const { operationId, requestBody, responses, summary } = item.post;
      ids.add(operationId);
      expect(path).toBe(`/api/${operationId}`);
      expect(summary.length).toBeGreaterThan(5);
      expect(requestBody.content['application/json'].schema).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
      expect(responses['200'].content['application/json'].schema).toHaveProperty('type', 'object');
      expect(responses['default']?.content['application/json'].schema).toHaveProperty('properties.error');
    }
    expect(ids.size).toBe(Object.keys(document.paths).length);
    expect(document.security).toEqual([{ token: [] }]);
    expect(document.components.securitySchemes).toHaveProperty('token');
  });

  test('offers GET for what only reads', async () => {
    const document = (await send('/api/openapi.json')).body as unknown as OpenApi;
    for (const { name, effect } of operations) {
      expect(document.paths[`/api/${name}`]?.get !== undefined).toBe(effect === 'read');
    }
    expect(document.paths['/api/session.list']?.get?.parameters).toMatchObject([
      { name: 'count', in: 'query', required: false, schema: { type: 'integer' } },
    ]);
  });
});

type Content = { readonly content: { readonly 'application/json': { readonly schema: object } } };
type Described = {
  readonly operationId: string;
  readonly summary: string;
  readonly requestBody: Content;
  readonly parameters?: readonly object[];
  readonly responses: { readonly 200: Content; readonly default?: Content };
};
type OpenApi = {
  readonly paths: Readonly<Record<string, { readonly post: Described; readonly get?: Described }>>;
  readonly security: unknown;
  readonly components: { readonly securitySchemes: object };
};
type Answer = {
  readonly status: number;
  readonly type: string;
  readonly body: { readonly error?: Readonly<Record<string, unknown>> };
};

async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = init.headers ?? { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
  const body = (await response.json()) as Answer['body'];
  return { status: response.status, type: response.headers.get('content-type') ?? '', body };
}

/** fetch does not let a Host be chosen. */
function rawStatus(headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port, path: '/api/account.list', headers: { ...headers, authorization: `Bearer ${token}` } };
    const request = httpRequest(options, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject);
    request.end();
  });
}
