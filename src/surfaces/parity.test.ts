// Every operation on every surface, on one daemon with accounts that met their limits; and what it did with their secrets.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { BotApiServer } from '../../test/bot-api.ts';
import { openPlace, type Place, type Up } from '../../test/daemon-rig.ts';
import { projections, type Projection } from '../operations/operation.ts';
import { operations } from '../operations/registry.ts';
import { startAnthropicSimulator, type Simulator } from '../simulator/anthropic/simulator.ts';

const secrets = {
  a: 'sk-ant-oat01-test-aaaaaaaaaa',
  b: 'sk-ant-oat01-test-bbbbbbbbbb',
  c: 'sk-ant-api03-test-cccccccccc',
};
const cases = operations.flatMap((operation) => projections.map((surface) => [operation.name, surface] as const));
const owner = 7;

let simulator: Simulator;
let place: Place;
let daemon: Up;
let bot: BotApiServer;
let agent: { readonly ANTHROPIC_BASE_URL: string; readonly ANTHROPIC_AUTH_TOKEN: string };
/** All that commands printed. */
let printed = '';

beforeAll(async () => {
  simulator = startAnthropicSimulator({
    scenario: {
      credentials: [
        { name: 'a', secret: secrets.a, windows: [{ name: 'five_hour', limit: 1 }] },
        {
          name: 'b',
          secret: secrets.b,
          windows: [
            { name: 'five_hour', limit: 50 },
            { name: 'seven_day_opus', limit: 1, used: 1 },
          ],
        },
        { name: 'c', secret: secrets.c, windows: [{ name: 'requests', limit: 50 }] },
      ],
    },
  });
  bot = new BotApiServer();
  place = openPlace();
  mkdirSync(place.home, { recursive: true, mode: 0o700 });
  const tokenFile = join(place.folder, 'bot-token');
  writeFileSync(tokenFile, bot.token, { mode: 0o600 });
  const telegram = `tokenFile = "${tokenFile}"\napiRoot = "${bot.root}"\nchats = [${owner}]`;
  writeFileSync(join(place.home, 'config.toml'), `[telegram]\n${telegram}\n`, { mode: 0o600 });
  daemon = await place.up();
  for (const [label, secret] of Object.entries(secrets)) {
    await stint(['account', 'add', 'anthropic', label, '--base-url', simulator.url], `${secret}\n`);
  }
  agent = (JSON.parse(await stint(['env', 'claude', '--json'])) as { environment: typeof agent }).environment;
  for (const model of ['claude-sonnet-4-5', 'claude-sonnet-4-5', 'claude-opus-4-8']) await ask(model);
}, 30_000);

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await daemon.ended;
  await bot.stop();
  simulator.stop();
});

describe('every operation', () => {
  test.each(cases)('%s is on %s, or says why not', async (name, surface) => {
    const operation = operations.find((each) => each.name === name);
    const reason = operation?.hidden?.[surface];
    expect(await reaches[surface](name)).toBe(reason === undefined);
    if (reason === undefined) return;
    expect(reason.length).toBeGreaterThan(10);
    const commands = [...reason.matchAll(/stint (\w+)/g)].map((match) => match[1] ?? '');
    if (surface === 'cli') expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) if (command !== 'claude') expect(await helps([command])).toBe(true);
  });

  test.each([
    ['daemon.status', ['status'], {}],
    ['daemon.status', ['status', '--model', 'claude-opus-4-8'], { model: 'claude-opus-4-8' }],
    ['account.list', ['account', 'list'], {}],
    ['account.show', ['account', 'show', 'A'], { account: 'A' }],
    ['pool.list', ['pool', 'list'], {}],
    ['pool.show', ['pool', 'show', 'anthropic'], { pool: 'anthropic' }],
    ['session.list', ['session', 'list', '--count', '1'], { count: 1 }],
  ])('%s answers %j the same on every surface', async (name, args, input) => {
    const cli: unknown = JSON.parse(await stint([...args, '--json']));
    const posted = await place.api(`/api/${name}`, { method: 'POST', body: JSON.stringify(input) });
    const query = new URLSearchParams(Object.entries(input).map(([key, value]) => [key, String(value)])).toString();
    const got = await place.api(`/api/${name}?${query}`);
    const { structuredContent } = await onServer((client) =>
      client.callTool({ name: toolName(name), arguments: input }),
    );
    const [first, ...others] = [cli, await posted.json(), await got.json(), structuredContent].map((each) => ({
      ...(each as object),
      now: 0,
    }));
    for (const other of others) expect<object>(other).toEqual(first ?? {});
  });

  test('fails the same on every surface', async () => {
    const cli = await place.stint(['pool', 'use', 'anthropic', 'nobody', '--json']);
    const rest = await place.api('/api/pool.use', { method: 'POST', body: '{"pool":"anthropic","account":"nobody"}' });
    const { status, ...told } = (await rest.json()) as { status: number };
    expect([told, status]).toEqual([JSON.parse(cli.stderr), 404]);
    expect([cli.code, rest.status]).toEqual([3, 404]);
  });
});

