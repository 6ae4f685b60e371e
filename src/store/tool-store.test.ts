import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { buildJob } from '../../test/job-builder.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asJobId } from '../core/ids.ts';
import { openStore } from './open-store.ts';

const at = 1_793_520_000_000;
const [root, other] = [asJobId('root123456'), asJobId('other12345')];
const note = (name: string, text = 'text', tree = root) => ({ root: tree, name, text, job: root, at });

async function open() {
  const folder = temporaryFolder();
  const store = await openStore(join(folder.path, 'stint.db'), { now: at });
  const ended = { state: { kind: 'cancelled', at }, changedAt: at } as const;
  await store.addJobs([root, other].map((id) => ({ ...buildJob(ended), id })));
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}

test('a note is of its tree, is written over, and counts once', async () => {
  await using place = await open();
  const { store } = place;
  expect(await store.writeNote(note('a', 'first'), 1)).toBe(true);
  expect(await store.writeNote(note('a', 'ü'), 1)).toBe(true);
  expect(await store.writeNote(note('b'), 1)).toBe(false);
  expect(await store.writeNote(note('a', 'of the other', other), 1)).toBe(true);
  expect(await store.findNote(root, 'a')).toEqual(note('a', 'ü'));
  expect(await store.listNotes(root)).toEqual([{ root, name: 'a', job: root, at, sizeBytes: 2 }]);
  expect(await store.removeNote(root, 'a')).toBe(true);
  expect(await store.removeNote(root, 'a')).toBe(false);
  expect(await store.findNote(other, 'a')).toMatchObject({ text: 'of the other' });
});

test('two notes at once do not pass the limit together', async () => {
  await using place = await open();
  const written = await Promise.all(['a', 'b', 'c'].map((name) => place.store.writeNote(note(name), 2)));
  expect(written).toEqual([true, true, false]);
});

test('notes go with the first job of their tree', async () => {
  await using place = await open();
  await place.store.writeNote(note('a'), 9);
  await place.store.removeJobs([root], at + 1);
  expect(await place.store.findNote(root, 'a')).toBeNull();
});

test('locks stand in place of those before', async () => {
  await using place = await open();
  const lock = (path: string) => ({
    path,
    holder: root,
    reason: null,
    since: at,
    until: at + 1,
  });
  await place.store.saveLocks([lock('/b'), lock('/a')]);
  expect(await place.store.loadLocks()).toEqual([lock('/a'), lock('/b')]);
  await place.store.saveLocks([lock('/c')]);
  expect(await place.store.loadLocks()).toEqual([lock('/c')]);
});
