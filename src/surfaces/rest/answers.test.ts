// Real answers of every method, with every status that the document names.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { methodsOf, openApi, type Described } from '../../../test/openapi-shape.ts';
import { buildJob } from '../../../test/job-builder.ts';
import { jobsOf } from '../../../test/job-rig.ts';
import { openRest, type Asked, type RestRig } from '../../../test/rest-rig.ts';
import { openSupervisor, type SupervisorRig } from '../../../test/supervisor-rig.ts';
import { asJobId, type JobId } from '../../core/ids.ts';
import { Problem, problemCodes } from '../../core/problem.ts';
import type { OperationContext } from '../../operations/context.ts';
import { problemStatus } from '../problem-details.ts';

let rest: RestRig;
let agents: SupervisorRig;
/** A job whose agent runs on a terminal. */
let onTerminal: JobId;
/** One whose operations find every port failing. */
let failing: RestRig;
const inside: { failure: Error } = { failure: new Error('unset') };
let all: readonly Described[];

beforeAll(async () => {
  const setting = { field: 'log.level', value: 'info', isDefault: true, isSecret: false };
  agents = await openSupervisor();
  await agents.store.addJobs([jobThat('waits'), jobThat('asks'), jobThat('asks-too')]);
  await agents.restart();
  onTerminal = (await agents.add('while :; do sleep 0.1; done\n', { transport: 'pty' })).id;
  await agents.reaches(onTerminal, 'running');
  rest = await openRest({
    jobs: jobsOf(agents),
    context: (real) => ({ ...real, settings: { ...real.settings, list: () => [setting] } }),
    mcp: { handle: () => Promise.resolve(Response.json({ jsonrpc: '2.0' })) },
  });
  await rest.operations.add('work', 'home', 'spare');
  failing = await openRest({ context: failingContext });
  all = methodsOf(openApi.parse((await rest.send('/api/openapi.json')).body));
});

