import { describe, expect, jest, test } from 'bun:test';
import { join } from 'node:path';
import { openBook } from '../../test/book-rig.ts';
import { buildAccount, idOf } from '../../test/builders.ts';
import { kindsIn } from '../../test/episode-rig.ts';
import { startRig } from '../../test/gateway-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { BookStore } from './ports.ts';
import { addAccount } from './roster.ts';

/** A disk that is full for what the book writes on its own, while `full` says so. */
function fullDisk() {
  const disk = { full: false, refused: 0 };
  const refuse = async (): Promise<void> => {
    disk.refused += 1;
    throw new Error('SQLITE_FULL: database or disk is full');
  };
  const wrapStore = (store: BookStore): BookStore => ({
    ...store,
    saveLimits: (limits) => (disk.full ? refuse() : store.saveLimits(limits)),
    saveCurrent: (pool, account) => (disk.full ? refuse() : store.saveCurrent(pool, account)),
    saveSession: (session) => (disk.full ? refuse() : store.saveSession(session)),
    saveEpisode: (episode, notices) => (disk.full ? refuse() : store.saveEpisode(episode, notices)),
    addNotices: (notices) => (disk.full ? refuse() : store.addNotices(notices)),
    addAccount: (account, pool) => (disk.full ? refuse() : store.addAccount(account, pool)),
    saveAccount: (account) => (disk.full ? refuse() : store.saveAccount(account)),
  });
  return { disk, wrapStore };
}

describe('a store that fails', () => {
  test('stops no request: the gateway acts from memory, and the book says that it is degraded', async () => {
    const { disk, wrapStore } = fullDisk();
    await using rig = await startRig({ wrapStore });
    disk.full = true;
    rig.simulator.inject({ kind: 'five_hour' });
    expect((await rig.ask({ session: 'one' })).headers.get('stint-account')).toBe('anthropic/b');
    expect((await rig.ask({ session: 'two' })).headers.get('stint-account')).toBe('anthropic/b');
    rig.simulator.changeCredential('b', { revoked: true });
    expect((await rig.ask({ session: 'three' })).status).toBe(429);
    expect(disk.refused).toBeGreaterThan(0);
    expect(rig.book.journal.degraded).toMatchObject({ reason: 'SQLITE_FULL: database or disk is full' });
    expect(rig.bugs).toEqual([]);
    disk.full = false;
  });

  test('gets the newest of what it missed as soon as it works again', async () => {
    const { disk, wrapStore } = fullDisk();
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    jest.useFakeTimers();
    try {
      await using opened = await openBook({ path, wrapStore });
      await addAccount(opened.book, buildAccount('a'));
      disk.full = true;
      opened.now = 1000;
      for (const until of [60_000, 120_000]) await close(opened.book, until);
      expect(opened.book.journal.degraded).toMatchObject({ since: 1000 });
      const { refused } = disk;
      jest.advanceTimersByTime(5000);
      await opened.book.journal.written();
      expect(disk.refused).toBeGreaterThan(refused);
      disk.full = false;
      jest.advanceTimersByTime(5000);
      await opened.book.journal.stop();
      expect(opened.book.journal.degraded).toBeNull();
    } finally {
      jest.useRealTimers();
    }
    await using again = await openBook({ path, now: 2000 });
    expect([...(again.book.state.accounts.get(idOf('a'))?.limits.values() ?? [])]).toMatchObject([{ until: 120_000 }]);
  });

  test('loses no edge of an episode that began and ended meanwhile, and wakes the outbox when it has it', async () => {
    const { disk, wrapStore } = fullDisk();
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    let noticed = 0;
    {
      await using opened = await openBook({ path, wrapStore, noticed: () => (noticed += 1) });
      await addAccount(opened.book, buildAccount('a'));
      disk.full = true;
      await close(opened.book, 60_000);
      opened.now = 61_000;
      await opened.book.observe({ account: idOf('a'), model: null, sentAt: 61_000, signals: [], served: true });
      expect([await kindsIn(opened.book.store), noticed]).toEqual([[], 0]);
      disk.full = false;
    }
    expect(noticed).toBe(1);
    await using again = await openBook({ path, now: 62_000 });
    expect(await kindsIn(again.book.store)).toEqual(['pool-exhausted', 'pool-recovered request']);
    expect(again.book.state.episodes.size).toBe(0);
  });

  test('is tried a last time at the stop', async () => {
    const { disk, wrapStore } = fullDisk();
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    {
      await using opened = await openBook({ path, wrapStore });
      await addAccount(opened.book, buildAccount('a'));
      disk.full = true;
      await close(opened.book, 60_000);
      disk.full = false;
    }
    await using again = await openBook({ path, now: 2000 });
    expect([...(again.book.state.accounts.get(idOf('a'))?.limits.values() ?? [])]).toMatchObject([{ until: 60_000 }]);
  });

  test('refuses an operator, whose change must not be forgotten', async () => {
    const { disk, wrapStore } = fullDisk();
    using folder = temporaryFolder();
    await using opened = await openBook({ path: join(folder.path, 'stint.db'), wrapStore });
    disk.full = true;
    expect(addAccount(opened.book, buildAccount('a'))).rejects.toThrow('SQLITE_FULL');
    expect(opened.book.state.accounts.size).toBe(0);
  });
});

async function close(book: Awaited<ReturnType<typeof openBook>>['book'], until: number): Promise<void> {
  const signal = {
    kind: 'closed' as const,
    window: 'five_hour',
    family: null,
    overage: false,
    until,
    evidence: 'rejected',
  };
  await book.observe({ account: idOf('a'), model: null, sentAt: 0, signals: [signal], served: false });
}
