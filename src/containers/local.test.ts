import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { localCommands } from './local.ts';
import type { Target } from './ports.ts';

const kill = (pid: number, signal: NodeJS.Signals) => void process.kill(pid, signal);

describe('a command on this machine', () => {
  test('ends with its exit code and both outputs', async () => {
    expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({ exitCode: 3, output: 'out\nerr\n' });
    expect(await run(['sh', '-c', 'kill -TERM $$'])).toEqual({ exitCode: 143, output: '' });
  });

  test('gets its arguments as they are', async () => {
    const odd = ['$HOME', '`id`', '; id', '| id', '"', "'", '\\', '*', ''];
    expect(await run(['printf', '%s\n', ...odd])).toEqual({ exitCode: 0, output: `${odd.join('\n')}\n` });
  });

  test('has nothing of the environment but what programs need', async () => {
    const environment = {
      PATH: process.env['PATH'],
      HOME: '/',
      LANG: 'C.UTF-8',
      ANTHROPIC_API_KEY: 'sk-ant-api03-test-own',
      STINT_HOME: '/nowhere',
    };
    const { output } = await run(['env'], { environment });
    const names = output.split('\n').map((line) => line.split('=')[0]);
    expect(new Set(names)).toEqual(new Set(['', 'HOME', 'LANG', 'PATH']));
  });

  test('keeps the end of a long output', async () => {
    const { output } = await run(['sh', '-c', 'yes 0123456789 | head -c 300000; echo; echo last']);
    expect(output).toHaveLength(64 * 1024);
    expect(output).toEndWith('\nlast\n');
  });

  test('is ended with all that it started when its time is up', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'pid');
    const script = `sleep 300 & echo $! > ${file}; trap '' TERM; wait; wait`;
    const problem = await failure(run(['sh', '-c', script], { timeoutMs: 300 }));
    expect(problem).toMatchObject({ code: 'unavailable', message: 'sh did not end within 1s and was ended.' });
    expect(existsSync(`/proc/${readFileSync(file, 'utf8').trim()}/cwd`)).toBe(false);
  });

  test('is ended when Stint stops', async () => {
    const stop = new AbortController();
    const running = run(['sleep', '300'], { signal: stop.signal });
    stop.abort();
    expect(await failure(running)).toMatchObject({
      code: 'unavailable',
      message: 'sleep was ended, since Stint stops.',
    });
  });

  test('leaves nobody behind when it ends', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'pid');
    const { exitCode } = await run(['sh', '-c', `sleep 300 & echo $! > ${file}`]);
    expect(exitCode).toBe(0);
    const pid = readFileSync(file, 'utf8').trim();
    // One that was killed is still there until it is its turn to die.
    while (/^[RS]$/.test(readState(pid))) await Bun.sleep(5);
  });

  test('says that there is no such program, or that it may not be run', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'agent');
    writeFileSync(file, '');
    expect(await failure(run(['no-such-agent']))).toMatchObject({
      code: 'not_found',
      message: 'There is no program no-such-agent on the PATH of the daemon.',
    });
    expect(await failure(run([file]))).toMatchObject({
      code: 'forbidden',
      message: `The program ${file} may not be run by this user.`,
    });
  });
});

type Options = { environment?: NodeJS.Dict<string>; timeoutMs?: number; signal?: AbortSignal };

function run(
  command: Target['command'],
  { environment = process.env, timeoutMs = 20_000, signal = new AbortController().signal }: Options = {},
) {
  return localCommands({ environment, kill }).exec({ container: '', command, timeoutMs }, signal);
}

async function failure(running: Promise<unknown>): Promise<unknown> {
  return running.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
}

/** The state of a process, as proc(5) has it; empty when it is gone. */
function readState(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '';
  } catch {
    return '';
  }
}
