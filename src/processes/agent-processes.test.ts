import { afterEach, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asAttemptId, type AttemptId } from '../core/ids.ts';
import type { Launch, OutputLine } from '../supervisor/ports.ts';
import { agentProcesses } from './agent-processes.ts';

const aborts: AbortController[] = [];
afterEach(() => {
  for (const each of aborts.splice(0)) each.abort();
});
let count = 0;

function openRig() {
  const folder = temporaryFolder();
  const kill = (pid: number, signal: NodeJS.Signals): void => void process.kill(pid, signal);
  const processes = agentProcesses({ folder: join(folder.path, 'attempts'), kill, graceMs: 400 });
  const id: AttemptId = asAttemptId(`job${process.pid}-${(count += 1)}.1`);
  const run = async (script: string, more: Partial<Launch> = {}) => {
    const launch: Launch = {
      ...{ attempt: id, files: processes.filesOf(id), prompt: 'Go on.', executable: 'sh', args: ['-c', script] },
      ...{ environment: { PATH: process.env['PATH'] ?? '' }, directory: folder.path, nice: 0, ...more },
    };
    return { id, ...(await processes.spawn(launch)) };
  };
  return { folder: folder.path, processes, id, run, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const never = (): AbortSignal => {
  const controller = new AbortController();
  aborts.push(controller);
  return controller.signal;
};

async function collect(lines: AsyncIterable<OutputLine>): Promise<OutputLine[]> {
  const all: OutputLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe('an attempt', () => {
  test('has its prompt on stdin and leaves its output, its exit code and the time', async () => {
    using rig = openRig();
    const before = Math.floor(Date.now() / 1000) * 1000;
    const attempt = await rig.run('cat; echo "in $PWD for $STINT_ATTEMPT"; echo oops >&2; printf last; exit 7', {
      prompt: 'Two\nlines\n',
    });
    const ended = rig.processes.ended(attempt, never());
    const lines = await collect(rig.processes.lines(rig.id, ended, never()));
    expect(lines.filter((each) => each.channel === 'stdout').map((each) => each.line)).toEqual([
      'Two',
      'lines',
      `in ${rig.folder} for ${rig.id}`,
      'last',
    ]);
    expect(lines.filter((each) => each.channel === 'stderr')).toMatchObject([{ channel: 'stderr', line: 'oops' }]);
    const exit = await ended;
    expect(exit.code).toBe(7);
    expect(exit.at).toBeGreaterThanOrEqual(before);
    expect(statSync(rig.processes.filesOf(rig.id).prompt).mode & 0o777).toBe(0o600);
    await rig.processes.forget(rig.id);
  });

  test('gets the environment it is given and nothing else of ours', async () => {
    using rig = openRig();
    const attempt = await rig.run('env');
    await rig.processes.ended(attempt, never());
    const names = readFileSync(rig.processes.filesOf(rig.id).stdout, 'utf8').trim().split('\n');
    expect(
      names.map((line) => line.split('=')[0]).filter((name) => !['_', 'SHLVL', 'OLDPWD', 'PWD'].includes(name ?? '')),
    ).toEqual(expect.arrayContaining(['PATH', 'STINT_ATTEMPT']));
    expect(names.length).toBeLessThan(8);
  });

  test('takes arguments as they are, and a prompt of a megabyte', async () => {
    using rig = openRig();
    const nasty = '$(touch hit); `touch hit` "\'\\ ünï';
    const attempt = await rig.run('', {
      args: ['-c', 'printf "%s\\n" "$1"; wc -c', 'sh', nasty],
      prompt: 'x'.repeat(1_048_576),
    });
    const ended = rig.processes.ended(attempt, never());
    const lines = await collect(rig.processes.lines(rig.id, ended, never()));
    expect(lines.map((each) => each.line.trim())).toEqual([nasty, '1048576']);
  });

  test('has lines by when they were written, and no more of them when its end cannot be told', async () => {
    using rig = openRig();
    const attempt = await rig.run('echo old');
    await rig.processes.ended(attempt, never());
    const { stdout } = rig.processes.filesOf(rig.id);
    utimesSync(stdout, 1000, 1000);
    const failed = Promise.reject(new Error('too many open files'));
    expect(await collect(rig.processes.lines(rig.id, failed, never()))).toEqual([
      { channel: 'stdout', line: 'old', by: 1_000_000 },
    ]);
  });

  test('may write what is no text, and lines that are no events', async () => {
    using rig = openRig();
    const attempt = await rig.run(
      `printf '\\377\\000\\n{"a":1}\\r\\n'; head -c 9000000 /dev/zero | tr '\\0' y; printf '\\nend\\n'`,
    );
    const ended = rig.processes.ended(attempt, never());
    const lines = (await collect(rig.processes.lines(rig.id, ended, never()))).map((each) => each.line);
    expect(lines.map((each) => (each.length > 100 ? each.length : each))).toEqual([
      '\ufffd\0',
      '{"a":1}',
      8 * 1024 * 1024,
      'end',
    ]);
  });

  test('that was killed has no exit code, and is known to have ended', async () => {
    using rig = openRig();
    const attempt = await rig.run('echo ready; exec sleep 600');
    const ended = rig.processes.ended(attempt, never());
    await rig.processes.end(attempt);
    expect(await ended).toEqual({ code: null, at: null });
    expect(await rig.processes.living(attempt)).toEqual([]);
  });

  test('is ended with what left its group, ignores being asked, or was started by one that is gone', async () => {
    using rig = openRig();
    const deaf = `trap '' TERM; while :; do sleep 0.1; done`;
    const script = `setsid sh -c "${deaf}" & (sleep 600 &) ; ${deaf}`;
    const attempt = await rig.run(script);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setInterval(() => {
      void rig.processes.living(attempt).then((pids) => (pids.length >= 4 ? resolve() : undefined));
    }, 20);
    await promise;
    clearInterval(timer);
    await rig.processes.end(attempt);
    expect(await rig.processes.living(attempt)).toEqual([]);
  });

  test('that cannot be ended is given up when nobody wants to wait any more', async () => {
    using rig = openRig();
    const attempt = await rig.run('exec sleep 600');
    const powerless = agentProcesses({ folder: join(rig.folder, 'attempts'), kill: () => undefined, graceMs: 10 });
    const stopping = new AbortController();
    const ended = powerless.end(attempt, stopping.signal);
    stopping.abort(new Error('Stint stops.'));
    expect(await ended.catch(String)).toBe('Error: Stint stops.');
    await rig.processes.end(attempt);
  });

  test('is found without its pid by what it carries, and a pid that is another’s ends nobody', async () => {
    using rig = openRig();
    const attempt = await rig.run('exec sleep 600');
    const unknown = { id: rig.id, pid: null, birth: null };
    expect((await rig.processes.living(unknown)).length).toBeGreaterThan(0);
    const stranger = { id: asAttemptId('other.1'), pid: process.pid, birth: 'another boot/1' };
    expect(await rig.processes.living(stranger)).toEqual([]);
    await rig.processes.end(stranger);
    // Of a group whose leader has gone nobody knows the birth: it is another's when the machine was started anew since.
    const group = spawnSync('/bin/sh', ['-c', "setsid sh -c 'sleep 600 >/dev/null & echo $$ $!'"], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [leader = 0, member = 0] = group.stdout.toString().trim().split(' ').map(Number);
    const earlier = { id: asAttemptId('other.2'), pid: leader, birth: 'another-boot/1' };
    expect(await rig.processes.living(earlier)).toEqual([]);
    process.kill(member, 'SIGKILL');
    await rig.processes.end(unknown);
    expect(await rig.processes.living(attempt)).toEqual([]);
  });

  test.each([
    ['an executable', { executable: 'no-such-agent' }, 'no-such-agent is not on the PATH.'],
    ['a directory', { directory: '/no/such/folder' }, 'The directory /no/such/folder does not exist.'],
  ])('without %s is refused before anything is started', async (_, more, message) => {
    using rig = openRig();
    await expect(rig.run('true', more)).rejects.toMatchObject({ code: 'invalid', message });
  });

  test('does not take a file that cannot be run for its executable', async () => {
    using rig = openRig();
    writeFileSync(join(rig.folder, 'agent'), '#!/bin/sh\n', { mode: 0o644 });
    await expect(rig.run('', { executable: 'agent', environment: { PATH: rig.folder } })).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  test('may be nicer than others', async () => {
    using rig = openRig();
    const attempt = await rig.run('nice', { nice: 7 });
    const ended = rig.processes.ended(attempt, never());
    expect((await collect(rig.processes.lines(rig.id, ended, never()))).map((each) => each.line)).toEqual(['7']);
  });
});
