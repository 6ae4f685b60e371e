import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook, openedBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { closeLimit, openLimits } from './by-hand.ts';
import { addAccount, removeAccount, saveAccount, savePool, savePools } from './roster.ts';

const hour = 3_600_000;
const operator = { window: 'operator', family: null, until: hour };
const openEpisodes = ({ book }: OpenedBook): [string, string | null][] =>
  [...book.state.episodes.values()].map(({ pool, family }) => [pool, family]);

describe('what an operator closes', () => {
  test('is there again after a restart, and so is its clear', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    {
      await using opened = await openBook({ path });
      for (const label of ['a', 'b']) {
        await addAccount(opened.book, buildAccount(label));
        await closeLimit(opened.book, idOf(label), operator);
      }
      await openLimits(opened.book, idOf('b'), () => true);
    }
    await using again = await openBook({ path });
    const limitOf = (label: string) => again.book.account(idOf(label)).limits.get('operator|*|closed');
    expect(limitOf('a')).toMatchObject({ source: 'operator', until: hour, version: 1 });
    expect(limitOf('b')).toMatchObject({ until: 0, version: 2 });
  });

  test('lets a request that waits ask again', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    await closeLimit(book, idOf('a'), operator);
    for (const change of [
      () => closeLimit(book, idOf('a'), { ...operator, until: 1000 }),
      () => openLimits(book, idOf('a'), () => true),
    ]) {
      const waiting = book.waitForTurn(hour, new AbortController().signal);
      await change();
      await waiting;
    }
  });

  test.each([
    ['all of the last one', { family: null }, [['anthropic', null]]],
    ['one family of the last one', { family: 'opus' }, [['anthropic', 'opus']]],
  ] as const)('exhausts the pool where it is %s', async (_, what, expected) => {
    await using opened = await openedBook();
    await saveAccount(opened.book, { ...buildAccount('b'), standing: 'disabled' });
    expect(openEpisodes(opened)).toEqual([]);
    await closeLimit(opened.book, idOf('a'), { ...operator, ...what });
    expect(openEpisodes(opened)).toEqual(expected as never);
  });
});

describe('a pool of which the others are closed', () => {
  const own = labelFrom('own');
  async function open(): Promise<OpenedBook> {
    const opened = await openedBook();
    await closeLimit(opened.book, idOf('a'), operator);
    await savePool(opened.book, buildPool([idOf('a'), idOf('b')], { name: own }));
    expect(openEpisodes(opened)).toEqual([]);
    return opened;
  }

  test.each([
    ['its last open account is disabled', (book) => saveAccount(book, { ...buildAccount('b'), standing: 'disabled' })],
    ['it is removed', (book) => removeAccount(book, idOf('b'))],
    ['it leaves the pool', (book) => savePool(book, buildPool([idOf('a')], { name: own }))],
    [
      'the pool is pinned to another',
      (book) => savePools(book, [buildPool([idOf('a'), idOf('b')], { name: own, pinned: idOf('a') })]),
    ],
  ] as [string, (book: OpenedBook['book']) => Promise<void>][])('is exhausted when %s', async (_, change) => {
    await using opened = await open();
    await change(opened.book);
    expect(openEpisodes(opened).map(([pool]) => pool)).toContain(own);
  });
});

test('a pool whose accounts are all switched off is not exhausted', async () => {
  await using opened = await openedBook();
  for (const label of ['a', 'b']) await saveAccount(opened.book, { ...buildAccount(label), standing: 'disabled' });
  expect(openEpisodes(opened)).toEqual([]);
});
