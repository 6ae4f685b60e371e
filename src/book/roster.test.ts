import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook, openedBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { issuePhantomOf, readAll, secretOf, startRig } from '../../test/gateway-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asSessionId } from '../core/ids.ts';
import { findPhantom, issuePhantom } from './phantoms.ts';
import { addAccount, clearAccount, removeAccount, removePool, saveAccount, savePool } from './roster.ts';

const pool = labelFrom('anthropic');

describe('a request that is held', () => {
  test('goes to an account that is added meanwhile', async () => {
    await using rig = await startRig({ holdMs: 240_000, accounts: ['a', 'c'] });
    await removeAccount(rig.book, idOf('c'));
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 200, credential: 'a' });
    const held = await rig.ask({ stream: true });
    const served = rig.nextRecord();
    const text = readAll(held);
    await addAccount(rig.book, buildAccount('c', { credential: 'setup-token', baseUrl: rig.simulator.url }));
    expect((await text).broken).toBe(false);
    expect(await served).toMatchObject({ outcome: 'served', account: 'anthropic/c' });
    expect(rig.sends()).toEqual(['a', 'c']);
  });

  test('goes on with what is left of a pool that was changed and lost an account', async () => {
    await using rig = await startRig({ holdMs: 240_000 });
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 200, times: 2 });
    const held = await rig.ask({ stream: true });
    const served = rig.nextRecord();
    const text = readAll(held);
    await savePool(rig.book, buildPool([idOf('a'), idOf('b')], { strategy: 'priority' }));
    await removeAccount(rig.book, idOf('b'));
    rig.advance(201_000);
    expect((await text).broken).toBe(false);
    expect(await served).toMatchObject({ outcome: 'served', account: 'anthropic/a' });
    expect(rig.bugs).toEqual([]);
  });

  test('is told when its pool is removed', async () => {
    await using rig = await startRig({ holdMs: 240_000 });
    const own = labelFrom('own');
    await savePool(rig.book, buildPool([idOf('a')], { name: own }));
    const { token } = await issuePhantom(rig.book, { ...wish, pool: own });
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 200 });
    const text = readAll(await rig.ask({ stream: true, token }));
    await removePool(rig.book, own);
    expect((await text).text).toContain('pool own no longer exists');
    expect(rig.bugs).toEqual([]);
  });
});

describe('a credential that was refused', () => {
  test.each([
    ['replaced', async (opened: OpenedBook) => saveAccount(opened.book, buildAccount('a', { credential: 'other' }))],
    ['enabled', async (opened: OpenedBook) => saveAccount(opened.book, buildAccount('a'))],
    ['cleared', async (opened: OpenedBook) => void (await clearAccount(opened.book, idOf('a')))],
  ])('and %s is not refused again by the answer to an earlier request', async (_, change) => {
    await using opened = await openedBook();
    opened.now = 1000;
    await refuse(opened, 900);
    opened.now = 2000;
    await change(opened);
    for (const sentAt of [950, 2000]) await refuse(opened, sentAt);
    expect(standingOf(opened)).toBe('enabled');
    await refuse(opened, 2001);
    expect(standingOf(opened)).toBe('needs-login');
  });

  test('while its account is being changed says nothing, and the store has the change', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    {
      await using opened = await openBook({ path });
      await addAccount(opened.book, buildAccount('a'));
      opened.now = 1000;
      const changed = saveAccount(opened.book, buildAccount('a', { baseUrl: 'https://new.example' }));
      await refuse(opened, 999);
      await changed;
      expect(standingOf(opened)).toBe('enabled');
    }
    await using again = await openBook({ path });
    expect(again.book.account(idOf('a')).account).toMatchObject({
      standing: 'enabled',
      baseUrl: 'https://new.example',
    });
  });
});

