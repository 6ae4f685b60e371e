import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openServing, type Place } from '../../../test/daemon-rig.ts';

let place: Place;
let url: URL;

beforeAll(async () => {
  place = await openServing();
  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: 'sk-ant-api03-test-work' });
  const { controlPort } = JSON.parse(place.read('daemon.json') ?? '{}') as { controlPort: number };
  url = new URL(`http://127.0.0.1:${controlPort}/mcp`);
});

afterAll(() => place[Symbol.asyncDispose]());

describe('/mcp of a daemon', () => {
  test('serves the official client that has the token', async () => {
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(transportWith(place.read('token')?.trim() ?? ''));
    expect((await client.listTools()).tools.length).toBeGreaterThan(20);
    const { structuredContent } = await client.callTool({ name: 'daemon_status' });
    expect(structuredContent).toMatchObject({ daemon: { home: place.home }, accounts: [{ id: 'anthropic/work' }] });
    await client.callTool({ name: 'account_disable', arguments: { account: 'work' } });
    const { structuredContent: changed } = await client.callTool({
      name: 'audit_list',
      arguments: { kind: 'account.disable' },
    });
    expect(changed).toMatchObject({
      records: [{ surface: 'mcp', actor: 'token', subject: 'anthropic/work', outcome: 'done' }],
    });
    await client.close();
  });

  test('refuses another token, and a page that rebinds its name', async () => {
    const client = new Client({ name: 'test', version: '1.0.0' });
    await expect(client.connect(transportWith('guessed'))).rejects.toThrow();
    await client.close();
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const token = { authorization: `Bearer ${place.read('token')?.trim() ?? ''}` };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const ask = (more: object) => fetch(url, { method: 'POST', headers: { ...headers, ...more }, body });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ ...token, origin: 'http://evil.example' })).status).toBe(403);
    expect((await ask(token)).status).toBe(200);
  });
});

function transportWith(token: string) {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  return new StreamableHTTPClientTransport(url, { requestInit }) as never;
}
