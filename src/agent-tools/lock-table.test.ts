import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asAttemptId, asJobId, jobOf, type AttemptId } from '../core/ids.ts';
import { openStore } from '../store/open-store.ts';
import { LockTable } from './lock-table.ts';

const [a, b] = [asAttemptId('a.1'), asAttemptId('b.1')];
const [jobA, jobB] = [asJobId('a'), asJobId('b')];
const wish = (attempt: AttemptId, ...paths: string[]) => {
  return { attempt, holder: jobOf(attempt), paths, reason: null, ttlMs: 60_000 };
};
const never = new AbortController().signal;
const now = AbortSignal.abort();

async function open() {
  const folder = temporaryFolder();
  const store = await openStore(join(folder.path, 'stint.db'), { now: 0 });
  const written = Promise.resolve();
  const state = { full: false, gone: new Set<AttemptId>(), at: 1000, saving: (): Promise<void> => written };
  const bugs: unknown[] = [];
  const table = () =>
    LockTable.open({
      store: {
        loadLocks: () => store.loadLocks(),
        saveLocks: async (locks) => {
          if (state.full) throw new Error('disk full');
          await state.saving();
          await store.saveLocks(locks);
        },
      },
      clock: () => state.at,
      isPresent: (attempt) => !state.gone.has(attempt),
      isSettled: (job) => [...state.gone].some((each) => jobOf(each) === job),
      alsoWaitsFor: () => [],
      awaits: () => ({ [Symbol.dispose]: () => undefined }),
      bug: (error) => void bugs.push(error),
    });
  return {
    ...{ store, state, bugs, table, locks: await table() },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}

describe('the table of locks', () => {
  test('gives nothing that is not on the disk', async () => {
    await using place = await open();
    place.state.full = true;
    const error = await place.locks.lock(wish(a, '/x'), never).catch((each: unknown) => each);
    expect(String(error)).toContain('disk full');
    expect(place.locks.all()).toEqual([]);
    place.state.full = false;
    expect(await place.locks.lock(wish(b, '/x'), now)).toMatchObject({ kind: 'locked' });
    expect((await place.store.loadLocks()).map(({ holder }) => holder)).toEqual([jobB]);
  });

  test('is free of a job that ended though that cannot be written, and after a restart as well', async () => {
    await using place = await open();
    await place.locks.lock(wish(a, '/x'), now);
    place.state.full = true;
    place.state.gone.add(a);
    place.locks.settled(jobA);
    await place.locks.written();
    expect(place.locks.all()).toEqual([]);
    expect(place.bugs.map(String)).toEqual(['Error: disk full']);
    expect(await place.store.loadLocks()).toHaveLength(1);
    expect((await place.table()).all()).toEqual([]);
  });

  test('keeps nothing of a job that ends while its lock is being written', async () => {
    await using place = await open();
    const [saving, saved] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    place.state.saving = () => {
      saving.resolve();
      return saved.promise;
    };
    const locking = place.locks.lock(wish(a, '/x'), never);
    await saving.promise;
    place.state.gone.add(a);
    place.locks.settled(jobA);
    saved.resolve();
    await locking;
    await place.locks.written();
    expect(place.locks.all()).toEqual([]);
    expect(await place.store.loadLocks()).toEqual([]);
  });

  test('gives nothing to an attempt that has ended', async () => {
    await using place = await open();
    place.state.gone.add(a);
    const error = await place.locks.lock(wish(a, '/x'), now).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'conflict' });
  });

  test('wakes who waits when the time of a lock is over', async () => {
    await using place = await open();
    await place.locks.lock({ ...wish(a, '/x'), ttlMs: 1 }, now);
    const waiting = place.locks.lock(wish(b, '/x/y'), never);
    place.state.at += 1;
    expect(await waiting).toMatchObject({ kind: 'locked', locks: [{ holder: jobB }] });
  });

  test('finds a circle with whoever waits, and none once they have stopped', async () => {
    await using place = await open();
    await place.locks.lock(wish(a, '/a'), now);
    await place.locks.lock(wish(b, '/b'), now);
    const left = new AbortController();
    const waiting = place.locks.lock(wish(a, '/b'), left.signal);
    expect(place.locks.waitsFor(jobA)).toEqual([]);
    expect(await place.locks.lock(wish(b, '/a'), never)).toMatchObject({ kind: 'circle', circle: [jobB, jobA, jobB] });
    expect(place.locks.waitsFor(jobA)).toEqual([jobB]);
    left.abort();
    expect(await waiting).toMatchObject({ kind: 'blocked' });
    expect(place.locks.waitsFor(jobA)).toEqual([]);
    expect(await place.locks.lock(wish(b, '/a'), now)).toMatchObject({ kind: 'blocked' });
  });
});
