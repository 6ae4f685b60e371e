import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook, openedBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asSessionId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import { hourMs } from '../core/time.ts';
import { addAccount, removeAccount, saveAccount, savePool } from './roster.ts';
import { moveSession } from './session.ts';

const pool = labelFrom('anthropic');
const sonnet = 'claude-sonnet-4-5';
const members = [idOf('a'), idOf('b')];

describe('the move of a session', () => {
  test('is told once, with where it was, and a new or a staying session is none', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'a', 'b', 'b']) await serve(opened, label, 'one');
    await serve(opened, 'a', 'two');
    expect(opened.events).toEqual([
      { kind: 'moved', pool, session: asSessionId('one'), from: idOf('a'), to: idOf('b') },
    ]);
  });
});

describe('a sticky pool', () => {
  test.each<[string, (opened: OpenedBook) => Promise<unknown> | void]>([
    ['has a limit on one model', (opened) => see(opened, 'a', closed({ window: 'seven_day_opus', family: 'opus' }))],
    ['had no capacity for one request', ({ book }) => book.observeFault(idOf('a'), 'overload')],
    ['had a network error', ({ book }) => book.observeFault(idOf('a'), 'network')],
    [
      'bills overage, which the pool allows',
      async (opened) => {
        await savePool(opened.book, buildPool(members, { overage: 'allow' }));
        await see(opened, 'a', closed({ overage: true }));
      },
    ],
  ])('keeps its account that %s, while a request goes elsewhere', async (_, change) => {
    await using opened = await openedBook();
    await serve(opened, 'a', 'one');
    await change(opened);
    await serve(opened, 'b', 'two');
    expect(poolOf(opened).current).toBe(idOf('a'));
    expect(opened.book.select(request(opened, 'three'), [], 0)).toMatchObject({ account: idOf('a') });
    expect(opened.book.select(request(opened, 'two'), [], 0)).toMatchObject({ account: idOf('b') });
  });

  test.each<[string, (opened: OpenedBook) => Promise<unknown> | void]>([
    ['is closed for all models', (opened) => see(opened, 'a', closed())],
    ['is disabled', ({ book }) => saveAccount(book, buildAccount('a', { standing: 'disabled' }))],
    ['needs a login', (opened) => see(opened, 'a', { kind: 'refused', evidence: 'HTTP 401' })],
    ['is removed', ({ book }) => removeAccount(book, idOf('a'))],
    ['is taken out of the pool', ({ book }) => savePool(book, buildPool([idOf('b')]))],
    ['is not the pinned one', ({ book }) => savePool(book, buildPool(members, { pinned: idOf('b') }))],
    ['bills overage, which the pool forbids', (opened) => see(opened, 'a', closed({ overage: true }))],
    [
      'bills overage, which the pool keeps for last',
      async (opened) => {
        await savePool(opened.book, buildPool(members, { overage: 'last' }));
        await see(opened, 'a', closed({ overage: true }));
      },
    ],
  ])('moves from an account that %s, and stays where it went', async (_, change) => {
    await using opened = await openedBook();
    await serve(opened, 'a', 'one');
    await change(opened);
    await serve(opened, 'b', 'two');
    expect(poolOf(opened).current).toBe(idOf('b'));
    opened.now += 2 * hourMs;
    expect(opened.book.select(request(opened, 'three'), [], 0)).toMatchObject({ account: idOf('b') });
  });

  test('does not go to and fro between accounts that are all its last resort', async () => {
    await using opened = await openedBook();
    await savePool(opened.book, buildPool(members, { overage: 'last' }));
    await serve(opened, 'a', 'one');
    for (const label of ['a', 'b']) await see(opened, label, closed({ overage: true }));
    for (const label of ['b', 'a', 'b']) await serve(opened, label, `of ${label}`);
    expect(poolOf(opened).current).toBe(idOf('a'));
  });

  test('goes on after a restart where it was', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    {
      await using opened = await openBook({ path });
      for (const label of ['a', 'b']) await addAccount(opened.book, buildAccount(label));
      await serve(opened, 'a', 'one');
      await see(opened, 'a', closed());
      await serve(opened, 'b', 'one');
    }
    await using again = await openBook({ path, now: 2 * hourMs });
    expect(again.book.select(request(again, 'new'), [], 0)).toMatchObject({ account: idOf('b') });
  });
});

describe('sessions', () => {
  test('are kept up to 10,000, those seen last, also after a restart', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const ids = Array.from({ length: 10_001 }, (_, index) => `session-${index}`);
    {
      await using opened = await openBook({ path });
      await addAccount(opened.book, buildAccount('a'));
      for (const id of ids.slice(0, 10_000)) moveSession(opened.book, request(opened, id), idOf('a'));
      await opened.book.journal.written();
      opened.now = hourMs;
      await serve(opened, 'a', 'session-0');
      expect(opened.book.state.sessions.size).toBe(10_000);
      await serve(opened, 'a', 'session-10000');
      expect(opened.book.state.sessions.size).toBe(9001);
      expect(opened.book.state.sessions.has(asSessionId('session-0'))).toBe(true);
      expect(opened.book.state.sessions.has(asSessionId('session-1000'))).toBe(false);
    }
    await using again = await openBook({ path, now: hourMs });
    expect([...again.book.state.sessions.keys()].slice(-2).map(String).toSorted()).toEqual([
      'session-0',
      'session-10000',
    ]);
    expect(again.book.state.sessions.size).toBe(9001);
  });
});

function closed(more: Partial<Extract<Signal, { kind: 'closed' }>> = {}): Signal {
  const plain = { kind: 'closed', window: 'five_hour', family: null, overage: false } as const;
  return { ...plain, until: hourMs, evidence: 'rejected', ...more };
}

async function see({ book, now }: OpenedBook, label: string, signal: Signal): Promise<void> {
  await book.observe({ account: idOf(label), model: null, sentAt: now, signals: [signal], served: false });
}

/** A request of a session that this account serves, whoever would have been selected. */
async function serve(opened: OpenedBook, label: string, session: string): Promise<void> {
  await opened.book.begin(request(opened, session), idOf(label), { probe: false, failover: false });
  opened.book.end(idOf(label), { probe: false });
}

function request(opened: OpenedBook, session: string) {
  return { pool: poolOf(opened), session: asSessionId(session), model: sonnet };
}

function poolOf({ book }: OpenedBook) {
  const state = book.pool(pool);
  if (state === undefined) throw new Error('no pool');
  return state;
}
