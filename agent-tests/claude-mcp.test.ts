import { beforeAll, describe, expect, test } from 'bun:test';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { operations } from '../src/operations/registry.ts';
import { agentExecutable } from './agent-executable.ts';
import { startRig, type Rig } from './claude-rig.ts';
import type { ClaudeLine } from './claude-run.ts';

const initSchema = z.looseObject({
  type: z.literal('system'),
  subtype: z.literal('init'),
  tools: z.array(z.string()),
  mcp_servers: z.array(z.object({ name: z.string(), status: z.string() })),
});
const textSchema = z.union([z.string(), z.array(z.looseObject({ text: z.string() }))]);
const resultSchema = z.looseObject({
  type: z.literal('user'),
  message: z.looseObject({
    content: z.array(
      z.looseObject({ type: z.literal('tool_result'), content: textSchema, is_error: z.boolean().optional() }),
    ),
  }),
});

type Transport = 'http' | 'stdio';
const transports: readonly Transport[] = ['http', 'stdio'];
const offered = operations
  .filter((each) => each.kind === 'call' && each.hidden?.mcp === undefined)
  .map((each) => `mcp__stint__${each.name.replaceAll(/[.-]/g, '_')}`);

beforeAll(() => agentExecutable('claude'), 600_000);

describe.each(transports)('Claude Code with Stint as its MCP server over %s', (transport) => {
  test('has every tool, and gets the structured answer of the one that it calls', async () => {
    await using rig = await startRig();
    const run = await ask(rig, transport, '[[tool:mcp__stint__account_list {}]] go');
    expect(run.init.mcp_servers).toEqual([{ name: 'stint', status: 'connected' }]);
    expect(run.init.tools.filter((name) => name.startsWith('mcp__stint__')).toSorted()).toEqual(offered.toSorted());
    expect(run.results.map(({ isError }) => isError)).toEqual([false]);
    expect(JSON.parse(run.results[0]?.text ?? '')).toMatchObject({
      accounts: [{ id: 'anthropic/a' }, { id: 'anthropic/b' }],
    });
  });

  test('reads why a call failed, and changes something with the next one', async () => {
    await using rig = await startRig();
    const script =
      '[[tool:mcp__stint__account_disable {"account":"nobody"}]] [[tool:mcp__stint__account_disable {"account":"b"}]]';
    const run = await ask(rig, transport, `${script} go`);
    expect(run.results.map(({ isError }) => isError)).toEqual([true, false]);
    expect(run.results[0]?.text).toContain('There is no account "nobody".');
    expect((await rig.status()).accounts.map(({ state }) => state)).toEqual(['open', 'disabled']);
  });
});

/** Runs Claude Code on a prompt, with the server in a file as a person would write it. */
async function ask(rig: Rig, transport: Transport, prompt: string) {
  const file = join(rig.folder, 'mcp.json');
  await writeFile(file, JSON.stringify({ mcpServers: { stint: await serverFor(rig, transport) } }));
  const options = ['--mcp-config', file, '--strict-mcp-config', '--allowedTools', 'mcp__stint'];
  const { lines, result } = await rig.claude(prompt, ...options);
  expect(result.is_error).toBe(false);
  return { init: initSchema.parse(lines.find(({ subtype }) => subtype === 'init')), results: lines.flatMap(resultsOf) };
}

async function serverFor(rig: Rig, transport: Transport): Promise<object> {
  if (transport === 'stdio') {
    const launcher = join(import.meta.dir, '..', 'bin', 'stint.mjs');
    return { type: 'stdio', command: 'node', args: [launcher, 'mcp'], env: rig.place.env };
  }
  const token = await readFile(join(rig.place.env['STINT_HOME'] ?? '', 'token'), 'utf8');
  const url = `http://127.0.0.1:${rig.ports.controlPort}/mcp`;
  return { type: 'http', url, headers: { authorization: `Bearer ${token.trim()}` } };
}

function resultsOf(line: ClaudeLine): { readonly text: string; readonly isError: boolean }[] {
  const { data } = resultSchema.safeParse(line);
  return (data?.message.content ?? []).map(({ content, is_error }) => ({
    text: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
    isError: is_error === true,
  }));
}
