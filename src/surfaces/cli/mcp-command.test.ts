import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { openPlace } from '../../../test/daemon-rig.ts';

const launcher = join(import.meta.dir, '../../../bin/stint.mjs');

test('stint mcp speaks only the protocol, is named in the trail, starts a daemon that went, and ends with its client', async () => {
  await using place = openPlace();
  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: 'sk-ant-api03-test-0123456789' });
  const child = Bun.spawn(['node', launcher, 'mcp'], {
    env: {
      ...{ PATH: process.env['PATH'], HOME: place.folder, STINT_HOME: place.home },
      ...{ STINT_CONTROL_PORT: '0', STINT_AGENT_PORT: '0' },
    },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const lines = linesOf(child.stdout);
  const ask = async (id: number, method: string, params: object): Promise<unknown> => {
    await child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    await child.stdin.flush();
    return JSON.parse((await lines.next()).value ?? '{}') as unknown;
  };
  const client = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  expect(await ask(1, 'initialize', client)).toMatchObject({ id: 1, result: { serverInfo: { name: 'stint' } } });
  await child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  const disable = { name: 'account_disable', arguments: { account: 'work' } };
  expect(await ask(2, 'tools/call', disable)).toMatchObject({
    id: 2,
    result: { structuredContent: { state: 'disabled' } },
  });
  await place.stint(['down']);
  const show = { name: 'account_show', arguments: { account: 'work' } };
  expect(await ask(3, 'tools/call', show)).toMatchObject({
    id: 3,
    result: { structuredContent: { state: 'disabled' } },
  });
  await child.stdin.end();
  expect({ left: (await lines.next()).done, code: await child.exited }).toEqual({ left: true, code: 0 });
  const { records } = JSON.parse((await place.stint(['audit', 'list', '--json'])).stdout) as {
    records: { kind: string; surface: string }[];
  };
  expect(records.find((each) => each.kind === 'account.disable')).toMatchObject({ surface: 'mcp' });
}, 15_000);

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    yield* lines;
  }
}