afterAll(async () => {
  await failing[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
  await agents[Symbol.asyncDispose]();
});

describe('a real answer', () => {
  test('of every method that succeeds is as the document says', async () => {
    for (const [method, path, body] of successes()) {
      const { status, body: answered } = await (path.includes('event')
        ? firstOf(method, path)
        : rest.send(path, { method, body }));
      if (status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answered)}`);
    }
    const issued = await rest.send('/api/phantom.issue', { method: 'POST', body: { agent: 'claude' } });
    await rest.send('/api/phantom.list', { method: 'POST', body: {} });
    await rest.send('/api/phantom.revoke', { method: 'POST', body: { id: issued.body['id'] } });
    const wanted = all
      .filter(({ path }) => !/event|login|logout/.test(path))
      .map(({ method, path, item }) => `${method} ${path} ${Object.keys(item.responses)[0]}`);
    expect(wanted.filter((each) => !rest.seen.has(each))).toEqual([]);
  });

  test.each([
    ['400', (method: string) => (method === 'GET' ? { query: '?nope=1' } : { body: { nope: 1 } })],
    ['401', () => ({ token: null })],
    ['403', () => ({ headers: { origin: 'https://evil.example' } })],
    ['413', () => ({ text: 'x'.repeat(1024 * 1024 + 1) })],
    ['415', () => ({ text: '{}', headers: { 'content-type': 'text/plain' } })],
  ])('with %s is as the document says, wherever it has it', async (status, ask) => {
    const wanted = having(status).filter(({ path }) => path !== '/mcp' || status !== '415');
    for (const { method, path } of wanted) {
      const { query = '', ...asked }: Asked & { readonly query?: string } = ask(method);
      const token = path === '/api/login' && status === '401' ? { body: { code: 'x' } } : {};
      const answer = await rest.send(`${sample(path)}${query}`, { method, ...asked, ...token });
      expect([method, path, String(answer.status)]).toEqual([method, path, status]);
    }
    expect(wanted.length).toBeGreaterThan(20);
  });

  test('with 429 is as the document says, wherever it has it', async () => {
    const token = 'f'.repeat(64);
    for (let at = 0; at < 10; at += 1) await rest.send('/api/status', { token });
    for (const { method, path } of having('429')) {
      const body = path === '/api/login' ? { body: { code: 'x' } } : {};
      const answer = await rest.send(sample(path), { method, token, ...body });
      expect([method, path, answer.status, answer.headers.has('retry-after')]).toEqual([method, path, 429, true]);
    }
  });

  test.each(problemCodes.filter((code) => code !== 'exhausted'))(
    'to what fails inside as %s is as the document says, wherever it has it',
    async (code) => {
      const status = String(problemStatus[code]);
      const failure = code === 'internal' ? new Error('a bug') : new Problem(code, 'It failed.', { hint: 'Mend it.' });
      inside.failure = failure;
      const operational = having(status).filter(({ path }) => !fixed.includes(path) && !path.includes('event'));
      for (const { method, path, item } of operational) {
        const { query, body } = inputOf(method, path, item);
        const answer = await failing.send(`${sample(path)}${query}`, {
          method,
          ...(body === undefined ? {} : { body }),
        });
        expect([method, path, String(answer.status)]).toEqual([method, path, status]);
      }
      const needed = code === 'too_large' ? 0 : 1;
      expect(operational.length).toBeGreaterThanOrEqual(needed);
    },
  );
});

const fixed = ['/healthz', '/api/openapi.json', '/api/login', '/api/logout', '/mcp'];

function having(status: string) {
  return all.filter(({ item }) => Object.hasOwn(item.responses, status));
}

/** A context whose every port fails. */
function failingContext(real: Omit<OperationContext, 'caller'>): Omit<OperationContext, 'caller'> {
  const fail = (): never => {
    throw inside.failure;
  };
  const port: unknown = new Proxy(fail, { get: () => port });
  const kept = new Set(['clock', 'audit', 'inTurn', 'holdMs', 'then']);
  return new Proxy(real, {
    get: (target, name) => (kept.has(String(name)) ? Reflect.get(target, name) : port),
  });
}

/** The path with names that exist. */
function sample(path: string): string {
  const names: Record<string, string> = {
    name: 'anthropic',
    provider: 'anthropic',
    label: 'work',
    model: 'opus',
    field: 'log.level',
    id: 'waits',
  };
  return path.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? name);
}

/** What an operation needs at least. */
function inputOf(method: string, path: string, item: Described['item']) {
  const values: Readonly<Record<string, unknown>> = {
    ...{
      accounts: ['work'],
      sentAt: 1,
      signal: { kind: 'served' },
      value: 'x',
      auto: true,
      all: true,
      target: 'x',
      for: '1h',
    },
    ...{ job: 'waits', directory: '/tmp' },
    ...{
      pool: 'anthropic',
      from: path.endsWith('pool.move') ? 'other' : '/nowhere',
      secret: 'sk-ant-api03-test-0123456789-0123456789',
      cooldownMs: 1,
    },
  };
  const body = item.requestBody?.content['application/json']?.schema;
  const fields = (body?.['properties'] ?? {}) as Record<string, unknown>;
  const required = (body?.['required'] ?? []) as string[];
  const also = ['value', 'auto', 'all', 'for', 'secret'].filter((name) => Object.hasOwn(fields, name));
  const given = Object.fromEntries([...required, ...also].map((name) => [name, values[name] ?? 'work']));
  if (path.endsWith('/{model}')) delete given['all'];
  // A setting is given one of the two.
  if (Object.hasOwn(given, 'value')) delete given['secret'];
  if (method !== 'GET') return { query: '', body: given };
  const inQuery = (item.parameters ?? []).filter((each) => each.in === 'query' && each.required);
  const query = new URLSearchParams(inQuery.map(({ name }) => [name, textOf(values[name])]));
  return { query: `?${query}`, body: undefined };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'work';
}

async function firstOf(method: string, path: string) {
  const abort = new AbortController();
  const response = await fetch(`${rest.origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${rest.full}` },
    signal: abort.signal,
  });
  abort.abort();
  return { status: response.status, body: {} };
}

/** A job with this id that asks, or waits for tomorrow. */
function jobThat(id: string) {
  const { spec } = buildJob();
  return buildJob({
    id: asJobId(id),
    spec: { ...spec, scheduleAt: agents.now + 86_400_000 },
    ...(id.startsWith('asks')
      ? { state: { kind: 'waiting', attempt: null, question: 'Which?', since: agents.now } as const }
      : {}),
  });
}

/** A directory of Claude Code with a login. */
function loginAt(name: string): string {
  const folder = join(rest.operations.folder, name);
  mkdirSync(folder);
  const claudeAiOauth = {
    ...{ accessToken: `sk-ant-oat01-test-${name}`, refreshToken: `sk-ant-ort01-test-${name}` },
    ...{ expiresAt: 1_795_226_099_000, scopes: ['user:inference'], subscriptionType: 'max' },
  };
  writeFileSync(join(folder, '.credentials.json'), JSON.stringify({ claudeAiOauth }), { mode: 0o600 });
  return folder;
}

/** One after the other, so that each finds what those before it made. */
function successes(): (readonly [string, string, unknown?])[] {
  const folder = loginAt('claude');
  const profile = loginAt('profile');
  const login = { provider: 'anthropic', label: 'adopted', from: folder };
  const fresh = { provider: 'anthropic', label: 'fresh' };
  const secret = 'sk-ant-api03-test-fresh-0123456789';
  const reads = all.filter(
    ({ method, path }) => method === 'GET' && !/account\.(check|adoptable)|config\.get/.test(path),
  );
  return [
    ...(['GET', 'POST'] as const).flatMap(
      (method) => [call(method, 'account.check', fresh), call(method, 'account.adoptable', login)] as const,
    ),
    call('POST', 'account.adopt', login),
    call('POST', 'account.add', { ...fresh, secret }),
    call('POST', 'account.rename', { account: 'fresh', label: 'old' }),
    ...['disable', 'enable', 'clear', 'show', 'activity'].map((verb) =>
      call('POST', `account.${verb}`, { account: 'old' }),
    ),
    call('POST', 'account.set', { account: 'old', maxConcurrent: 2 }),
    call('POST', 'account.remove', { account: 'old' }),
    call('POST', 'account.list'),
    call('POST', 'pool.create', { pool: 'one', accounts: ['work', 'home'] }),
    call('POST', 'pool.create', { pool: 'two', accounts: ['spare'] }),
    call('POST', 'pool.set', { pool: 'one', strategy: 'sticky' }),
    call('POST', 'pool.list'),
    ...['show', 'next', 'explain', 'rotate'].map((verb) => call('POST', `pool.${verb}`, { pool: 'one' })),
    call('POST', 'pool.add', { pool: 'one', accounts: ['spare'] }),
    call('POST', 'pool.drop', { pool: 'one', account: 'spare' }),
    call('POST', 'pool.move', { account: 'home', from: 'one', to: 'two' }),
    call('POST', 'pool.use', { pool: 'one', auto: true }),
    call('POST', 'pool.set-auth-reset', { pool: 'one', target: 'x' }),
    call('POST', 'pool.reset-auth', { pool: 'one' }),
    call('POST', 'pool.rename', { pool: 'one', name: 'first' }),
    call('POST', 'pool.remove', { pool: 'first' }),
    call('POST', 'limit.set', { account: 'work', model: 'opus', for: '1h' }),
    call('POST', 'limit.list'),
    call('POST', 'limit.clear', { all: true }),
    call('POST', 'session.list'),
    call('POST', 'session.begin', { agent: 'claude' }),
    call('POST', 'account.add', { provider: 'anthropic', label: 'own', profile }),
    call('POST', 'session.report', { account: 'anthropic/own', sentAt: 1 }),
    call('POST', 'account.remove', { account: 'own' }),
    call('POST', 'job.add', { prompt: 'x', directory: '/tmp', scheduleAt: '2099-01-01T00:00:00Z' }),
    ...['park', 'resume', 'cancel', 'retry', 'show', 'logs', 'attach'].map((verb) =>
      call('POST', `job.${verb}`, { job: 'waits' }),
    ),
    call('POST', 'model.resolve', { job: 'waits' }),
    call('POST', 'job.list'),
    call('POST', 'job.answer', { job: 'asks', answer: 'yes' }),
    ['POST', '/api/jobs', { prompt: 'x', directory: '/tmp', scheduleAt: '2099-01-01T00:00:00Z' }],
    ...['park', 'resume', 'cancel', 'retry'].map((verb) => ['POST', `/api/jobs/waits/${verb}`, {}] as const),
    ['POST', '/api/jobs/asks-too/answer', { answer: 'yes' }],
    call('POST', 'job.type', { job: onTerminal, keys: 'YQ==' }),
    ['POST', `/api/jobs/${onTerminal}/terminal`, { columns: 80, rows: 24 }],
    ['DELETE', '/api/jobs/waits'],
    call('POST', 'notice.test', {}),
    ...[
      'audit.list',
      'notice.list',
      'config.list',
      'config.check',
      'log.read',
      'daemon.status',
      'daemon.check',
      'dashboard.link',
      'daemon.stop',
    ].map((name) => call('POST', name)),
    call('POST', 'token.rotate', { scope: 'read' }),
    ...(['GET', 'POST'] as const).map((method) => call(method, 'config.get', { field: 'log.level' })),
    call('POST', 'config.set', { field: 'log.level', value: 'debug' }),
    ['PUT', '/api/config/log.level', { unset: true }],
    ['POST', '/api/pools', { name: 'third', accounts: ['work', 'home'] }],
    ['PATCH', '/api/pools/third', { overage: 'last' }],
    ['PUT', '/api/pools/third/auth-reset-target', { target: 'x' }],
    ['POST', '/api/pools/third/members', { accounts: ['spare'] }],
    ['PUT', '/api/pools/third/members', { accounts: ['home', 'work', 'spare'] }],
    ['DELETE', '/api/pools/third/members/anthropic/spare'],
    ...['next', 'rotate', 'reset-auth', 'explain'].map((verb) => ['POST', `/api/pools/third/${verb}`, {}] as const),
    ['POST', '/api/pools/third/use', { account: 'work' }],
    ['POST', '/api/pools/third/move', { account: 'home', to: 'two' }],
    ['POST', '/api/pools/third/rename', { name: 'last' }],
    ['DELETE', '/api/pools/last'],
    ['POST', '/api/accounts', { ...fresh, secret }],
    ['PATCH', '/api/accounts/anthropic/fresh', { maxConcurrent: 3 }],
    ...['disable', 'enable', 'clear'].map((verb) => ['POST', `/api/accounts/anthropic/fresh/${verb}`, {}] as const),
    ['POST', '/api/accounts/anthropic/fresh/rename', { label: 'gone' }],
    ['DELETE', '/api/accounts/anthropic/gone'],
    ['POST', '/api/limits', { account: 'work', for: '1h' }],
    ['DELETE', '/api/limits?all=true'],
    ['POST', '/api/models/rate-limits', { model: 'opus' }],
    ['DELETE', '/api/models/rate-limits', { account: 'work', model: 'opus' }],
    ['DELETE', '/api/models/rate-limits/opus'],
    ['POST', '/api/notices/test', {}],
    ...['add', 'remove', 'clear-cooldown'].map(
      (verb) => ['POST', `/account-pool/${verb}`, { provider: 'claude', label: 'spare' }] as const,
    ),
    ['POST', '/account-pool/next', { provider: 'claude' }],
    ['POST', '/mcp', {}],
    ['POST', '/api/event.watch'],
    ...reads.map(({ method, path, item }) => [method, `${sample(path)}${inputOf(method, path, item).query}`] as const),
  ];
}

function call(method: 'GET' | 'POST', name: string, body: object = {}): readonly [string, string, unknown?] {
  if (method === 'POST') return [method, `/api/${name}`, body];
  return [method, `/api/${name}?${new URLSearchParams(body as Record<string, string>)}`];
}
