import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { z } from 'zod';
import { openOperations, secretOf, type OperationRig } from '../../../test/operation-rig.ts';
import { operation, streamingOperation } from '../../operations/operation.ts';
import { operations } from '../../operations/registry.ts';
import { createMcpHttp, type McpHttp } from './http.ts';

const started = Promise.withResolvers<void>();
const gate = Promise.withResolvers<void>();
/** One that meets a bug, one that takes its time, and one that nobody gets to see. */
const broken = operation({
  name: 'test.broken',
  summary: 'Meet a bug',
  effect: 'read',
  positional: [],
  input: z.object({}),
  output: z.object({}),
  run: () => {
    throw new Error(`a bug that quotes ${secretOf('work')}`);
  },
});
const slow = operation({
  name: 'test.slow',
  summary: 'Take time',
  effect: 'write',
  positional: [],
  input: z.object({}),
  output: z.object({}),
  run: async () => {
    started.resolve();
    await gate.promise;
    return {};
  },
});
const stream = streamingOperation({
  name: 'test.stream',
  summary: 'Go on',
  positional: [],
  input: z.object({}),
  output: z.object({}),
  // oxlint-disable-next-line require-yield
  async *stream() {
    throw new Error('nobody calls it');
  },
});

let rig: OperationRig;
let mcp: McpHttp;
let server: Bun.Server<undefined>;
const bugs: unknown[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  rig = await openOperations();
  await rig.add('work', 'home');
  const offered = [...operations, broken, slow, stream];
  mcp = createMcpHttp({
    operations: offered,
    context: rig.context,
    version: '1.2.3',
    bug: (error) => bugs.push(error),
  });
  server = Bun.serve({
    port: 0,
    development: false,
    fetch: (request) => {
      const scope = request.headers.get('authorization') === 'Bearer read' ? 'read' : 'full';
      return mcp.handle(request, { actor: scope === 'read' ? 'read-token' : 'token', scope });
    },
  });
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

afterAll(async () => {
  await server.stop();
  await rig[Symbol.asyncDispose]();
});

describe('the official client', () => {
  test('learns who it speaks to', async () => {
    const client = await connect();
    expect(client.getServerVersion()).toEqual({ name: 'stint', title: 'Stint', version: '1.2.3' });
    expect(client.getInstructions()).toContain('daemon_status');
    expect(client.getServerCapabilities()).toEqual({ tools: {} });
  });

  test('finds every operation that is not hidden, and no other', async () => {
    const { tools } = await (await connect()).listTools();
    const names = [...operations, broken, slow]
      .filter((each) => each.kind === 'call' && each.hidden?.mcp === undefined)
      .map((each) => each.name.replaceAll(/[.-]/g, '_'));
    expect(tools.map((each) => each.name)).toEqual(names);
    expect(tools.find((each) => each.name === 'account_clear')).toMatchObject({
      title: operations.find((each) => each.name === 'account.clear')?.summary,
      inputSchema: { type: 'object', required: ['account'], additionalProperties: false },
      outputSchema: { type: 'object' },
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    });
  });

  test('gets an answer that fits the schema of its tool, and the same as text', async () => {
    const client = await connect();
    await client.listTools();
    const bare = operations
      .filter((each) => each.kind === 'call' && each.effect === 'read' && each.hidden?.mcp === undefined)
      .filter((each) => each.input.safeParse({}).success)
      .map((each): [string, Record<string, unknown>] => [each.name, {}]);
    expect(bare.length).toBeGreaterThan(8);
    for (const [operationName, args] of [
      ...bare,
      ['account.show', { account: 'work' }],
      ['pool.show', { pool: 'anthropic' }],
      ['pool.explain', { pool: 'anthropic', model: 'claude-opus-4-8' }],
      ['account.disable', { account: 'home' }],
      ['account.enable', { account: 'home' }],
      ['limit.set', { account: 'home', for: '1h' }],
      ['limit.list', {}],
    ] as const) {
      const name = operationName.replaceAll(/[.-]/g, '_');
      // The client throws where the schema does not hold.
      const result = await client.callTool({ name, arguments: args });
      expect(result.isError).toBeUndefined();
      const expected: unknown = await rig.run(operationName, args);
      expect(result.structuredContent).toEqual(JSON.parse(JSON.stringify(expected)));
      expect(result.content).toEqual([{ type: 'text', text: JSON.stringify(result.structuredContent) }]);
    }
    await rig.run('account.clear', { account: 'home' });
  });

  test.each([
    ['account_show', {}, 'account is missing. It takes: account (invalid)'],
    ['account_show', { account: 'work', x: 1 }, 'account.show has no field x. It takes: account (invalid)'],
    ['account_show', { account: 7 }, 'account must be a text'],
    ['session_list', { count: 'many' }, 'count must be a whole number from 1 to 10000.'],
    ['account_show', { account: 'nobody' }, 'There is no account "nobody".'],
  ])('calls %s with %j and is told what is wrong', async (name, args, sentence) => {
    const client = await connect();
    await client.listTools();
    const result = await client.callTool({ name, arguments: args });
    expect(result).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: expect.stringContaining(sentence) }],
    });
    expect(result.structuredContent).toBeUndefined();
    expect(result._meta).toMatchObject({ 'stint/problem': { code: expect.any(String), message: expect.any(String) } });
    expect((await client.callTool({ name: 'account_show', arguments: { account: 'work' } })).isError).toBeUndefined();
  });

  test('is told by the protocol that a tool does not exist', async () => {
    const client = await connect();
    for (const name of ['account_nothing', 'account.show', 'test_stream', '__proto__']) {
      await expect(client.callTool({ name })).rejects.toThrow(`Unknown tool: ${name}`);
    }
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
  });

  test('hears of a bug without its words, which the log gets', async () => {
    const result = await (await connect()).callTool({ name: 'test_broken' });
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: 'Internal error; the log has its stack. See: stint logs (internal)' }],
    });
    expect(String(bugs.at(-1))).toContain('a bug that quotes');
  });

  test('changes something, which is noted with MCP as the surface', async () => {
    await (await connect()).callTool({ name: 'account_disable', arguments: { account: 'home' } });
    const disabled = await rig.run('account.show', { account: 'home' });
    await rig.run('account.enable', { account: 'home' });
    expect(disabled).toMatchObject({ state: 'disabled' });
    expect(rig.audit.findLast((each) => each.surface === 'mcp')).toEqual({
      ...{
        kind: 'account.disable',
        surface: 'mcp',
        actor: 'token',
        subject: 'anthropic/home',
        outcome: 'done',
        detail: null,
      },
    });
  });

  test('makes many calls at once and gets each its own answer', async () => {
    const client = await connect();
    const labels = Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? `no-${index}` : 'work'));
    const results = await Promise.all(
      labels.map((account) => client.callTool({ name: 'account_show', arguments: { account } })),
    );
    expect(results.map((each) => JSON.stringify(each.content).includes('There is no account'))).toEqual(
      labels.map((label) => label !== 'work'),
    );
    for (const [index, result] of results.entries()) expect(JSON.stringify(result)).toContain(labels[index] ?? '');
  });
});

