// What is no crash, and as bad: processes that sleep, a disk that is full, clocks that jump.
import { afterEach, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job, JobState } from '../src/core/job/job.ts';
import { hourMs, minuteMs } from '../src/core/time.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import { Declined, startHost, type HostClient } from './host-client.ts';
import type { Dump, HostOptions } from './host.ts';
import { liveAgents, secondWriters, type LiveAgent } from './live.ts';
import { agentScripts, type AgentScript } from './scripts.ts';

const dayMs = 24 * hourMs;
const homes: { end(): Promise<void> }[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) await home.end();
});

/** A folder, and the host that has it now. */
function openHome() {
  const folder = temporaryFolder();
  const hosts: HostClient[] = [];
  const home = {
    folder: folder.path,
    start: async (more: Partial<HostOptions> = {}): Promise<HostClient> => {
      const host = await startHost({ folder: folder.path, offsetMs: 0, places: 8, kill: null, ...more });
      hosts.push(host);
      return host;
    },
    live: (): LiveAgent[] => liveAgents((each) => each === folder.path),
    log: (job: string): string[] => {
      const path = join(folder.path, `log.${job}`);
      return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
    },
    async end() {
      for (const host of hosts) host.kill('SIGKILL');
      await Promise.all(hosts.map((host) => host.exited));
      for (const { pid } of home.live()) process.kill(pid, 'SIGKILL');
      folder[Symbol.dispose]();
    },
  };
  homes.push(home);
  return home;
}

async function add(host: HostClient, agent: AgentScript): Promise<string> {
  const added = await host.ask<string>({ do: 'add', script: agentScripts[agent], spec: { title: agent } });
  return added?.value ?? '';
}

async function jobOf(host: HostClient, id: string): Promise<Job> {
  const dump = await host.ask<Dump>({ do: 'dump' });
  return dump?.value.jobs.find((job) => job.id === id) as Job;
}

async function reaches(host: HostClient, id: string, kind: JobState['kind']): Promise<Job> {
  for (let job = await jobOf(host, id); ; job = await jobOf(host, id)) {
    if (job.state.kind === kind) return job;
    await Bun.sleep(20);
  }
}

async function lives(home: ReturnType<typeof openHome>, job: string): Promise<LiveAgent[]> {
  for (;;) {
    const found = home.live().filter((each) => each.job === job);
    if (found.length > 0 && home.log(job).length > 0) return found;
    await Bun.sleep(20);
  }
}

/** Nobody is there to hear it, or a zombie that nobody has waited for. */
function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It is gone.
  }
}

async function die(host: HostClient): Promise<void> {
  host.kill('SIGKILL');
  await host.exited;
}

test('a host that is stopped keeps its home, and goes on where it was', async () => {
  const home = openHome();
  const first = await home.start();
  const id = await add(first, 'slow');
  await reaches(first, id, 'running');
  first.kill('SIGSTOP');
  await expect(home.start()).rejects.toThrow('conflict');
  first.kill('SIGCONT');
  expect(await reaches(first, id, 'done')).toMatchObject({ attempts: 1 });
});

test('an agent that is stopped while its replacement is asked for is ended before that starts', async () => {
  const home = openHome();
  const host = await home.start();
  const id = await add(host, 'stubborn');
  await reaches(host, id, 'running');
  const stopped = await lives(home, id);
  for (const { pid } of stopped) process.kill(pid, 'SIGSTOP');
  await host.ask({ do: 'park', job: id });
  expect(home.live()).toEqual([]);
  await host.ask({ do: 'resume', job: id });
  for (const { pid } of stopped) wake(pid);
  await reaches(host, id, 'done');
  expect(home.log(id)).toEqual(['start 1 first', 'start 2 resume', 'finish 2']);
});

test('an agent that is stopped when its host dies is adopted, and has no second beside it', async () => {
  const home = openHome();
  const first = await home.start();
  const id = await add(first, 'slow');
  await reaches(first, id, 'running');
  const stopped = await lives(home, id);
  for (const { pid } of stopped) process.kill(pid, 'SIGSTOP');
  await die(first);
  const second = await home.start();
  await Bun.sleep(1500);
  expect([(await jobOf(second, id)).state.kind, secondWriters(home.live())]).toEqual(['running', []]);
  for (const { pid } of stopped) process.kill(pid, 'SIGCONT');
  expect(await reaches(second, id, 'done')).toMatchObject({ attempts: 1 });
});

