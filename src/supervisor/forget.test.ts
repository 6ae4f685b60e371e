import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildJob } from '../../test/job-builder.ts';
import { finish, openSupervisor } from '../../test/supervisor-rig.ts';
import { asJobId } from '../core/ids.ts';
import type { Job, JobState } from '../core/job/job.ts';
import { dayMs } from '../core/time.ts';
import { forgettable } from './forget.ts';

type More = { changedAt?: number; dependsOn?: string[]; parent?: string; repeatMs?: number };

const job = (
  id: string,
  state: JobState['kind'],
  { changedAt = 5, dependsOn = [], parent, repeatMs }: More = {},
): Job => ({
  ...buildJob({ id: asJobId(id), state: { kind: state } as unknown as JobState, changedAt }),
  spec: {
    ...buildJob().spec,
    dependsOn: dependsOn.map(asJobId),
    parent: parent === undefined ? null : asJobId(parent),
    repeatMs: repeatMs ?? null,
  },
});
const repeats = { parent: 'a', repeatMs: dayMs };

test.each<[string, readonly Job[], readonly string[]]>([
  ['all that ended', [job('a', 'done'), job('b', 'failed'), job('c', 'cancelled')], ['a', 'b', 'c']],
  ['none that may go on', [job('a', 'queued'), job('b', 'parked'), job('c', 'blocked'), job('d', 'running')], []],
  ['none that ended lately', [job('a', 'done', { changedAt: 10 }), job('b', 'done', { changedAt: 9 })], ['b']],
  ['none that another one waits for', [job('a', 'done'), job('b', 'queued', { dependsOn: ['a'] })], []],
  ['what only ended ones waited for', [job('a', 'done'), job('b', 'done', { dependsOn: ['a'] })], ['a', 'b']],
  [
    'no part of a tree that lives',
    [job('a', 'done'), job('b', 'done', { parent: 'a' }), job('c', 'queued', { parent: 'b' })],
    [],
  ],
  [
    'past runs in a tree that lives on in the next run, and what they have led to',
    [
      ...[
        job('a', 'done'),
        job('b', 'done', { parent: 'a' }),
        job('c', 'done', repeats),
        job('d', 'failed', { parent: 'c' }),
      ],
      job('e', 'queued', repeats),
    ],
    ['c', 'd'],
  ],
  [
    'no past run where a job that it has led to lives, nor what that came from',
    [
      job('a', 'done'),
      job('b', 'done', repeats),
      job('c', 'done', { parent: 'b' }),
      job('d', 'running', { parent: 'c' }),
    ],
    [],
  ],
  [
    'a tree with all of its runs',
    [job('a', 'done'), job('b', 'done', repeats), job('c', 'cancelled', repeats)],
    ['a', 'b', 'c'],
  ],
])('forgets %s', (...[, jobs, ids]) => {
  expect(forgettable(jobs, 10).map((each) => each.id as string)).toEqual([...ids]);
});

test('a job that ended is gone after its time, with the files of its attempts, for good', async () => {
  await using rig = await openSupervisor();
  const { id } = await rig.add(finish());
  const other = await rig.add(finish());
  await Promise.all([rig.reaches(id, 'done'), rig.reaches(other.id, 'done')]);
  await rig.supervisor.retry(other.id, true);
  const files = join(rig.folder, 'attempts', `${id}.1`);
  expect(existsSync(files)).toBe(true);
  rig.now += 1000;
  await rig.reaches(other.id, 'done');
  await rig.supervisor.forget(rig.now - dayMs);
  expect(rig.supervisor.all()).toHaveLength(2);
  rig.now += dayMs;
  await rig.supervisor.forget(rig.now);
  expect([rig.supervisor.all(), existsSync(files)]).toEqual([[], false]);
  expect(existsSync(join(rig.folder, 'attempts', `${other.id}.2`))).toBe(false);
  await rig.restart();
  expect(rig.supervisor.find(id)).toBeUndefined();
});

test('a job that is let go on while it is forgotten stays', async () => {
  await using rig = await openSupervisor();
  rig.places = 1;
  const { id } = await rig.add(finish());
  await rig.reaches(id, 'done');
  rig.now += 2 * dayMs;
  rig.places = 0;
  const retried = rig.supervisor.retry(id, true);
  await rig.supervisor.forget(rig.now - dayMs);
  await retried;
  expect(rig.supervisor.find(id)?.state.kind).toBe('queued');
});
