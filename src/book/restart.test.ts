import { describe, expect, test } from 'bun:test';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { openBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, idOf, labelFrom } from '../../test/builders.ts';
import { kindsIn } from '../../test/episode-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asProviderId, asSessionId } from '../core/ids.ts';
import { slotOf } from '../core/limit/limit.ts';
import { dayMs, hourMs } from '../core/time.ts';
import { findPhantom, issuePhantom, revokePhantom } from './phantoms.ts';
import { addAccount, clearAccount, removeAccount } from './roster.ts';
import type { PoolState } from './state.ts';

const pool = labelFrom('anthropic');
const model = 'claude-sonnet-4-5';
const nothingYet = { model: null, verifiedBy: null, reset: null };

describe('a new book on the same database', () => {
  test.each([
    ['after a stop', false],
    ['after kill -9, with what was acknowledged by then', true],
  ])('knows everything again %s', async (...[, killed]) => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const copy = join(folder.path, 'copy.db');
    let token = '';
    let before: unknown;
    {
      await using opened = await openBook({ path, now: 1000 });
      token = await live(opened);
      before = memoryOf(opened);
      if (killed) snapshot(path, copy);
    }
    await using again = await openBook({ path: killed ? copy : path, now: 2000 });
    expect(memoryOf(again)).toEqual(before);
    expect(again.book.state.sessions.get(asSessionId('one'))).toMatchObject({ account: idOf('b'), moves: 1 });
    expect(poolOf(again).current).toBe(idOf('a'));
    expect([...again.book.state.episodes.values()]).toMatchObject([{ pool, family: 'opus', recoveredAt: null }]);
    expect(findPhantom(again.book, token)).toMatchObject({ pool, holdMs: 240_000 });
    const request = { pool: poolOf(again), session: asSessionId('one'), model: 'claude-opus-4-8' };
    expect(again.book.select(request, [], 0)).toMatchObject({ kind: 'wait', queued: false });
  });

  test('does not tell an episode a second time, and ends it', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    {
      await using opened = await openBook({ path, now: 1000 });
      await live(opened);
      expect(opened.events.filter(({ kind }) => kind === 'exhausted')).toHaveLength(1);
    }
    {
      await using again = await openBook({ path, now: 2000 });
      await close(again, 'a', 'opus');
      expect(again.events.filter(({ kind }) => kind === 'exhausted')).toEqual([]);
      again.now = 2 * hourMs;
      await again.book.observe({
        account: idOf('a'),
        model: 'claude-opus-4-8',
        sentAt: again.now,
        signals: [],
        served: true,
      });
      expect(again.events.filter(({ kind }) => kind === 'recovered')).toHaveLength(1);
    }
    await using last = await openBook({ path, now: 3 * hourMs });
    expect(last.book.state.episodes.size).toBe(0);
  });

  test('tells of an episode that a Stint without notices has begun, once', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const begun = { ...{ id: 'e1', pool, family: null, exhaustedAt: 1000, recoveredAt: null }, ...nothingYet };
    {
      await using opened = await openBook({ path, now: 1000 });
      await addAccount(opened.book, buildAccount('a'));
      await opened.book.store.saveEpisode(begun);
    }
    for (const _ of ['once', 'and again']) {
      await using again = await openBook({ path, now: 2000 });
      expect(await kindsIn(again.book.store)).toEqual(['pool-exhausted']);
    }
  });

  test('keeps a clear and the version of the limit it cleared', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    {
      await using opened = await openBook({ path, now: 1000 });
      await live(opened);
      await clearAccount(opened.book, idOf('a'));
    }
    await using again = await openBook({ path, now: 2000 });
    expect([...(again.book.state.accounts.get(idOf('a'))?.limits.values() ?? [])]).toMatchObject([
      { until: 0, version: 2 },
    ]);
  });

  test('knows nothing of a removed account, and goes on with the one after it', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    let before: unknown;
    {
      await using opened = await openBook({ path, now: 1000 });
      await live(opened);
      await addAccount(opened.book, buildAccount('c'));
      for (const label of ['a', 'b']) await removeAccount(opened.book, idOf(label));
      before = memoryOf(opened);
      expect(poolOf(opened)).toMatchObject({
        current: idOf('c'),
        pool: { accounts: [idOf('c')] },
      });
      expect(opened.book.state.sessions.size).toBe(0);
    }
    await using again = await openBook({ path, now: 2000 });
    expect(memoryOf(again)).toEqual(before);
  });

  test('forgets sessions that nobody used for 30 days', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    {
      await using opened = await openBook({ path, now: 1000 });
      await live(opened);
    }
    {
      await using again = await openBook({ path, now: 30 * dayMs });
      expect(again.book.state.sessions.size).toBe(1);
    }
    await using last = await openBook({ path, now: 31 * dayMs });
    expect(last.book.state.sessions.size).toBe(0);
  });
});

