import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { endChild, freePorts } from '../process/child.ts';
import { launcher, startDaemon, userOf } from '../process/daemon.ts';
import { spreadOf, type Spread } from '../statistics.ts';

export type StartUp = { readonly readyMs: Spread; readonly statusMs: Spread };

const accounts = 3;

/** Times `stint up` until /healthz answers, and a whole `stint status`, in a home that has been used before. */
export async function measureStartUp(folder: string, runs: number): Promise<StartUp> {
  const home = join(folder, 'start-up');
  mkdirSync(home);
  const first = await startDaemon(home);
  for (let index = 0; index < accounts; index += 1) {
    await first.call('account.add', {
      provider: 'anthropic',
      label: `a${index}`,
      secret: `sk-ant-oat01-test-${index}`,
      baseUrl: 'http://127.0.0.1:9',
    });
  }
  await first.stop();
  const readyMs: number[] = [];
  for (let run = 0; run < runs; run += 1) readyMs.push(await timeToReady(home));
  const daemon = await startDaemon(home);
  const statusMs: number[] = [];
  for (let run = 0; run < runs; run += 1) statusMs.push(await timeOfStatus(home));
  await daemon.stop();
  return { readyMs: spreadOf(readyMs), statusMs: spreadOf(statusMs) };
}

async function timeToReady(home: string): Promise<number> {
  const [port = 0] = await freePorts(1);
  const from = performance.now();
  const child = Bun.spawn(['node', launcher, 'up'], {
    env: { ...userOf(home), STINT_CONTROL_PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (response?.status === 200) break;
    if (child.exitCode !== null) throw new Error('the daemon ended at once');
    await Bun.sleep(2);
  }
  const readyMs = performance.now() - from;
  await endChild(child, 'SIGTERM');
  return readyMs;
}

async function timeOfStatus(home: string): Promise<number> {
  const from = performance.now();
  const child = Bun.spawn(['node', launcher, 'status'], { env: userOf(home), stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  const elapsedMs = performance.now() - from;
  if (code !== 0 || !output.includes('anthropic/a0')) throw new Error(`stint status ended with ${code}: ${output}`);
  return elapsedMs;
}