describe('a client with a token that only reads', () => {
  test('is shown only what reads', async () => {
    const { tools } = await (await connect('read')).listTools();
    expect(tools.length).toBeGreaterThan(5);
    expect(tools.filter((each) => each.annotations?.readOnlyHint !== true)).toEqual([]);
  });

  test('is refused a change, which is noted', async () => {
    const before = await rig.run('account.show', { account: 'work' });
    const client = await connect('read');
    const result = await client.callTool({ name: 'account_disable', arguments: { account: 'work' } });
    expect(result).toMatchObject({ isError: true, _meta: { 'stint/problem': { code: 'forbidden' } } });
    expect(await rig.run('account.show', { account: 'work' })).toEqual(before);
    expect(rig.audit.at(-1)).toMatchObject({ kind: 'account.disable', actor: 'read-token', outcome: 'forbidden' });
  });
});

describe('the HTTP side', () => {
  test.each(['GET', 'DELETE', 'PUT'])('answers %s with 405: it has no sessions', async (method) => {
    const response = await fetch(server.url, { method, headers: { accept: 'text/event-stream' } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: null });
  });

  const call = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  test.each<[string, number, string, Record<string, string>]>([
    ['text that is no JSON', 400, '{"jsonrpc":', {}],
    ['no JSON-RPC', 400, '{"id":1}', {}],
    ['an empty body', 400, '', {}],
    ['nesting without end', 400, '['.repeat(200_000), {}],
    ['more than 1 MiB', 413, JSON.stringify({ ...call, params: { x: 'a'.repeat(1_048_577) } }), {}],
    ['another type', 415, JSON.stringify(call), { 'content-type': 'text/plain' }],
    ['an Accept without streams', 406, JSON.stringify(call), { accept: 'application/json' }],
    ['a version from nowhere', 400, JSON.stringify(call), { 'mcp-protocol-version': '1999-01-01' }],
  ])('refuses %s with %d, and goes on', async (...[, status, body, headers]) => {
    const response = await post(body, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { message: expect.any(String) } });
    expect(await (await post(JSON.stringify(call))).text()).toContain('account_list');
  });

  test('accepts a notification without a body of its own', async () => {
    const response = await post(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    expect([response.status, await response.text()]).toEqual([202, '']);
  });

  test('answers an unknown method as JSON-RPC says', async () => {
    const response = await post(JSON.stringify({ ...call, method: 'nothing/here' }));
    expect(await response.text()).toContain('"code":-32601');
  });
});

describe('the end', () => {
  test('waits for no operation that takes too long', async () => {
    const begun = Promise.withResolvers<void>();
    const endless = operation({
      ...{ name: 'test.endless', summary: 'Never end', effect: 'read', positional: [] },
      input: z.object({}),
      output: z.object({}),
      run: () => {
        begun.resolve();
        return new Promise<never>(() => undefined);
      },
    });
    const short = createMcpHttp({
      ...{ operations: [endless], context: rig.context, version: '1', bug: fail, stopGraceMs: 10 },
    });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'test_endless' } });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const request = new Request('http://localhost/mcp', { method: 'POST', headers, body });
    const response = await short.handle(request, { actor: 'token', scope: 'full' });
    await begun.promise;
    await short.close();
    expect(await response.text()).toBe('');
  });
});

describe('a client that goes', () => {
  test('leaves its operation to end, and closing waits for that', async () => {
    const gone = new AbortController();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'test_slow' } });
    const answered = post(body, {}, gone.signal);
    await started.promise;
    gone.abort();
    await expect(answered).rejects.toThrow();
    const closed = mcp.close();
    expect((await post(body)).status).toBe(503);
    expect(rig.audit.at(-1)?.kind).not.toBe('test.slow');
    gate.resolve();
    await closed;
    expect(rig.audit.at(-1)).toMatchObject({ kind: 'test.slow', surface: 'mcp', outcome: 'done' });
  });
});

function fail(error: unknown): never {
  throw error;
}

async function connect(token = 'full'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(server.url, { requestInit }) as never);
  clients.push(client);
  return client;
}

function post(body: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body,
    ...(signal === undefined ? {} : { signal }),
  });
}
