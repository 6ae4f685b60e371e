// What the crash suite (crash-tests/) found, each in its smallest form.
import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addAccount, clearAccount } from '../book/roster.ts';
import { hourMs, minuteMs } from '../core/time.ts';
import { transition } from '../core/job/transition.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import { Problem } from '../core/problem.ts';
import { processesOf } from '../processes/process-table.ts';
import { buildAccount, idOf } from '../../test/builders.ts';
import { finish, openSupervisor, type SupervisorRig } from '../../test/supervisor-rig.ts';
import type { Job } from '../core/job/job.ts';
import { JobBook } from './job-book.ts';
import type { JobStore } from './ports.ts';

const untilGo = 'while [ ! -e $NOTES/go ]; do sleep 0.02; done; ';

describe('a restart', () => {
  test('hears what an agent said to the end before it ends it, so that a finished job is not run again', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`${untilGo}${finish('just in time')}`);
    await rig.reaches(id, 'running');
    await drained(rig);
    await rig.restart(async () => {
      await Bun.write(join(rig.folder, 'go'), '');
      await waitForFile(join(rig.folder, 'attempts', `${id}.1`, 'exit'));
      await write(rig, id, { kind: 'switch', attempt: `${id}.1` as never, why: 'a limit' });
    });
    expect((await rig.reaches(id, 'done', 'starting')).state).toMatchObject({ result: 'just in time' });
    expect(rig.supervisor.find(id)?.attempts).toBe(1);
  });

  test('is not held up by a process that cannot be ended, which the next one ends', async () => {
    let isStuck = true;
    await using rig = await openSupervisor(['a'], {
      wrapProcesses: (processes) => ({
        ...processes,
        end: (attempt, signal) => (isStuck ? abortOf(signal) : processes.end(attempt, signal)),
      }),
    });
    const { id } = await rig.add('exec sleep 600');
    await rig.reaches(id, 'running');
    await write(rig, id, { kind: 'cancel' });
    await rig.restart(() => Promise.resolve(void (isStuck = false)));
    await rig.reaches(id, 'cancelled');
  });

  test('frees jobs for whom an account came when nobody looked', async () => {
    await using rig = await openSupervisor([]);
    const { id } = await rig.add(finish());
    expect((await rig.reaches(id, 'parked')).state).toMatchObject({ reason: 'login', dueAt: null });
    await rig.restart(() => addAccount(rig.book, buildAccount('a')));
    await rig.reaches(id, 'done');
  });

  test('ends an agent that the config does not know any more, and says so', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add('sleep 60');
    const running = await rig.reaches(id, 'running');
    await rig.restart(() => {
      const attempt = { ...rig.supervisor.attempt(id), agent: 'gone' } as never;
      return rig.store.saveTransition(running, {
        job: { ...running, fence: running.fence + 1 },
        attempt,
        effects: [],
      });
    });
    await rig.reaches(id, 'blocked');
    expect(rig.supervisor.attempt(id)?.outcome).toMatchObject({
      failure: 'launch',
      detail: expect.stringContaining('gone'),
    });
    expect(await processesOf(`${id}.1`, null)).toEqual([]);
  });
});

describe('a job', () => {
  test('that has ended has no process left, not even one that left the group', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`setsid sleep 60 & sleep 61 & ${finish()}`);
    await rig.reaches(id, 'done');
    expect(await processesOf(`${id}.1`, null)).toEqual([]);
  });

  test('goes on after a line that cannot be understood', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`echo '{broken'; ${finish()}`);
    await rig.reaches(id, 'done');
    expect(rig.bugs).toHaveLength(1);
  });

  test('that repeats has one successor, be it retried', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(finish(), { repeatMs: hourMs });
    await rig.supervisor.until(id, () => rig.supervisor.all().length > 1);
    await rig.supervisor.retry(id, true);
    await rig.supervisor.until(id, ({ state, attempts }) => state.kind === 'done' && attempts === 2);
    await drained(rig);
    expect(rig.supervisor.all()).toHaveLength(2);
  });
});