describe('status', () => {
  test.each(['claude-sonnet-4-5', 'claude-opus-4-8'])(
    'names the account that the next request for %s uses',
    async (model) => {
      const { pools } = JSON.parse(await stint(['status', '--model', model, '--json'])) as Status;
      const told = pools[0]?.next[0]?.account;
      expect(told).toMatch(/^anthropic\/[bc]$/);
      expect((await ask(model)).headers.get('stint-account')).toBe(told ?? '');
    },
  );

  test('shows windows, limits and who is next', async () => {
    const text = await stint(['status']);
    expect(text).toMatch(/^Stint \S+, process \d+, up [\dms ]+, agents at http:\/\/127\.0\.0\.1:\d+, 0 open requests\n\n/);
    expect(text).toMatch(
      /\nanthropic\/a {2}closed \(five_hour\), opens in \S+ \S+ \(.+ UTC\)\n {2}five_hour {2}█{20} 100% {2}resets in .+ {2}closed\n/,
    );
    expect(text).toMatch(/\nanthropic\/b {2}partly-closed \(seven_day_opus\)/);
    expect(text).toMatch(
      /\n {2}next request for opus: anthropic\/c\n {4}not anthropic\/a: closed \(five_hour\), opens in /,
    );
  });
});

describe('stint doctor', () => {
  test('finds nothing to do where all is well', async () => {
    const { stdout, code } = await place.stint(['doctor'], { env: { PATH: pathWith('claude', 'echo 9.9.9') } });
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ok {3}versions: Stint \S+, Bun \S+, /) as string,
      expect.stringMatching(/^ok {3}agent claude: 9\.9\.9 \(\S+\)$/) as string,
      'ok   agent codex: is not on the PATH; stint codex needs it',
      'ok   agent gemini: is not on the PATH; stint gemini needs it',
      `ok   home ${place.home}: is yours alone`,
      'ok   daemon: runs',
      'ok   store: SQLite',
      'ok   vault: anthropic/a: has its setup-token',
      'ok   vault: anthropic/b: has its setup-token',
      'ok   vault: anthropic/c: has its api-key',
      expect.stringMatching(/^ok {3}upstream: 127\.0\.0\.1:\d+: answers \(HTTP \d+\)$/) as string,
      'ok   telegram: serves as @stint_test_bot',
      ...['claude', 'codex', 'gemini'].map((agent) => `ok   settings of ${agent}: leave it to the gateway`),
    ]);
    expect(code).toBe(0);
  });

  test('finds a secret that travels unencrypted', async () => {
    const added = await place.stint(['account', 'add', 'anthropic', 'clear', '--base-url', 'http://stint.invalid'], {
      stdin: 'sk-ant-api03-test-eeeeeeeeee',
    });
    expect(added.code).toBe(0);
    const { stdout, code } = await place.stint(['doctor']);
    expect(stdout).toContain(
      'FAIL base URL: anthropic/clear: its secret travels unencrypted to stint.invalid\n' +
        '     Use https:// where you can: stint account add anthropic clear --replace --base-url https://...\n',
    );
    expect(code).toBe(1);
    await stint(['account', 'remove', 'clear', '--yes']);
  }, 10_000);

  test('ends with 1 where something is wrong, and says what to do', async () => {
    await stint(
      ['account', 'add', 'anthropic', 'far', '--base-url', 'http://127.0.0.1:1'],
      'sk-ant-api03-test-dddddddddd',
    );
    const { stdout, code } = await place.stint(['doctor', '--json'], {
      env: { PATH: pathWith('claude', 'echo 9.9.9') },
    });
    const { findings } = JSON.parse(stdout) as { findings: { check: string; ok: boolean; hint: string | null }[] };
    expect(findings.filter((each) => !each.ok)).toMatchObject([
      { check: 'upstream: 127.0.0.1:1', hint: expect.stringContaining('Check the network') as string },
    ]);
    expect(code).toBe(1);
    await stint(['account', 'remove', 'far', '--yes']);
  });
});

