import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { gone } from '../../test/profile-rig.ts';
import { stopProcess } from './stop-process.ts';

const kill = (pid: number, signal: NodeJS.Signals): void => void process.kill(pid, signal);
const quick = { patienceMs: 50, graceMs: 50, kill };

/** A shell that says when it runs. */
async function start(script: string, detached = false) {
  const child = spawn('sh', ['-c', `${script}`], { stdio: ['ignore', 'pipe', 'ignore'], detached });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, first: first.toString().trim() };
}

test('a process that ends by itself is left to it', async () => {
  const { child } = await start('echo up; exit 3');
  await stopProcess(child, { ...quick, patienceMs: 10_000, group: false, patient: true });
  expect(child.exitCode).toBe(3);
});

test('a process is asked to end', async () => {
  const { child } = await start("trap 'exit 5' TERM; echo up; while :; do sleep 0.01; done");
  await stopProcess(child, { ...quick, graceMs: 10_000, group: false, patient: true });
  expect(child.exitCode).toBe(5);
});

test('a process that does not listen is ended', async () => {
  const { child } = await start("trap '' TERM; echo up; while :; do sleep 0.01; done");
  await stopProcess(child, { ...quick, group: false, patient: false });
  expect(child.signalCode).toBe('SIGKILL');
});

test('what it started ends with it, also when it has ended before', async () => {
  const { child, first } = await start('sleep 600 & echo $!', true);
  await stopProcess(child, { ...quick, group: true, patient: true });
  child.stdout.destroy();
  await gone(Number(first));
  expect(child.exitCode).toBe(0);
});