test('a job for whose prompt the disk has no room waits for room, and spends no restart', async () => {
  let full = true;
  const noRoom = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  await using rig = await openSupervisor(['a'], {
    wrapProcesses: (processes) => ({
      ...processes,
      spawn: (launch) => (full ? Promise.reject(noRoom) : processes.spawn(launch)),
    }),
  });
  const { id } = await rig.add(finish());
  const parked = await rig.reaches(id, 'parked', 'failed');
  expect(parked).toMatchObject({ state: { reason: 'disk' }, restarts: { crashes: 0 } });
  full = false;
  rig.advance(5 * minuteMs);
  await rig.reaches(id, 'done');
});

test('a supervisor that slept while another took over writes nothing and starts nothing', async () => {
  await using rig = await openSupervisor([]);
  const { id } = await rig.add(finish());
  await rig.reaches(id, 'parked');
  const started: unknown[] = [];
  const deps = { store: rig.store, clock: () => rig.now, changed: () => undefined };
  const stale = (await JobBook.open({ ...deps, entail: (effects) => void started.push(...effects) })).book;
  await rig.supervisor.cancel(id);
  const before = await rig.store.loadJobs();
  expect(await stale.apply(id, { kind: 'unpark', because: 'due', says: '' })).toMatchObject({ code: 'conflict' });
  expect([started, stale.find(id)?.state.kind]).toEqual([[], 'parked']);
  expect((await rig.store.loadJobs()).jobs).toEqual(before.jobs);
});

describe('parked jobs', () => {
  test('are all freed when an account is cleared, one after the other', async () => {
    await using rig = await openSupervisor();
    for (const label of ['a', 'b']) await rig.close(label, rig.now + 100 * hourMs);
    const jobs = [await rig.add(finish()), await rig.add(finish()), await rig.add(finish())];
    for (const { id } of jobs) await rig.reaches(id, 'parked');
    await clearAccount(rig.book, idOf('a'));
    await Promise.race(jobs.map(({ id }) => rig.reaches(id, 'done')));
    for (let step = 0; step < 4; step += 1) rig.advance(minuteMs);
    for (const { id } of jobs) await rig.reaches(id, 'done');
  });

  test('are freed though the disk was full when an account was cleared', async () => {
    let full = false;
    await using rig = await openSupervisor(['a', 'b'], { wrapStore: (store) => refusing(store, () => full) });
    for (const label of ['a', 'b']) await rig.close(label, rig.now + 100 * hourMs);
    const { id } = await rig.add(finish());
    await rig.reaches(id, 'parked');
    full = true;
    await clearAccount(rig.book, idOf('a'));
    while (rig.bugs.length === 0) await Bun.sleep(10);
    full = false;
    rig.advance(2000);
    await rig.reaches(id, 'done');
  });
});

function refusing(store: JobStore, isFull: () => boolean): JobStore {
  return {
    ...store,
    saveTransition: (before, after) =>
      isFull() ? Promise.reject(new Error('database or disk is full')) : store.saveTransition(before, after),
  };
}

/** Writes a transition whose process died before it did what that entails. */
async function write(rig: SupervisorRig, id: Job['id'], event: JobEvent): Promise<void> {
  const job = rig.supervisor.find(id) as Job;
  const next = transition(job, event, { attempt: rig.supervisor.attempt(id) ?? null, now: rig.now });
  if (next instanceof Problem) throw next;
  expect(await rig.store.saveTransition(job, next)).not.toBeNull();
}

async function drained(rig: SupervisorRig): Promise<void> {
  while ((await rig.store.loadJobs()).effects.length > 0) await Bun.sleep(5);
}

async function waitForFile(path: string): Promise<void> {
  while (!existsSync(path)) await Bun.sleep(10);
}

/** Rejects once the signal aborts. */
function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
}
