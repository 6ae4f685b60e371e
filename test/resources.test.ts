// A hundred jobs through a daemon as it is composed, in this process: what they took is given back.
import { expect, test } from 'bun:test';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dayMs, minuteMs } from '../src/core/time.ts';
import { startDaemon } from '../src/daemon/daemon.ts';
import type { JobView } from '../src/operations/job-view.ts';
import { markedProcesses } from '../src/processes/process-table.ts';
import { countTimers } from './timers.ts';
import { temporaryFolder } from './temp-folder.ts';

const jobs = 100;
const config = `
[control]
port = 0
[agent]
port = 0
[jobs]
places = 8
keepDays = 1

[agents.served]
command = ["served"]
result = "^done"
provider = "anthropic"
environment = { MY_URL = "{gateway}/anthropic", MY_TOKEN = "{token}" }
`;
/** Leaves a child behind, as the servers of agents do. */
const served = `#!/bin/sh
cat > /dev/null
sleep 300 &
echo done
`;

type Held = {
  readonly descriptors: number;
  readonly timers: number;
  readonly files: readonly string[];
  readonly attempts: readonly string[];
  readonly phantoms: number;
};

test.skipIf(process.platform !== 'linux')(
  'a hundred jobs that were added, finished and removed leave no process, descriptor, timer, phantom or folder behind',
  async () => {
    using folder = temporaryFolder();
    using timers = countTimers();
    const [home, bin] = [join(folder.path, 'home'), join(folder.path, 'bin')];
    for (const each of [home, bin]) mkdirSync(each, { mode: 0o700 });
    writeFileSync(join(home, 'config.toml'), config, { mode: 0o600 });
    writeFileSync(join(bin, 'served'), served);
    chmodSync(join(bin, 'served'), 0o755);
    const daemon = await startDaemon({
      ...{ home, pid: process.pid, version: '0.0.0-test', passphrase: () => Promise.resolve('') },
      environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder.path },
      kill: (pid, signal) => void process.kill(pid, signal),
    });
    await using _stopped = {
      [Symbol.asyncDispose]: async () => {
        daemon.stop();
        await daemon.ended;
      },
    };
    const token = readFileSync(join(home, 'token'), 'utf8').trim();
    const call = async <Answer>(name: string, input: object): Promise<Answer> => {
      const response = await fetch(`${daemon.file.controlUrl}/api/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(input),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${name}: ${text}`);
      return (name === 'job.logs' ? text : JSON.parse(text)) as Answer;
    };
    const add = (): Promise<JobView> => call('job.add', { prompt: 'Do it.', directory: folder.path, agent: 'served' });
    const finish = async (count: number): Promise<void> => {
      const added: JobView[] = [];
      for (let at = 0; at < count; at += 1) added.push(await add());
      for (const { id } of added) {
        await call('job.logs', { job: id, follow: true });
        expect(await call<JobView>('job.show', { job: id })).toMatchObject({ state: 'done', attempts: 1 });
      }
    };
    const forget = async (): Promise<void> => {
      timers.runEvery(minuteMs, 2 * dayMs);
      await settles(async () => (await call<{ jobs: unknown[] }>('job.list', {})).jobs.length === 0);
    };
    const held = async (): Promise<Held> => ({
      descriptors: readdirSync('/proc/self/fd').length,
      timers: timers.open,
      files: readdirSync(tmpdir()),
      attempts: readdirSync(join(home, 'attempts')),
      phantoms: (await call<{ phantoms: unknown[] }>('phantom.list', {})).phantoms.length,
    });

    await call('account.add', { provider: 'anthropic', label: 'work', secret: 'sk-ant-api03-test-0123456789' });
    await finish(8);
    await forget();
    const before = await held();
    expect(before).toMatchObject({ attempts: [], phantoms: 0 });
    await finish(jobs);
    expect((await call<{ jobs: unknown[] }>('job.list', { count: 1000 })).jobs).toHaveLength(jobs);
    await forget();
    await settles(async () => {
      const after = await held();
      return after.descriptors <= before.descriptors && after.timers <= before.timers;
    });
    const after = await held();
    expect({ ...after, descriptors: 0, timers: 0 }).toEqual({ ...before, descriptors: 0, timers: 0 });
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.timers).toBeLessThanOrEqual(before.timers);
    const left = await markedProcesses(0);
    expect(left.filter(({ pids }) => pids.some((pid) => homeOf(pid) === folder.path))).toEqual([]);
  },
  60_000,
);

/** Waits for what ends a moment later, such as a connection; no longer than ten seconds. */
async function settles(isSettled: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSettled()) && performance.now() < deadline) await Bun.sleep(50);
}

function homeOf(pid: number): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return words.find((word) => word.startsWith('HOME='))?.slice('HOME='.length);
  } catch {
    return undefined;
  }
}
