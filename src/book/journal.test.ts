import { describe, expect, test } from 'bun:test';
import { Journal } from './journal.ts';

describe('a write that failed and is tried again', () => {
  test('never replaces a newer one of its key that was written in the meantime', async () => {
    const { journal, disk, save } = openJournal();
    disk.full = true;
    for (const key of ['a', 'b']) await journal.write(key, save(key, 'old'));
    disk.full = false;
    disk.onWrite = (key) => {
      if (key === 'a') newer ??= journal.write('b', save('b', 'new'));
    };
    let newer: Promise<void> | undefined;
    await journal.stop();
    await newer;
    expect(newer).toBeDefined();
    expect(disk.rows).toEqual(new Map(Object.entries({ a: 'old', b: 'new' })));
    expect(journal.degraded).toBeNull();
  });

  test('leaves a newer one that failed as well in its place, when it fails again', async () => {
    const { journal, disk, save } = openJournal();
    disk.full = true;
    await journal.write('a', save('a', 'old'));
    const failing = Promise.withResolvers<void>();
    disk.onWrite = () => failing.promise;
    const retried = journal.stop();
    disk.onWrite = undefined;
    await journal.write('a', save('a', 'new'));
    failing.resolve();
    await retried;
    disk.full = false;
    await journal.stop();
    expect(disk.rows).toEqual(new Map([['a', 'new']]));
    expect(journal.degraded).toBeNull();
  });

  test('is not tried again once what it is about is gone', async () => {
    const { journal, disk, save } = openJournal();
    disk.full = true;
    await journal.write('a', save('a', 'old'));
    journal.forget('a');
    disk.full = false;
    await journal.write('b', save('b', 'new'));
    await journal.stop();
    expect(disk.rows).toEqual(new Map([['b', 'new']]));
    expect(journal.degraded).toBeNull();
  });
});

/** A journal over a disk that refuses what comes while it is full; `onWrite` is asked first. */
function openJournal() {
  const disk = {
    full: false,
    rows: new Map<string, string>(),
    onWrite: undefined as ((key: string) => Promise<void> | void) | undefined,
  };
  const save = (key: string, value: string) => async (): Promise<void> => {
    await disk.onWrite?.(key);
    if (disk.full) throw new Error('SQLITE_FULL');
    disk.rows.set(key, value);
  };
  return { journal: new Journal(() => 0), disk, save };
}