describe('an account that cannot be added as a whole', () => {
  test('is not added, and can be added later', async () => {
    using folder = temporaryFolder();
    const disk = { full: true };
    await using opened = await openBook({
      path: join(folder.path, 'stint.db'),
      // The row of the account can be written, its place in the pool cannot.
      wrapStore: (store) => ({
        ...store,
        savePools: (each) => (disk.full ? Promise.reject(new Error('SQLITE_FULL')) : store.savePools(each)),
        addAccount: (account, each) => store.addAccount(account, disk.full ? { ...each, accounts: [idOf('x')] } : each),
      }),
    });
    await expect(addAccount(opened.book, buildAccount('a'))).rejects.toThrow();
    expect(opened.book.state.accounts.size).toBe(0);
    expect((await opened.book.store.load()).accounts).toEqual([]);
    disk.full = false;
    await addAccount(opened.book, buildAccount('a'));
    expect(opened.book.pool(pool)?.pool.accounts).toEqual([idOf('a')]);
  });
});

describe('an account that is removed', () => {
  test('just when a request had selected it counts nothing and moves nobody', async () => {
    await using opened = await openedBook();
    const request = { pool: poolOf(opened), session: asSessionId('one'), model: null };
    await removeAccount(opened.book, idOf('a'));
    await opened.book.begin(request, idOf('a'), { probe: false, failover: false });
    opened.book.end(idOf('a'), { probe: false });
    expect(opened.book.state.sessions.size).toBe(0);
    expect(poolOf(opened).current).toBeNull();
  });

  test('and added again counts no request of the first one as its own', async () => {
    await using opened = await openedBook();
    const request = { pool: poolOf(opened), session: asSessionId('one'), model: null };
    await opened.book.begin(request, idOf('a'), { probe: false, failover: false });
    await removeAccount(opened.book, idOf('a'));
    await addAccount(opened.book, buildAccount('a'));
    opened.book.end(idOf('a'), { probe: false });
    expect(opened.book.account(idOf('a')).inFlight).toBe(0);
  });
});

describe('a pool that is removed', () => {
  test('takes its sessions, episodes and phantoms along, and a new one of its name has none of them', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const own = labelFrom('own');
    let token = '';
    {
      await using opened = await openBook({ path });
      const { book } = opened;
      await addAccount(book, buildAccount('a'));
      await savePool(book, buildPool([idOf('a')], { name: own }));
      ({ token } = await issuePhantom(book, { ...wish, pool: own }));
      const kept = await issuePhantomOf(book, 0);
      const state = book.pool(own);
      if (state === undefined) throw new Error('no pool');
      const request = { pool: state, session: asSessionId('one'), model: null };
      await book.begin(request, idOf('a'), { probe: false, failover: false });
      book.end(idOf('a'), { probe: false });
      await refuse(opened, 0);
      expect(book.state.episodes.size).toBe(2);

      await removePool(book, own);
      expect(book.state.sessions.size).toBe(0);
      expect([...book.state.episodes.values()]).toMatchObject([{ pool }]);
      expect(findPhantom(book, token)).toBeUndefined();
      expect(findPhantom(book, kept.token)).toBeDefined();
      expect(book.select(request, [], 0).kind).toBe('none');
      const before = (await book.store.load()).episodes.map(({ id }) => id);
      await savePool(book, buildPool([idOf('a')], { name: own }));
      expect(findPhantom(book, token)).toBeUndefined();
      // Nobody serves the new one either, which is another matter.
      const begun = [...book.state.episodes.values()].find((each) => each.pool === own);
      expect(before).not.toContain(begun?.id);
    }
    await using again = await openBook({ path });
    expect(findPhantom(again.book, token)).toBeUndefined();
    expect(again.book.state.sessions.size).toBe(0);
    expect([...again.book.state.episodes.values()].map((each) => each.pool).toSorted()).toEqual([pool, own]);
  });
});

const wish = { provider: buildAccount('a').provider, pool, origin: 'wrapper' as const, holdMs: 240_000 };

async function refuse({ book }: OpenedBook, sentAt: number): Promise<void> {
  const signals = [{ kind: 'refused' as const, evidence: `HTTP 401 of ${secretOf('a')}`.slice(0, 8) }];
  await book.observe({ account: idOf('a'), model: null, sentAt, signals, served: false });
}

function standingOf({ book }: OpenedBook): string {
  return book.account(idOf('a')).account.standing;
}

function poolOf({ book }: OpenedBook) {
  const state = book.pool(pool);
  if (state === undefined) throw new Error('no pool');
  return state;
}
