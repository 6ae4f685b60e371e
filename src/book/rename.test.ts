import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook, openedBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, buildLimit, buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asProviderId, asSessionId } from '../core/ids.ts';
import { findPhantom, issuePhantom } from './phantoms.ts';
import { renameAccount, renamePool } from './rename.ts';
import { addAccount, saveAccount, savePool } from './roster.ts';

const noSecret = () => Promise.resolve({ done: () => Promise.resolve(), undo: () => Promise.resolve() });
const rename = (book: OpenedBook['book'], label: string, to: string) =>
  renameAccount(book, { id: idOf(label), label: labelFrom(to) }, noSecret);
const plain = { probe: false, failover: false };
const hour = 3_600_000;

function requestOf(book: OpenedBook['book'], session: string, name = 'anthropic') {
  const pool = book.pool(labelFrom(name));
  if (pool === undefined) throw new Error(`there is no pool ${name}`);
  return { pool, session: asSessionId(session), model: null };
}

describe('an account that is renamed', () => {
  test('has its limits, its sessions and its places in pools, in memory and after a restart', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const own = labelFrom('own');
    const seen = ({ book }: OpenedBook): unknown => ({
      accounts: [...book.state.accounts.keys()].toSorted(),
      limits: [...book.account(idOf('z')).limits.values()],
      sessions: [...book.state.sessions.values()].map(({ id, account }) => [id, account]),
      pools: [...book.state.pools.values()].map(({ pool, current, candidates }) => ({
        ...{ accounts: pool.accounts, pinned: pool.pinned, current },
        candidates: candidates.map((each) => each.account.id),
      })),
    });
    const expected = {
      accounts: [idOf('b'), idOf('z')],
      limits: [buildLimit({ account: idOf('z'), until: 99 * hour, observedAt: 5 })],
      sessions: [['talk', idOf('z')]],
      pools: [
        { accounts: [idOf('z'), idOf('b')], pinned: null, current: idOf('z'), candidates: [idOf('z'), idOf('b')] },
        { accounts: [idOf('b'), idOf('z')], pinned: idOf('z'), current: null, candidates: [idOf('b'), idOf('z')] },
      ],
    };
    {
      await using opened = await openBook({ path });
      const { book } = opened;
      for (const label of ['a', 'b']) await addAccount(book, buildAccount(label));
      await savePool(book, buildPool([idOf('b'), idOf('a')], { name: own, pinned: idOf('a') }));
      await book.begin(requestOf(book, 'talk'), idOf('a'), plain);
      book.end(idOf('a'), { probe: false });
      book.setLimit(book.account(idOf('a')), undefined, buildLimit({ until: 99 * hour, observedAt: 5 }));
      expect(await rename(book, 'a', 'z')).toBe(idOf('z'));
      expect(seen(opened)).toEqual(expected);
    }
    await using again = await openBook({ path });
    expect(seen(again)).toEqual(expected);
  });

  test('ends the requests that know it by the name of before, and learns from them', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    await book.begin(requestOf(book, 'one'), idOf('a'), plain);
    await rename(book, 'a', 'z');
    await book.begin(requestOf(book, 'two'), idOf('z'), plain);
    const closed = { kind: 'closed', window: 'five_hour', family: null, overage: false, evidence: 'no' } as const;
    await book.observe({
      ...{ account: idOf('a'), model: null, sentAt: 1, served: false },
      signals: [{ ...closed, until: hour }],
    });
    expect(book.account(idOf('z')).limits.get('five_hour|*|closed')).toMatchObject({ account: idOf('z'), until: hour });
    book.end(idOf('a'), { probe: false });
    expect(book.account(idOf('z')).inFlight).toBe(1);
    book.end(idOf('z'), { probe: false });
    expect(book.account(idOf('z')).inFlight).toBe(0);
  });

  test('is where a pool goes on from that it has left, in memory as in the store', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    const own = labelFrom('own');
    await savePool(book, buildPool([idOf('a'), idOf('b')], { name: own }));
    await book.begin(requestOf(book, 'one', 'own'), idOf('a'), plain);
    book.end(idOf('a'), { probe: false });
    await savePool(book, buildPool([idOf('b')], { name: own }));
    await rename(book, 'a', 'z');
    expect([book.pool(own)?.current, (await book.store.load()).currents.get(own)]).toEqual([idOf('z'), idOf('z')]);
  });

  test('leaves its name to another account once nobody knows it by that', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    await book.begin(requestOf(book, 'one'), idOf('a'), plain);
    await rename(book, 'a', 'y');
    await book.begin(requestOf(book, 'two'), idOf('y'), plain);
    await rename(book, 'y', 'z');
    for (const name of ['a', 'y'])
      await expect(addAccount(book, buildAccount(name))).rejects.toMatchObject({
        code: 'conflict',
        message: `Requests that know anthropic/z as anthropic/${name} are still under way.`,
      });
    await expect(rename(book, 'b', 'a')).rejects.toMatchObject({ code: 'conflict' });
    book.end(idOf('a'), { probe: false });
    await addAccount(book, buildAccount('a'));
    await expect(addAccount(book, buildAccount('y'))).rejects.toMatchObject({ code: 'conflict' });
    book.end(idOf('y'), { probe: false });
    await addAccount(book, buildAccount('y'));
    expect(['a', 'y', 'z'].map((label) => book.account(idOf(label)).inFlight)).toEqual([0, 0, 0]);
  });

  test('takes its own name back', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    await book.begin(requestOf(book, 'one'), idOf('a'), plain);
    await rename(book, 'a', 'z');
    await rename(book, 'z', 'a');
    book.end(idOf('a'), { probe: false });
    expect(book.account(idOf('a')).inFlight).toBe(0);
  });

  test('waits for the login that is being renewed', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    const { promise, resolve } = Promise.withResolvers<'renewed'>();
    book.renewals.set(idOf('a'), promise);
    const steps: string[] = [];
    const renamed = renameAccount(book, { id: idOf('a'), label: labelFrom('z') }, async () => {
      steps.push('secret moved');
      return noSecret();
    });
    await Promise.resolve();
    steps.push('renewed');
    resolve('renewed');
    await renamed;
    expect(steps).toEqual(['renewed', 'secret moved']);
  });

  test('keeps its name, and gives the new one’s secret back, when the store fails', async () => {
    using folder = temporaryFolder();
    let undone = false;
    await using opened = await openBook({
      path: join(folder.path, 'stint.db'),
      wrapStore: (store) => ({ ...store, renameAccount: () => Promise.reject(new Error('SQLITE_FULL')) }),
    });
    const { book } = opened;
    await addAccount(book, buildAccount('a'));
    const secret = () =>
      Promise.resolve({ done: () => Promise.resolve(), undo: () => Promise.resolve(void (undone = true)) });
    await expect(renameAccount(book, { id: idOf('a'), label: labelFrom('z') }, secret)).rejects.toThrow('SQLITE_FULL');
    expect([[...book.state.accounts.keys()], undone, book.renaming.size]).toEqual([[idOf('a')], true, 0]);
  });

  test('has in the store what it learnt while that was asked', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    {
      let meanwhile = (): void => undefined;
      await using opened = await openBook({
        path,
        wrapStore: (store) => ({
          ...store,
          renameAccount: async (id, account) => {
            await store.renameAccount(id, account);
            meanwhile();
          },
        }),
      });
      const { book } = opened;
      await addAccount(book, buildAccount('a'));
      meanwhile = () => {
        book.setLimit(book.account(idOf('a')), undefined, buildLimit({ until: 99 * hour, observedAt: 5 }));
        void book.begin(requestOf(book, 'late'), idOf('a'), plain);
      };
      await rename(book, 'a', 'z');
      book.end(idOf('a'), { probe: false });
    }
    await using again = await openBook({ path });
    expect([...again.book.account(idOf('z')).limits.values()]).toMatchObject([{ until: 99 * hour }]);
    expect(again.book.state.sessions.get(asSessionId('late'))?.account).toBe(idOf('z'));
    expect(again.book.pool(labelFrom('anthropic'))?.current).toBe(idOf('z'));
  });
});

