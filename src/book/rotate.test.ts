import { describe, expect, test } from 'bun:test';
import { openedBook } from '../../test/book-rig.ts';
import { buildAccount, buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { asSessionId } from '../core/ids.ts';
import { addAccount, savePool, saveAccount } from './roster.ts';
import { advance, followerOf, rotate } from './rotate.ts';

async function open(strategy: 'sticky' | 'round-robin' = 'sticky') {
  const opened = await openedBook();
  const { book } = opened;
  await addAccount(book, buildAccount('c'));
  const members = ['a', 'b', 'c'].map(idOf);
  await savePool(book, buildPool(members, { strategy }));
  const pool = book.pool(labelFrom('anthropic'));
  if (pool === undefined) throw new Error('there is no pool');
  const next = (session = ''): string | null => {
    const selection = book.select({ pool, session: asSessionId(session), model: null }, [], 0);
    return selection.kind === 'use' ? selection.account : null;
  };
  return Object.assign(opened, { pool, next });
}

describe('a pool that is advanced', () => {
  test.each(['sticky', 'round-robin'] as const)('goes round, %s, past accounts that are closed', async (strategy) => {
    await using opened = await open(strategy);
    const { book, pool, next } = opened;
    const seen: (string | null)[] = [];
    const take = async (): Promise<void> => {
      const account = next();
      seen.push(account);
      if (account !== null) await advance(book, pool, { account: account as ReturnType<typeof idOf>, model: null });
    };
    for (let turn = 0; turn < 4; turn += 1) await take();
    await saveAccount(book, { ...buildAccount('c'), standing: 'disabled' });
    for (let turn = 0; turn < 3; turn += 1) await take();
    expect(seen.map((each) => each?.at(-1))).toEqual(['a', 'b', 'c', 'a', 'b', 'a', 'b']);
    expect(['a', 'b', 'c'].map((label) => book.account(idOf(label)).inFlight)).toEqual([0, 0, 0]);
  });

  test('has nobody after the only one that is open', async () => {
    await using opened = await open();
    for (const label of ['b', 'c']) await saveAccount(opened.book, { ...buildAccount(label), standing: 'disabled' });
    expect(followerOf(opened.book, opened.pool, { account: idOf('a'), model: null })).toBeNull();
    await advance(opened.book, opened.pool, { account: idOf('a'), model: null });
    expect(opened.next()).toBe(idOf('a'));
  });
});

test('a rotation moves the sessions of its own pool and account, and no others', async () => {
  await using opened = await open();
  const { book, pool, next } = opened;
  await savePool(book, buildPool([idOf('a'), idOf('b')], { name: labelFrom('own') }));
  const own = book.pool(labelFrom('own'));
  if (own === undefined) throw new Error('there is no pool');
  for (const [session, from, account] of [
    ['one', pool, 'a'],
    ['two', pool, 'c'],
    ['three', own, 'a'],
  ] as const) {
    await book.begin({ pool: from, session: asSessionId(session), model: null }, idOf(account), {
      probe: false,
      failover: false,
    });
    book.end(idOf(account), { probe: false });
  }
  opened.now = 50;
  expect(await rotate(book, pool, { from: idOf('a'), to: idOf('b') })).toBe(1);
  const accountOf = (id: string): string | undefined => book.state.sessions.get(asSessionId(id))?.account;
  expect(['one', 'two', 'three'].map(accountOf)).toEqual([idOf('b'), idOf('c'), idOf('a')]);
  expect(book.state.sessions.get(asSessionId('one'))).toMatchObject({ movedAt: 50, seenAt: 0, moves: 1 });
  expect([next(), next('one'), next('two')]).toEqual([idOf('b'), idOf('b'), idOf('c')]);
});
