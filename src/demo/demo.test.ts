// Runs the whole demo as a user does: the launcher, on Node, in a process of its own.
import { afterAll, describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runCommand } from '../../test/run-command.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Summary } from './summary.ts';

const launcher = join(import.meta.dir, '../../bin/stint.mjs');

const expected = {
  agent: 'scripted',
  completed: true,
  turns: 18,
  turnsPlanned: 18,
  limits: [
    { account: 'personal', window: 'five_hour', family: null },
    { account: 'work', window: 'seven_day_opus', family: 'opus' },
    { account: 'team', window: 'five_hour', family: null },
  ],
  overloads: 1,
  moves: [
    { from: 'personal', to: 'work' },
    { from: 'work', to: 'team' },
    { from: 'team', to: 'personal' },
  ],
  holds: 1,
  errors: 0,
};

function startDemo(folder: string, args: readonly string[]) {
  const env = {
    PATH: process.env['PATH'],
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    // Nobody serves there: what goes through the proxy is lost.
    HTTP_PROXY: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    STINT_HOME: join(folder, 'of-the-user'),
  };
  mkdirSync(env.TMPDIR);
  const child = spawn('node', [launcher, 'demo', ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout });
  return { child, lines, ended: once(child, 'close') };
}

describe('two whole runs at once', () => {
  const folders = { plain: temporaryFolder(), kept: temporaryFolder() };
  // Who wants the default ports must not get them.
  const taken = [portTaken(4600), portTaken(4610)];
  const startedAt = performance.now();
  const plain = startDemo(folders.plain.path, ['--json']);
  const kept = startDemo(folders.kept.path, ['--json', '--keep']);
  const firstLine = once(kept.lines, 'line') as Promise<[string]>;

  afterAll(() => {
    for (const { child } of [plain, kept]) child.kill();
    for (const each of [...taken, ...Object.values(folders)]) each[Symbol.dispose]();
  });

  test('the demo meets every limit, holds, and ends well within 20 seconds', async () => {
    const printed = await Array.fromAsync(plain.lines);
    expect(printed).toHaveLength(1);
    const summary = JSON.parse(printed[0] ?? '') as Summary;
    expect(summary).toMatchObject(expected);
    expect(await plain.ended).toEqual([0, null]);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(summary.heldSeconds).toBeGreaterThan(0.5);
    expect(leftIn(folders.plain)).toEqual([]);
  }, 30_000);

  test('--keep leaves daemon and provider running until Ctrl-C', async () => {
    const [line] = await firstLine;
    const { commands } = JSON.parse(line) as { commands: string[] };
    const status = await runCommand(['sh', '-c', `${commands[0]} --json`], { cwd: folders.kept.path });
    kept.child.kill('SIGINT');
    expect(await kept.ended).toEqual([0, null]);
    const accounts = expected.limits.map(({ account }) => ({ label: account }));
    expect(JSON.parse(status.stdout)).toMatchObject({ accounts });
    expect(leftIn(folders.kept)).toEqual([]);
  }, 30_000);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a %s in mid-work leaves nothing behind',
  async (signal) => {
    using folder = temporaryFolder();
    const { child, lines, ended } = startDemo(folder.path, []);
    const printed: string[] = [];
    for await (const line of lines) {
      printed.push(line);
      if (line.includes('move')) child.kill(signal);
    }
    expect(await ended).toEqual([signal === 'SIGINT' ? 130 : 143, null]);
    expect(printed.join('\n')).not.toContain('errors the agent saw');
    expect(leftIn(folder)).toEqual([]);
  },
  30_000,
);

/** What is in the temporary folder that the demo was given. */
function leftIn(folder: { readonly path: string }): string[] {
  return readdirSync(join(folder.path, 'tmp'));
}

function portTaken(port: number): Disposable {
  try {
    const server = Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => undefined } });
    return { [Symbol.dispose]: () => server.stop(true) };
  } catch {
    return { [Symbol.dispose]: () => undefined };
  }
}
