// Apple's container and Tart run on macOS only: executables that write down how they were called stand in for them.
import { describe, expect, test } from 'bun:test';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { openContainers, type Runtime } from './open-containers.ts';
import type { Target } from './ports.ts';

const command = ['hermes', 'auth', 'reset', 'openai-codex'];

describe('the CLIs of Apple and Tart', () => {
  for (const [runtime, user, line] of [
    ['apple', undefined, ['container', 'exec', 'box', ...command]],
    ['apple', '10000:10000', ['container', 'exec', '--user', '10000:10000', 'box', ...command]],
    ['tart', undefined, ['tart', 'exec', 'box', ...command]],
    ['tart', '10000:10000', ['tart', 'exec', 'box', ...command]],
  ] as const) {
    test(`${runtime} is called for ${user ?? 'its usual user'}`, async () => {
      const ended = await call(runtime, 'printf "%s\\n" "$(basename "$0")" "$@"; exit 4', { container: 'box', user });
      expect(ended).toEqual({ exitCode: 4, output: `${line.join('\n')}\n` });
    });
  }

  test('are ended when the time is up, while the command may go on', async () => {
    const late = call('apple', 'exec sleep 300', { container: 'box', timeoutMs: 300 });
    expect(await failure(late)).toMatchObject({
      code: 'unavailable',
      message: 'container did not end within 1s and was ended; it may go on in the container.',
    });
  });

  for (const runtime of ['apple', 'tart', 'docker'] as const) {
    test(`${runtime} is not called for what can be no name`, async () => {
      for (const container of ['', '--help', '-it', 'a b', 'a;id', '../box', 'a/b', 'x'.repeat(200)]) {
        const refused = call(runtime, 'echo called', { container });
        expect(await failure(refused)).toMatchObject({
          code: 'invalid',
          hint: expect.stringContaining('reset.container'),
        });
      }
    });
  }

  test('are missed where they are not installed', async () => {
    using empty = temporaryFolder();
    const surroundings = { environment: { PATH: empty.path, HOME: empty.path }, kill: () => undefined };
    const missing = openContainers({ runtime: 'tart', socket: '' }, surroundings).exec(
      { container: 'box', command, timeoutMs: 20_000 },
      new AbortController().signal,
    );
    expect(await failure(missing)).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('no program tart'),
    });
  });
});

async function call(runtime: Runtime, script: string, target: Partial<Target> & Pick<Target, 'container'>) {
  using folder = temporaryFolder();
  for (const name of ['container', 'tart']) {
    const path = join(folder.path, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }
  const environment = { PATH: `${folder.path}:${process.env['PATH'] ?? ''}`, HOME: folder.path };
  const kill = (pid: number, signal: NodeJS.Signals) => void process.kill(pid, signal);
  const containers = openContainers({ runtime, socket: join(folder.path, 'none.sock') }, { environment, kill });
  return await containers.exec({ command, timeoutMs: 20_000, ...target }, new AbortController().signal);
}

async function failure(running: Promise<unknown>): Promise<unknown> {
  return running.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
}