describe('a secret', () => {
  test('is in no answer, no log and no file of the home', async () => {
    for (const name of ['daemon.status', 'account.list', 'pool.list', 'session.list', 'daemon.check', 'log.read']) {
      printed += await (await place.api(`/api/${name}`)).text();
    }
    printed += await stint(['logs', '--lines', '10000']);
    expect(printed).toContain('changed: account.add anthropic/a\n');
    const files = readdirSync(place.home, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(files.map((each) => each.name)).toContain('stint.db');
    for (const secret of Object.values(secrets)) {
      expect(printed).not.toContain(secret);
      for (const file of files) expect(readFileSync(join(file.parentPath, file.name)).includes(secret)).toBe(false);
    }
  });

  test.skipIf(process.platform !== 'linux')('is in no command line and no environment of the daemon', () => {
    const pid = place.read('stint.pid')?.trim() ?? '';
    for (const name of ['cmdline', 'environ']) {
      const text = readFileSync(`/proc/${pid}/${name}`, 'utf8');
      expect(text.length).toBeGreaterThan(10);
      for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    }
  });

  test('and the token of an agent are not kept in readable form, nor files open to others', () => {
    for (const file of readdirSync(place.home, { recursive: true, withFileTypes: true })) {
      const path = join(file.parentPath, file.name);
      if (file.isFile()) expect(readFileSync(path).includes(agent.ANTHROPIC_AUTH_TOKEN)).toBe(false);
    }
    expect(statSync(place.home).mode & 0o777).toBe(0o700);
    for (const name of ['stint.db', 'token', 'vault.json', 'vault.key', 'daemon.json', 'stint.pid', 'control.sock']) {
      expect(statSync(join(place.home, name)).mode & 0o077).toBe(0);
    }
  });
});

/** A PATH that begins with a command of the test. */
function pathWith(command: string, script: string): string {
  const bin = join(place.folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, command), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return `${bin}:${process.env['PATH'] ?? ''}`;
}

type Status = { readonly pools: readonly { readonly next: readonly { readonly account: string | null }[] }[] };

const reaches: Record<Projection, (name: string) => Promise<boolean>> = {
  rest: onRest,
  cli: onCli,
  mcp: async (name) => {
    const { tools } = await onServer((client) => client.listTools());
    return tools.some((each) => each.name === toolName(name));
  },
  telegram: async (name) => {
    const { text } = await bot.ask(owner, `/${toolName(name)} nosuchfield=1`);
    return !/^There is no command|is not offered in a chat/.test(text);
  },
};

function toolName(operation: string): string {
  return operation.replaceAll(/[.-]/g, '_');
}

async function onServer<Answer>(ask: (client: Client) => Promise<Answer>): Promise<Answer> {
  const { controlPort } = JSON.parse(place.read('daemon.json') ?? '{}') as { controlPort: number };
  const headers = { authorization: `Bearer ${place.read('token')?.trim() ?? ''}` };
  const client = new Client({ name: 'parity', version: '1.0.0' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${controlPort}/mcp`), { requestInit: { headers } }),
  );
  try {
    return await ask(client);
  } finally {
    await client.close();
  }
}

async function onRest(name: string): Promise<boolean> {
  const response = await place.api(`/api/${name}`, { method: 'POST', body: '{"no such field":1}' });
  return response.status === 400;
}

function onCli(name: string): Promise<boolean> {
  const [noun = '', verb = ''] = name.split('.');
  return helps(noun === 'daemon' ? [verb] : [noun, verb]);
}

async function helps(command: readonly string[]): Promise<boolean> {
  const { stdout, code } = await place.stint([...command, '--help']);
  return code === 0 && stdout.startsWith(`Usage: stint ${command.join(' ')} `);
}

async function stint(args: readonly string[], stdin?: string): Promise<string> {
  const { stdout, stderr, code } = await place.stint(args, stdin === undefined ? {} : { stdin });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  printed += stdout;
  return stdout;
}

async function ask(model: string): Promise<Response> {
  const response = await fetch(`${agent.ANTHROPIC_BASE_URL}/v1/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${agent.ANTHROPIC_AUTH_TOKEN}`,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      'x-claude-code-session-id': crypto.randomUUID(),
    },
    body: JSON.stringify({ model, max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] }),
  });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
  return response;
}
