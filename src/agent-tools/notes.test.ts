import { describe, expect, test } from 'bun:test';
import { openTools, type Worker } from '../../test/tool-rig.ts';

type Notes = { notes: { name: string; text: string | null; sizeBytes: number; job: string }[] };

describe('notes', () => {
  test('are shared by a tree of jobs, and by nobody else', async () => {
    await using rig = await openTools();
    const [worker, stranger] = [await rig.work(), await rig.work()];
    const { id } = (await worker.call('create_job', { prompt: 'x' })).output as { id: string };
    const child = await rig.workerOf(id);
    await child.call('notes', { action: 'write', name: 'plan/parser', text: 'First the parser. ✓' });
    expect(await notes(worker, { action: 'read', name: 'plan/parser' })).toMatchObject({
      notes: [{ name: 'plan/parser', text: 'First the parser. ✓', sizeBytes: 21, job: id }],
    });
    expect(await notes(stranger, { action: 'list' })).toEqual({ notes: [] });
    expect((await stranger.call('notes', { action: 'read', name: 'plan/parser' })).text).toContain('There is no note');
  });

  test('are written over, listed by the beginning of their names, and removed', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    for (const name of ['plan/b', 'plan/a', 'other']) await notes(worker, { action: 'write', name, text: 'first' });
    await notes(worker, { action: 'write', name: 'plan/a', text: '' });
    expect(
      (await notes(worker, { action: 'list', name: 'plan/' })).notes.map(({ name, sizeBytes }) => [name, sizeBytes]),
    ).toEqual([
      ['plan/a', 0],
      ['plan/b', 5],
    ]);
    await notes(worker, { action: 'remove', name: 'plan/a' });
    expect((await notes(worker, { action: 'list' })).notes.map(({ name }) => name)).toEqual(['other', 'plan/b']);
  });

  test.each([
    [{ action: 'write', name: 'x' }, 'write needs a text'],
    [{ action: 'read' }, 'read needs a name'],
    [{ action: 'list', text: 'x' }, 'text goes with write'],
    [{ action: 'write', name: 'x', text: 'ü'.repeat(32 * 1024 + 1) }, 'a note at most 65536'],
    [{ action: 'dance' }, 'action must be one of: read, write, list, remove'],
  ])('refuse %j', async (input, words) => {
    await using rig = await openTools();
    const answer = await (await rig.work()).call('notes', input);
    expect([answer.isError, answer.text]).toEqual([true, expect.stringContaining(words)]);
  });

  test('are 200 of a tree at most, and any of them can still be written', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    for (let count = 0; count < 200; count += 1) await notes(worker, { action: 'write', name: `n${count}`, text: 'x' });
    const more = await worker.call('notes', { action: 'write', name: 'one more', text: 'x' });
    expect([more.isError, more.text]).toEqual([true, expect.stringContaining('200 notes already')]);
    expect((await worker.call('notes', { action: 'write', name: 'n7', text: 'y' })).isError).toBe(false);
  });

  test('survive a restart, and go with the jobs of the tree, which go together', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const { id } = (await worker.call('create_job', { prompt: 'x' })).output as { id: string };
    await notes(worker, { action: 'write', name: 'plan', text: 'kept' });
    await rig.restart();
    expect(await notes(worker, { action: 'read', name: 'plan' })).toMatchObject({ notes: [{ text: 'kept' }] });
    await rig.workerOf(id);
    await rig.end(worker.job.id);
    await rig.agents.reaches(worker.job.id, 'done');
    rig.agents.now += 1000;
    const forget = () => rig.agents.supervisor.forget(rig.agents.now + 1);
    await forget();
    expect(rig.agents.supervisor.all()).toHaveLength(2);
    expect(await rig.agents.store.findNote(worker.job.id, 'plan')).toMatchObject({ text: 'kept' });
    await rig.end(id as never);
    await rig.agents.reaches(id as never, 'done');
    await forget();
    expect(rig.agents.supervisor.all()).toEqual([]);
    expect(await rig.agents.store.findNote(worker.job.id, 'plan')).toBeNull();
  });
});

async function notes(worker: Worker, input: object): Promise<Notes> {
  const answer = await worker.call('notes', input);
  if (answer.isError) throw new Error(answer.text);
  return answer.output;
}