test('an account that is saved while it is renamed keeps both changes, in the store as well', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  {
    await using opened = await openBook({ path });
    const { book } = opened;
    await addAccount(book, buildAccount('a'));
    const renamed = rename(book, 'a', 'z');
    // Its secret is moved first; only then is the store asked.
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
    const saved = saveAccount(book, { ...buildAccount('a'), standing: 'disabled' });
    await Promise.all([renamed, saved]);
    expect(book.account(idOf('z')).account).toMatchObject({ id: idOf('z'), label: 'z', standing: 'disabled' });
    expect([...book.state.accounts.keys()]).toEqual([idOf('z')]);
  }
  await using again = await openBook({ path });
  expect(again.book.account(idOf('z')).account).toMatchObject({ standing: 'disabled' });
});

describe('a pool that is renamed', () => {
  test('has its sessions, episodes, phantoms and current account, in memory and after a restart', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const [own, other] = [labelFrom('own'), labelFrom('other')];
    let token = '';
    const seen = ({ book }: OpenedBook): unknown => ({
      pools: [...book.state.pools.keys()].toSorted(),
      current: book.pool(other)?.current,
      sessions: [...book.state.sessions.values()].map((each) => each.pool),
      episodes: [...book.state.episodes.values()].map((each) => each.pool).toSorted(),
      phantom: findPhantom(book, token)?.pool,
    });
    const expected = {
      pools: ['anthropic', 'other'],
      current: idOf('a'),
      sessions: ['other'],
      episodes: ['anthropic', 'other'],
      phantom: other,
    };
    {
      await using opened = await openBook({ path });
      const { book } = opened;
      await addAccount(book, buildAccount('a'));
      await savePool(book, buildPool([idOf('a')], { name: own }));
      const provider = asProviderId('anthropic');
      ({ token } = await issuePhantom(book, { provider, pool: own, origin: 'wrapper', holdMs: 0 }));
      const request = requestOf(book, 'talk', 'own');
      await book.begin(request, idOf('a'), plain);
      await book.observe({
        ...{ account: idOf('a'), model: null, sentAt: 1, served: false },
        signals: [
          { kind: 'closed', window: 'five_hour', family: null, overage: false, until: hour, evidence: 'no' } as const,
        ],
      });
      await renamePool(book, own, other);
      expect(seen(opened)).toEqual(expected);
      expect([request.pool.pool.name, request.pool.removed]).toEqual([other, false]);
      book.end(idOf('a'), { probe: false });
    }
    await using again = await openBook({ path });
    expect(seen(again)).toEqual(expected);
  });
});
