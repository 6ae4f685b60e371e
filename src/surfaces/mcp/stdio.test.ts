import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { openServing, type Place } from '../../../test/daemon-rig.ts';
import { Problem } from '../../core/problem.ts';
import { socketClient, type Client as DaemonClient } from '../../operations/client.ts';
import { operations } from '../../operations/registry.ts';
import { runMcpStdio } from './stdio.ts';

let place: Place;
let daemon: DaemonClient;

beforeAll(async () => {
  place = await openServing();
  daemon = socketClient(join(place.home, 'control.sock'));
  await daemon.call('account.add', { provider: 'anthropic', label: 'work', secret: 'sk-ant-api03-test-work' });
});

afterAll(() => place[Symbol.asyncDispose]());

describe('MCP over a pair of streams', () => {
  test('offers every operation that is not hidden, and answers as the daemon does', async () => {
    await using stdio = await start();
    const { tools } = await stdio.client.listTools();
    const offered = operations.filter((each) => each.kind === 'call' && each.hidden?.mcp === undefined);
    expect(tools.map((each) => each.name)).toEqual(offered.map((each) => each.name.replaceAll(/[.-]/g, '_')));
    const { structuredContent } = await stdio.client.callTool({ name: 'account_list' });
    expect(structuredContent).toMatchObject({ accounts: [{ id: 'anthropic/work' }] });
    expect(structuredContent).toEqual((await daemon.call('account.list', {})) as Record<string, unknown>);
  });

  test('tells what the daemon refuses', async () => {
    await using stdio = await start();
    const result = await stdio.client.callTool({ name: 'account_show', arguments: { account: 'nobody' } });
    expect(result).toMatchObject({ isError: true, _meta: { 'stint/problem': { code: 'not_found' } } });
  });

  test('says that the daemon does not run, and stays', async () => {
    await using stdio = await start(socketClient(join(place.folder, 'nobody.sock')));
    for (const _ of [1, 2]) {
      expect(await stdio.client.callTool({ name: 'account_list' })).toMatchObject({
        isError: true,
        content: [{ text: 'The Stint daemon is not running. Start it with: stint up --detach (unavailable)' }],
      });
    }
  });

  test('goes on after lines that are no messages', async () => {
    await using stdio = await start();
    for (const line of ['no JSON', '{"jsonrpc":"2.0"}', '', '['.repeat(100_000), '\uFFFF'])
      stdio.input.write(`${line}\n`);
    expect((await stdio.client.callTool({ name: 'account_list' })).isError).toBeUndefined();
  });

  test('answers many calls at once', async () => {
    await using stdio = await start();
    const call = (account: string) => stdio.client.callTool({ name: 'account_show', arguments: { account } });
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) => call(index % 2 ? 'work' : `no-${index}`)),
    );
    for (const [index, result] of results.entries())
      expect(JSON.stringify(result)).toContain(index % 2 ? 'anthropic/work' : `no-${index}`);
  });

  test('cancels a call whose client has changed its mind', async () => {
    const called = Promise.withResolvers<AbortSignal>();
    await using stdio = await start({
      call: (_, __, signal) => {
        if (signal !== undefined) called.resolve(signal);
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(new Problem('unavailable', 'Cancelled.')));
        });
      },
    });
    const mind = new AbortController();
    const answer = stdio.client.callTool({ name: 'account_list' }, undefined, { signal: mind.signal });
    const signal = await called.promise;
    mind.abort();
    await expect(answer).rejects.toThrow();
    expect(signal.aborted).toBe(true);
  });
});

describe('stint mcp', () => {
  test('serves the official client that starts it, and ends with it', async () => {
    const transport = new StdioClientTransport({
      command: 'node',
      args: [join(import.meta.dir, '../../../bin/stint.mjs'), 'mcp'],
      env: { PATH: process.env['PATH'] ?? '', HOME: place.folder, STINT_HOME: place.home },
      stderr: 'pipe',
    });
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(transport);
    await client.listTools();
    const { structuredContent } = await client.callTool({ name: 'account_list' });
    expect(structuredContent).toMatchObject({ accounts: [{ id: 'anthropic/work' }] });
    await client.callTool({ name: 'account_disable', arguments: { account: 'work' } });
    const { records } = (await daemon.call('audit.list', { kind: 'account.disable' })) as { records: object[] };
    expect(records).toMatchObject([{ surface: 'mcp', actor: 'owner', outcome: 'done' }]);
    await daemon.call('account.enable', { account: 'work' });
    await client.close();
  });
});

describe('the end of the client', () => {
  test('that has asked and closed its side gets every answer before', async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    const printed = text(output);
    input.end([1, 2, 3].map((id) => line(id)).join(''));
    await runMcpStdio({ client: daemon, operations, version: '1.2.3', input, output, bug });
    output.end();
    const answers = (await printed).trimEnd().split('\n');
    expect(new Set(answers.map((each) => (JSON.parse(each) as { id: number }).id))).toEqual(new Set([1, 2, 3]));
    for (const answer of answers) expect(answer).toContain('anthropic/work');
  });

  test.each(['input', 'output'] as const)('whose %s breaks ends it', async (side) => {
    const streams = { input: new PassThrough(), output: new PassThrough() };
    const ended = runMcpStdio({ client: daemon, operations, version: '1.2.3', ...streams, bug });
    streams.input.write(line(1));
    streams[side].destroy(new Error('broken'));
    expect(await ended).toBeUndefined();
  });
});

function line(id: number): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'account_list' } })}\n`;
}

function bug(error: unknown): never {
  throw error;
}

/** A server on two streams, and the official client at their other ends. */
async function start(daemonClient: Pick<DaemonClient, 'call'> = daemon) {
  const input = new PassThrough();
  const output = new PassThrough();
  const ended = runMcpStdio({ client: daemonClient, operations, version: '1.2.3', input, output, bug });
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(transportOver(output, input));
  const stop = async () => {
    await client.close();
    await ended;
  };
  return { client, input, [Symbol.asyncDispose]: stop };
}

function transportOver(from: PassThrough, to: PassThrough): Transport {
  const buffer = new ReadBuffer();
  const transport: Transport = {
    async start() {
      from.on('data', (chunk: Buffer) => {
        buffer.append(chunk);
        for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage())
          transport.onmessage?.(message);
      });
    },
    async send(message) {
      to.write(serializeMessage(message));
    },
    async close() {
      to.end();
      transport.onclose?.();
    },
  };
  return transport;
}