test('a full disk refuses jobs, and what agents did meanwhile is written when there is room', async () => {
  const home = openHome();
  const host = await home.start();
  const [slow, stubborn] = [await add(host, 'slow'), await add(host, 'stubborn')];
  for (const id of [slow, stubborn]) await reaches(host, id, 'running');
  await host.ask({ do: 'full', full: true });
  await expect(add(host, 'quick')).rejects.toThrow(Declined);
  await expect(host.ask({ do: 'cancel', job: stubborn })).rejects.toThrow(Declined);
  while (home.live().length > 0) await Bun.sleep(20);
  expect((await jobOf(host, slow)).state.kind).toBe('running');
  await host.ask({ do: 'full', full: false });
  for (const id of [slow, stubborn]) expect(await reaches(host, id, 'done')).toMatchObject({ attempts: 1 });
});

test('a kill while the disk is full loses nothing that agents did', async () => {
  const home = openHome();
  const host = await home.start();
  const id = await add(host, 'slow');
  await reaches(host, id, 'running');
  await host.ask({ do: 'full', full: true });
  while (home.live().length > 0) await Bun.sleep(20);
  await die(host);
  expect(await reaches(await home.start(), id, 'done')).toMatchObject({ attempts: 1 });
});

test('a database that cannot be written starts and moves nothing, and all goes on once it can', async () => {
  const home = openHome();
  const first = await home.start();
  const running = await add(first, 'slow');
  await reaches(first, running, 'running');
  await first.ask({ do: 'close', inMs: hourMs });
  const parked = await add(first, 'quick');
  await reaches(first, parked, 'parked');
  await die(first);
  const readOnly = await home.start({ readOnly: true, offsetMs: 3 * hourMs });
  while (home.live().length > 0) await Bun.sleep(20);
  await Bun.sleep(300);
  expect((await jobOf(readOnly, parked)).state.kind).toBe('parked');
  expect((await jobOf(readOnly, running)).state.kind).toBe('running');
  await die(readOnly);
  const last = await home.start({ offsetMs: 3 * hourMs });
  for (const id of [running, parked]) expect(await reaches(last, id, 'done')).toMatchObject({ attempts: 1 });
  expect(home.log(running)).toEqual(['start 1 first', 'finish 1']);
});

test.each([
  ['an hour back', -hourMs],
  ['an hour on', hourMs],
])('a clock that jumps %s lets running jobs finish, and parked ones go on when it says so', async (_, ms) => {
  const home = openHome();
  const host = await home.start();
  const running = await add(host, 'slow');
  await reaches(host, running, 'running');
  await host.ask({ do: 'close', inMs: 30 * minuteMs });
  const parked = await add(host, 'quick');
  const { state } = await reaches(host, parked, 'parked');
  await host.ask({ do: 'jump', ms });
  expect(await reaches(host, running, 'done')).toMatchObject({ attempts: 1 });
  if (ms < 0) {
    await Bun.sleep(300);
    expect((await jobOf(host, parked)).state).toEqual(state);
    await host.ask({ do: 'jump', ms: 2 * hourMs });
  }
  expect(await reaches(host, parked, 'done')).toMatchObject({ attempts: 1, restarts: { resumes: 0 } });
});

test('a reset that has passed closes for a moment, and not for ever', async () => {
  const home = openHome();
  const host = await home.start();
  await host.ask({ do: 'close', inMs: -hourMs });
  const id = await add(host, 'quick');
  const { state } = await reaches(host, id, 'parked');
  expect((state as { dueAt: number }).dueAt - Date.now()).toBeLessThan(minuteMs);
  await host.ask({ do: 'jump', ms: minuteMs });
  expect(await reaches(host, id, 'done')).toMatchObject({ attempts: 1 });
});

test('a reset beyond what a timer holds parks until then, and not a moment less', async () => {
  const home = openHome();
  const first = await home.start();
  await first.ask({ do: 'close', inMs: 30 * dayMs });
  const id = await add(first, 'quick');
  const { state } = await reaches(first, id, 'parked');
  expect((state as { dueAt: number }).dueAt - Date.now()).toBeGreaterThan(29.9 * dayMs);
  await Bun.sleep(300);
  await die(first);
  const second = await home.start({ offsetMs: 29 * dayMs });
  await Bun.sleep(300);
  expect((await jobOf(second, id)).state).toEqual(state);
  await second.ask({ do: 'jump', ms: 2 * dayMs });
  await reaches(second, id, 'done');
});
