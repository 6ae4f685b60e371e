import { describe, expect, test } from 'bun:test';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { openTools, soon, type Worker } from '../../test/tool-rig.ts';

type Locks = { locked: boolean; locks: { path: string; job: string; mine: boolean; reason: string | null }[] };

describe('file locks', () => {
  test('are for one agent at a time, all or nothing, and say who has them', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const [one, other] = [await rig.work(), await rig.work()];
    const { folder } = rig.agents;
    expect(await lock(one, { files: ['src/parser', '/etc/x'], reason: 'the parser' })).toMatchObject({
      locked: true,
      locks: [{ path: join(folder, 'src/parser'), mine: true }, { path: '/etc/x' }],
    });
    const refused = await lock(other, { files: ['README.md', 'src/parser/a.ts'] });
    expect(refused).toMatchObject({
      locked: false,
      locks: [{ path: join(folder, 'src/parser'), job: one.job.id, mine: false, reason: 'the parser' }],
      says: expect.stringContaining('again'),
    });
    const { locks } = (await other.call('check_file_locks')).output as Locks;
    expect(locks.map(({ path }) => path)).toEqual([join(folder, 'src/parser'), '/etc/x']);
    const near = (await other.call('check_file_locks', { files: ['src'] })).output as Locks;
    expect(near.locks.map(({ path }) => path)).toEqual([join(folder, 'src/parser')]);
  });

  test('are given to who waits as soon as they are released', async () => {
    await using rig = await openTools();
    const [one, other] = [await rig.work(), await rig.work()];
    await lock(one, { files: ['a', 'b/c'] });
    const waiting = lock(other, { files: ['b'] });
    expect((await one.call('release_files', { files: ['b'] })).output as object).toEqual({
      released: [join(rig.agents.folder, 'b/c')],
      kept: [join(rig.agents.folder, 'a')],
    });
    expect(await waiting).toMatchObject({ locked: true });
    expect((await one.call('release_files')).output as object).toMatchObject({ kept: [] });
  });

  test('end with the job that holds them, and when it is blocked', async () => {
    await using rig = await openTools();
    const [one, other, third] = [await rig.work(), await rig.work(), await rig.work()];
    await lock(one, { files: ['a'] });
    const waiting = lock(other, { files: ['a'] });
    await rig.end(one.job.id);
    expect(await waiting).toMatchObject({ locked: true, locks: [{ job: other.job.id }] });
    const { attempt } = other;
    const blocks = { rule: 'content-loop', deed: 'block', why: 'It goes round and round.', facts: {} } as const;
    const next = lock(third, { files: ['a'] });
    await rig.agents.supervisor.tell(other.job.id, { kind: 'watched', attempt, action: blocks });
    await rig.agents.reaches(other.job.id, 'blocked');
    expect(await next).toMatchObject({ locked: true });
  });

  test('stay with a job that is parked or moved elsewhere, and their time goes on', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const [one, other] = [await rig.work(), await rig.work()];
    await lock(one, { files: ['a'], ttlSeconds: 60 });
    await rig.agents.supervisor.park(one.job.id, 'lunch');
    expect(await lock(other, { files: ['a'] })).toMatchObject({ locked: false, locks: [{ job: one.job.id }] });
    await rig.agents.supervisor.resume(one.job.id);
    const again = await rig.workerOf(one.job.id);
    expect(again.attempt).not.toBe(one.attempt);
    const { locks } = (await again.call('check_file_locks')).output as Locks;
    expect(locks).toMatchObject([{ job: one.job.id, mine: true }]);
    await rig.restart();
    expect(await lock(other, { files: ['a'] })).toMatchObject({ locked: false });
    rig.agents.now += 60_000;
    expect(await lock(other, { files: ['a'] })).toMatchObject({ locked: true });
  });

  test('are waited for without a place, which their holder may need to let go of them', async () => {
    await using rig = await openTools();
    rig.agents.places = 1;
    const one = await rig.work();
    await lock(one, { files: ['a'] });
    await rig.agents.supervisor.park(one.job.id, 'lunch');
    const other = await rig.work();
    await rig.agents.supervisor.resume(one.job.id);
    const waiting = lock(other, { files: ['a'] });
    const again = await rig.workerOf(one.job.id);
    await again.call('release_files');
    expect(await waiting).toMatchObject({ locked: true });
  });

  test('end with their time, unless they are locked again', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const [one, other] = [await rig.work(), await rig.work()];
    await lock(one, { files: ['a', 'b'] });
    rig.agents.now += 9 * 60_000;
    await lock(one, { files: ['b'] });
    rig.agents.now += 60_000;
    expect(await lock(other, { files: ['b'] })).toMatchObject({ locked: false });
    expect(await lock(other, { files: ['a'] })).toMatchObject({ locked: true });
  });

  test('survive a restart with their holder, and no longer than it', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const [one, gone, other] = [await rig.work(), await rig.work(), await rig.work()];
    await lock(one, { files: ['a'] });
    await lock(gone, { files: ['b'] });
    await rig.agents.supervisor.cancel(gone.job.id);
    await rig.restart();
    expect(await lock(other, { files: ['a'] })).toMatchObject({ locked: false });
    expect(await lock(other, { files: ['b'] })).toMatchObject({ locked: true });
  });

  test('are the same by whatever link a path leads there', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const [one, other] = [await rig.work(), await rig.work()];
    const { folder } = rig.agents;
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    await lock(one, { files: ['real/new/file'] });
    for (const files of [['link/new/file'], ['./x/../real'], [join(folder, 'link/')]])
      expect(await lock(other, { files })).toMatchObject({ locked: false });
  });

  test('refuse at once who would close a circle, and say who holds what', async () => {
    await using rig = await openTools();
    const [one, other] = [await rig.work(), await rig.work()];
    await lock(one, { files: ['a'] });
    await lock(other, { files: ['b'] });
    const asked = [
      { by: one, rest: one.call('lock_files', { files: ['b'] }) },
      { by: other, rest: other.call('lock_files', { files: ['a'] }) },
    ];
    // Whoever comes second would close it.
    const [refused, by] = await Promise.race(asked.map(async (each) => [await each.rest, each.by] as const));
    const [second, first] = by === one ? [one, other] : [other, one];
    expect(refused.isError).toBe(true);
    expect(refused.text).toContain(`job ${second.job.id} waits for job ${first.job.id}, job ${first.job.id} waits for`);
    expect(refused.text).toContain(`is held by job ${first.job.id}`);
    await second.call('release_files');
    const waited = await asked.find((each) => each.by === first)?.rest;
    expect(waited?.output as unknown).toMatchObject({ locked: true });
  });

  test('refuse at once a job whose parent holds the file and waits for it', async () => {
    await using rig = await openTools();
    const parent = await rig.work();
    const { id } = (await parent.call('create_job', { prompt: 'x' })).output as { id: string };
    const child = await rig.workerOf(id);
    await lock(parent, { files: ['src'] });
    const waiting = parent.call('wait_for_jobs', { jobs: [id] });
    await soon(() => rig.agents.supervisor.awaited(parent.job.id).length > 0);
    expect((await child.call('lock_files', { files: ['src/a'] })).text).toContain('Deadlock');
    await rig.end(id as never);
    expect((await waiting).isError).toBe(false);
  });

  test('refuse a path that is none', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const worker = await rig.work();
    const odd = await worker.call('lock_files', { files: ['a\0b'] });
    expect([odd.isError, odd.text]).toEqual([true, expect.stringContaining('no NUL')]);
  });
});

async function lock(worker: Worker, input: object): Promise<Locks> {
  const answer = await worker.call('lock_files', input);
  if (answer.isError) throw new Error(answer.text);
  return answer.output;
}
