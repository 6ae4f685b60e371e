import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerContainers } from '../src/containers/docker.ts';
import type { Target } from '../src/containers/ports.ts';
import { labelFrom } from '../test/builders.ts';
import { planReset } from '../src/auth-reset/reset-command.ts';
import { startEngine, type Engine } from './engine.ts';
import { describeWithEngine } from './suite.ts';

let engine: Engine;

describeWithEngine('a command in a container of a real engine', () => {
  beforeAll(async () => {
    engine = await startEngine();
    await engine.run('box');
    await engine.run('mine', '--user', '4711:4711');
  }, 60_000);
  afterAll(() => engine[Symbol.asyncDispose]());

  test('run as 10000:10000 makes files that are owned by 10000:10000', async () => {
    expect(await exec({ command: ['touch', '/tmp/auth.json'], user: '10000:10000' })).toEqual({
      exitCode: 0,
      output: '',
    });
    expect(await engine.inside('box', 'stat', '-c', '%u:%g', '/tmp/auth.json')).toBe('10000:10000\n');
  });

  test('runs as whom the container is set up for when no user is set', async () => {
    expect(await exec({ command: ['id', '-u'] })).toMatchObject({ output: '0\n' });
    expect(await exec({ command: ['id', '-u'], container: 'mine' })).toMatchObject({ output: '4711\n' });
    expect(await exec({ command: ['id', '-u'], container: 'mine', user: '10000:10000' })).toMatchObject({
      output: '10000\n',
    });
  });

  test('ends with its exit code and both outputs', async () => {
    expect(await exec({ command: ['sh', '-c', 'echo out; echo err >&2; exit 3'] })).toEqual({
      exitCode: 3,
      output: 'out\nerr\n',
    });
    expect(await exec({ command: ['sh', '-c', 'kill -9 $$'] })).toMatchObject({ exitCode: 137 });
  });

  test('keeps the end of a long output', async () => {
    const { output } = await exec({
      command: ['sh', '-c', 'i=0; while [ $i -lt 9000 ]; do echo "line number $i"; i=$((i+1)); done'],
    });
    expect(output).toHaveLength(64 * 1024);
    expect(output).toEndWith('line number 8999\n');
  });

  test('gets its arguments as they are', async () => {
    const odd = ['$HOME', '`id`', '; touch /tmp/owned', '| id', '"', "'", '\\', '&& touch /tmp/owned'];
    expect(await exec({ command: ['printf', '%s\n', ...odd] })).toEqual({ exitCode: 0, output: `${odd.join('\n')}\n` });
    expect(await exec({ command: ['stat', '/tmp/owned'] })).toMatchObject({ exitCode: 1 });
  });

  test('cannot be made of a target with characters of a shell', async () => {
    const settings = {
      agent: 'a',
      runtime: 'docker',
      container: 'box',
      socket: engine.socket,
      timeoutSeconds: 9,
      pools: {},
    };
    const agents = { a: { command: ['sh', '-c', 'echo {target}'], user: '' } };
    for (const target of ['x; touch /tmp/owned', '$(touch /tmp/owned)', 'x\ntouch /tmp/owned', '-x']) {
      expect(() => planReset({ ...settings, runtime: 'docker', agents }, labelFrom('work'), target)).toThrow(
        'An auth-reset target is',
      );
    }
    expect(await exec({ command: ['stat', '/tmp/owned'] })).toMatchObject({ exitCode: 1 });
  });

  test('that there is not ends with 127 and says so', async () => {
    const { exitCode, output } = await exec({ command: ['hermes', 'auth', 'reset', 'nous'] });
    expect(exitCode).toBe(127);
    expect(output).toContain('executable file not found');
  });

  test('needs a container, and one that runs', async () => {
    expect(await failure({ container: 'none' })).toMatchObject({
      code: 'not_found',
      message: 'The container engine has no container none.',
    });
    await engine.run('stopped');
    await engine.podman('stop', '--time', '0', 'stopped');
    expect(await failure({ container: 'stopped' })).toMatchObject({
      code: 'conflict',
      hint: 'Start it with: docker start stopped',
    });
  });

  test('needs a user that the container has', async () => {
    expect(await failure({ user: 'hermes' })).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('unable to find user hermes'),
    });
  });

  test('is ended with what it started when its time is up', async () => {
    const mark = '86399';
    const problem = await failure({ command: ['sh', '-c', `sleep ${mark} & echo begun; wait`], timeoutMs: 1500 });
    expect(problem).toMatchObject({ code: 'unavailable', message: 'sh did not end within 2s and was ended.' });
    await gone(['sleep', mark]);
    expect(await exec({ command: ['id', '-u'] })).toMatchObject({ exitCode: 0 });
  });

  test('is ended when Stint stops', async () => {
    const mark = '86398';
    const shared = join(engine.folder, 'shared');
    mkdirSync(shared);
    await engine.run('sharing', '--volume', `${shared}:/shared`);
    const stop = new AbortController();
    const ended = failure({
      container: 'sharing',
      command: ['sh', '-c', `touch /shared/begun; exec sleep ${mark}`],
      signal: stop.signal,
    });
    while (!existsSync(join(shared, 'begun'))) await Bun.sleep(10);
    stop.abort();
    expect(await ended).toMatchObject({ code: 'unavailable', message: 'sh was ended, since Stint stops.' });
    await gone(['sleep', mark]);
  });
});

type More = Partial<Target> & { readonly signal?: AbortSignal };

function exec({ signal = new AbortController().signal, ...more }: More) {
  const kill = (pid: number, how: NodeJS.Signals) => void process.kill(pid, how);
  const target = { container: 'box', command: ['id'], timeoutMs: 20_000, ...more };
  return dockerContainers(engine.socket, { kill }).exec(target, signal);
}

async function failure(more: More): Promise<unknown> {
  return exec(more).then(
    (ended) => new Error(`it ended with ${ended.exitCode}: ${ended.output}`),
    (error: unknown) => error,
  );
}

/** Resolves when no process of this machine, containers included, is one that was started so: a kill takes its moment. */
async function gone(command: readonly string[]): Promise<void> {
  const deadline = performance.now() + 5000;
  while (running(command).length > 0) {
    if (performance.now() > deadline) throw new Error(`${command.join(' ')} still runs`);
    await Bun.sleep(10);
  }
}

function running(command: readonly string[]): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `${command.join('\0')}\0`;
    } catch {
      return false;
    }
  });
}
