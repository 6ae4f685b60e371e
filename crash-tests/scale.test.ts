// The numbers of a thousand parked jobs and of fifty agents on the machine that runs this.
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hourMs } from '../src/core/time.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import { startHost, type HostClient } from './host-client.ts';
import type { Dump, Measured } from './host.ts';
import { liveAgents } from './live.ts';
import { agentScripts } from './scripts.ts';

const targetMs = 50;
/** A machine that does other things too is no failure. */
const mostMs = 10 * targetMs;
const stepMs = 250;

async function measure(host: HostClient): Promise<Measured> {
  return (await host.ask<Measured>({ do: 'measure' }))?.value as Measured;
}

function blockOf({ longestBlockMs, longestBusyMs }: Measured): string {
  return `${longestBlockMs.toFixed(0)} ms (${longestBusyMs.toFixed(0)} ms of it busy)`;
}

async function dump(host: HostClient): Promise<Dump> {
  return (await host.ask<Dump>({ do: 'dump' }))?.value as Dump;
}

async function withHost(places: number, use: (host: HostClient, folder: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const host = await startHost({ folder: folder.path, offsetMs: 0, places, kill: null, measures: true });
  try {
    await use(host, folder.path);
  } finally {
    host.kill('SIGKILL');
    await host.exited;
    for (const { pid } of liveAgents((each) => each === folder.path)) process.kill(pid, 'SIGKILL');
  }
}

type Moved = { readonly job: string; readonly from: string; readonly to: string; readonly at: number };

function movesOf(folder: string): Moved[] {
  return readFileSync(join(folder, 'transitions'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [job = '', from = '', , to = '', , at] = line.split(' ');
      return { job, from, to, at: Number(at) };
    });
}

test('a thousand parked jobs that are due at once go on by a ramp, each once', async () => {
  const count = 1000;
  await withHost(16, async (host, folder) => {
    await host.ask({ do: 'close', inMs: hourMs });
    const before = await measure(host);
    await host.ask({ do: 'add', script: agentScripts.quick, spec: { title: 'quick' }, count });
    while (movesOf(folder).filter(({ to }) => to === 'parked').length < count) await Bun.sleep(100);
    const parked = await measure(host);
    await host.ask({ do: 'jump', ms: 2 * hourMs });
    while (movesOf(folder).filter(({ to }) => to === 'done').length < count) await Bun.sleep(200);
    const resumed = await measure(host);

    const moves = movesOf(folder);
    const freed = moves.filter(({ from, to }) => from === 'parked' && to === 'queued');
    expect(freed).toHaveLength(count);
    expect(new Set(freed.map(({ job }) => job)).size).toBe(count);
    const startedAt = freed[0]?.at ?? 0;
    // The first is alone until its turn was served.
    const servedBy = moves.find(({ from, to }) => from === 'running' && to === 'running')?.at ?? 0;
    expect(freed.filter(({ at }) => at < servedBy).length).toBe(1);
    for (const [place, { at }] of freed.entries())
      expect(place + 1).toBeLessThanOrEqual(2 ** (Math.floor((at - servedBy) / stepMs) + 2));
    const rampMs = (freed.at(-1)?.at ?? 0) - startedAt;
    const doneMs = (moves.at(-1)?.at ?? 0) - startedAt;
    const perJob = ((parked.rssMiB - before.rssMiB) * 1024) / count;
    console.log(`1,000 parked: ${perJob.toFixed(1)} KiB per job, longest block ${blockOf(parked)}`);
    console.log(`1,000 due at once: all let go on in ${rampMs} ms, done in ${doneMs} ms with 16 places,`);
    console.log(`  longest block ${blockOf(resumed)} (target ${targetMs} ms)`);
    expect(Math.max(parked.longestBlockMs, resumed.longestBlockMs)).toBeLessThan(mostMs);
    expect((await dump(host)).bugs).toEqual([]);
  });
});

test('fifty agents at once', async () => {
  const count = 50;
  await withHost(count, async (host, folder) => {
    const before = await measure(host);
    const script = agentScripts.endless.replace('sleep 60', 'while [ ! -e "$NOTES/go" ]; do sleep 0.2; done; fin');
    await host.ask({ do: 'add', script, spec: { title: 'slow' }, count });
    const isRunning = (): number => new Set(liveAgents((each) => each === folder).map(({ job }) => job)).size;
    while (isRunning() < count || (await dump(host)).jobs.some(({ state }) => state.kind !== 'running'))
      await Bun.sleep(100);
    const started = await measure(host);
    await Bun.sleep(3000);
    const running = await measure(host);
    await Bun.write(join(folder, 'go'), '');
    while ((await dump(host)).jobs.some(({ state }) => state.kind !== 'done')) await Bun.sleep(100);
    const ended = await measure(host);
    const perJob = ((running.rssMiB - before.rssMiB) * 1024) / count;
    console.log(`50 agents at once: ${perJob.toFixed(0)} KiB of the host per agent, longest block`);
    console.log(
      `  ${blockOf(started)} while they start, ${blockOf(running)} while they run, ${blockOf(ended)} while they end`,
    );
    expect(Math.max(started.longestBlockMs, running.longestBlockMs, ended.longestBlockMs)).toBeLessThan(mostMs);
  });
});