describe('a phantom', () => {
  test('is 128 random bits of which only the hash is kept', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const tokens: string[] = [];
    {
      await using opened = await openBook({ path });
      for (let turn = 0; turn < 100; turn += 1) tokens.push(await issue(opened));
      expect(new Set(tokens).size).toBe(100);
      for (const token of tokens) expect(token).toMatch(/^stint-[\w-]{22}$/);
      expect(JSON.stringify([...opened.book.state.phantoms])).not.toContain(tokens[0] as string);
    }
    const bytes = Buffer.from(await Bun.file(path).bytes()).toString('latin1');
    for (const token of tokens) expect(bytes).not.toContain(token.slice(6));
  });

  test('is gone for good when it is revoked or has expired', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const tokens: string[] = [];
    {
      await using opened = await openBook({ path });
      tokens.push(await issue(opened), await issue(opened));
      const [first = '', second = ''] = tokens;
      const phantom = findPhantom(opened.book, first);
      if (phantom !== undefined) await revokePhantom(opened.book, phantom.id);
      expect(findPhantom(opened.book, first)).toBeUndefined();
      opened.now = 30 * dayMs - 1;
      expect(findPhantom(opened.book, second)).toBeDefined();
      opened.now += 30 * dayMs;
      expect(findPhantom(opened.book, second)).toBeUndefined();
    }
    await using again = await openBook({ path });
    for (const token of tokens) expect(findPhantom(again.book, token)).toBeUndefined();
  });
});

/** Two accounts, of which `a` closed in the middle of a session; nobody is open for Opus. Returns the session's phantom. */
async function live(opened: OpenedBook): Promise<string> {
  const { book } = opened;
  await addAccount(book, buildAccount('a'));
  await addAccount(book, buildAccount('b'));
  const token = await issue(opened);
  const request = { pool: poolOf(opened), session: asSessionId('one'), model };
  await book.begin(request, idOf('a'), { probe: false, failover: false });
  await close(opened, 'a', 'opus');
  book.end(idOf('a'), { probe: false });
  await book.begin(request, idOf('b'), { probe: false, failover: true });
  await close(opened, 'b', 'opus');
  book.end(idOf('b'), { probe: false });
  return token;
}

async function close({ book, now }: OpenedBook, label: string, family: string): Promise<void> {
  const window = `seven_day_${family}`;
  const signals = [
    { kind: 'closed' as const, window, family, overage: false, until: now + hourMs, evidence: 'rejected' },
  ];
  await book.observe({ account: idOf(label), model, sentAt: now, signals, served: false });
}

async function issue({ book }: OpenedBook): Promise<string> {
  const wish = { provider: asProviderId('anthropic'), pool, origin: 'wrapper' as const, holdMs: 240_000 };
  return (await issuePhantom(book, wish)).token;
}

function poolOf({ book }: OpenedBook): PoolState {
  const state = book.pool(pool);
  if (state === undefined) throw new Error('no pool');
  return state;
}

/** Copies the database as it lies on the disk, under the feet of the book that has it open. */
function snapshot(path: string, copy: string): void {
  for (const suffix of ['', '-wal']) cpSync(`${path}${suffix}`, `${copy}${suffix}`);
}

/** What a restart must not change. */
function memoryOf({ book: { state } }: OpenedBook): unknown {
  return {
    accounts: [...state.accounts.values()].map(({ account, limits }) => [
      account,
      [...limits.values()].map((each) => [slotOf(each), each]),
    ]),
    pools: [...state.pools.values()].map((each) => [each.pool, each.current]),
    sessions: [...state.sessions],
    episodes: [...state.episodes],
    phantoms: [...state.phantoms],
  };
}
