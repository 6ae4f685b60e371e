import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { labelFrom } from '../../test/builders.ts';
import { buildJob } from '../../test/job-builder.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asJobId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import { transition, type Transition } from '../core/job/transition.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import { Problem } from '../core/problem.ts';
import { openStore, type Store } from './open-store.ts';

const on = { agent: 'claude', model: 'opus', pool: labelFrom('anthropic'), account: null };
const dispatched: JobEvent = { kind: 'dispatched', on };

test('jobs, attempts and effects are there again after a restart, in their order', async () => {
  await using place = await openPlace();
  const [one, two] = [buildJob(), buildJob({ id: asJobId('job2'), addedAt: 5 })];
  await place.store.addJobs([one, two]);
  const started = meet(one, dispatched);
  const open = await place.store.saveTransition(one, started);
  expect(open).toEqual([{ id: 'job1:1:0', job: one.id, effect: { kind: 'spawn', attempt: 'job1.1' } }] as never);
  const loaded = await place.again();
  expect(loaded).toEqual({ jobs: [two, started.job], attempts: [started.attempt], effects: open } as never);
});

test('an effect that was done is not done again after a restart', async () => {
  await using place = await openPlace();
  const job = buildJob();
  await place.store.addJobs([job]);
  const cancelled = meet(job, { kind: 'cancel' });
  const [effect] = (await place.store.saveTransition(job, cancelled)) ?? [];
  await place.store.effectDone(effect?.id ?? '');
  expect(await place.again()).toMatchObject({ jobs: [{ state: { kind: 'cancelled' } }], effects: [] });
});

test('a writer that has seen an older state writes nothing', async () => {
  await using place = await openPlace();
  const job = buildJob();
  await place.store.addJobs([job]);
  const [started, cancelled] = [meet(job, dispatched), meet(job, { kind: 'cancel' })];
  const outcomes = await Promise.all([
    place.store.saveTransition(job, started),
    place.store.saveTransition(job, cancelled),
  ]);
  expect(outcomes.map((each) => each?.length ?? null)).toEqual([1, null]);
  expect((await place.again()).jobs).toEqual([started.job]);
});

test('several jobs are added together or not at all', async () => {
  await using place = await openPlace();
  await place.store.addJobs([buildJob()]);
  await expect(place.store.addJobs([buildJob({ id: asJobId('job2') }), buildJob()])).rejects.toThrow();
  expect((await place.again()).jobs.map((each) => each.id)).toEqual([asJobId('job1')]);
});

test('ended jobs are forgotten after their time, with their attempts, and no others', async () => {
  await using place = await openPlace();
  const jobs = ['done', 'running', 'blocked'].map((kind) =>
    buildJob({ id: asJobId(kind), changedAt: 10, state: { kind, at: 10, result: '' } as unknown as Job['state'] }),
  );
  await place.store.addJobs([
    ...jobs,
    buildJob({ id: asJobId('later'), changedAt: 30, state: { kind: 'cancelled', at: 30 } }),
  ]);
  const all = [...jobs.map((each) => each.id), asJobId('later'), asJobId('nobody')];
  expect(await place.store.removeJobs(all, 20)).toEqual([asJobId('done')]);
  expect((await place.again()).jobs.map((each) => each.id).toSorted()).toEqual(
    ['blocked', 'later', 'running'].map(asJobId),
  );
});

function meet(job: Job, event: JobEvent): Transition {
  const next = transition(job, event, { attempt: null, now: 7 });
  if (next instanceof Problem) throw next;
  return next;
}

async function openPlace() {
  const folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  let store: Store = await openStore(path, { now: 0 });
  return {
    get store() {
      return store;
    },
    /** What a daemon that starts now would find. */
    async again() {
      await store.close();
      store = await openStore(path, { now: 0 });
      return store.loadJobs();
    },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}
