// Which notices the store holds after what happened to a pool, and what selection says of its episodes meanwhile.
import { describe, expect, test } from 'bun:test';
import { openedBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { noticesIn } from '../../test/episode-rig.ts';
import { clearLimit } from '../core/limit/limit.ts';
import type { Signal } from '../core/limit/signal.ts';
import { dayMs, hourMs, minuteMs } from '../core/time.ts';
import { closeLimit, openLimits } from './by-hand.ts';
import { episodeStateNow } from './episode.ts';
import { forgetOld } from './forget.ts';
import { clearAccount, removeAccount, removePool, saveAccount, savePool } from './roster.ts';

const pool = labelFrom('anthropic');
const sonnet = 'claude-sonnet-4-5';
const opus = 'claude-opus-4-8';

const closed = (more: Partial<Extract<Signal, { kind: 'closed' }>> = {}): Signal => ({
  kind: 'closed',
  window: 'five_hour',
  family: null,
  overage: false,
  until: hourMs,
  evidence: 'five_hour rejected',
  ...more,
});
const opusClosed = (until = 2 * hourMs): Signal => closed({ window: 'seven_day_opus', family: 'opus', until });

describe('an episode', () => {
  test('is one notice at its beginning and one at its end, of one thread, and further limits add none', async () => {
    await using opened = await openedBook();
    opened.now = 1000;
    for (const label of ['a', 'b', 'a', 'b']) {
      opened.now += 1000;
      await see(opened, label, { signals: [closed({ until: opened.now + hourMs })] });
    }
    const [episode] = opened.book.state.episodes.values();
    opened.now += 2 * hourMs;
    await see(opened, 'a', { served: true });
    await see(opened, 'b', { served: true });
    expect(await poolNotices(opened)).toMatchObject([
      {
        id: `${episode?.id}:exhausted`,
        kind: 'pool-exhausted',
        thread: `episode:${episode?.id}`,
        facts: { pool, since: 3000, until: 2000 + hourMs, evidence: 'five_hour rejected' },
      },
      {
        id: `${episode?.id}:recovered`,
        kind: 'pool-recovered',
        thread: `episode:${episode?.id}`,
        facts: { pool, since: 3000, verifiedBy: 'request' },
      },
    ]);
  });

  test('is that of a pool with one account as well', async () => {
    await using opened = await openedBook();
    await savePool(opened.book, buildPool([idOf('a')]));
    await see(opened, 'a', { signals: [closed()] });
    opened.now = hourMs + 1;
    await see(opened, 'a', { served: true });
    expect(await kindsOf(opened)).toEqual(['pool-exhausted', 'pool-recovered']);
  });

  test('of an answer that closes several windows is one, be the narrower first', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b']) await see(opened, label, { model: opus, signals: [opusClosed(), closed()] });
    expect(await kindsOf(opened)).toEqual(['pool-exhausted']);
    expect([...opened.book.state.episodes.values()]).toMatchObject([{ family: null, model: opus }]);
  });

  test('of an answer that closes a model and its family is that of the family', async () => {
    await using opened = await openedBook();
    const signals = [opusClosed(), closed({ window: 'minute', family: opus })];
    for (const label of ['a', 'b']) await see(opened, label, { model: opus, signals });
    expect([...opened.book.state.episodes.values()]).toMatchObject([{ family: 'opus', model: opus }]);
    expect(await kindsOf(opened)).toEqual(['pool-exhausted']);
  });

  test('of a family grows into that of the pool, with a notice in the same thread, and ends once', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b']) await see(opened, label, { model: opus, signals: [opusClosed(hourMs)] });
    opened.now = minuteMs;
    for (const label of ['a', 'b']) await see(opened, label, { signals: [closed()] });
    expect([...opened.book.state.episodes.values()]).toMatchObject([{ family: null, exhaustedAt: minuteMs }]);
    opened.now = hourMs + 1;
    await see(opened, 'a', { model: opus, served: true });
    const notices = await poolNotices(opened);
    expect(notices.map(({ kind, facts }) => [kind, facts.family])).toEqual([
      ['pool-exhausted', 'opus'],
      ['pool-exhausted', undefined],
      ['pool-recovered', undefined],
    ]);
    expect(new Set(notices.map(({ thread }) => thread)).size).toBe(1);
    expect((await opened.book.store.load()).episodes).toEqual([]);
  });

  test('of the pool that ends leaves one of the family that is still closed', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b']) await see(opened, label, { signals: [closed(), opusClosed()] });
    opened.now = hourMs + 1;
    await see(opened, 'a', { served: true });
    opened.now = 2 * hourMs + 1;
    await see(opened, 'a', { model: opus, served: true });
    const notices = await poolNotices(opened);
    expect(notices.map(({ kind, facts, at }) => `${at} ${kind} ${facts.family ?? 'all'}`).toSorted()).toEqual([
      '0 pool-exhausted all',
      `${hourMs + 1} pool-exhausted opus`,
      `${hourMs + 1} pool-recovered all`,
      `${2 * hourMs + 1} pool-recovered opus`,
    ]);
  });

  test.each<[string, (opened: OpenedBook) => Promise<unknown>]>([
    ['is refused', (opened) => see(opened, 'b', { signals: [{ kind: 'refused', evidence: 'HTTP 401' }] })],
    ['is closed by hand', (opened) => closeByHand(opened, 'b')],
    ['is disabled', ({ book }) => saveAccount(book, { ...book.account(idOf('b')).account, standing: 'disabled' })],
    ['is removed', ({ book }) => removeAccount(book, idOf('b'))],
    ['leaves the pool', ({ book }) => savePool(book, buildPool([idOf('a')]))],
    ['makes way for the one that is pinned', ({ book }) => savePool(book, { ...poolNow(book), pinned: idOf('a') })],
  ])('begins when the last open account %s', async (_, happen) => {
    await using opened = await openedBook();
    await see(opened, 'a', { signals: [closed()] });
    expect(opened.book.state.episodes.size).toBe(0);
    await happen(opened);
    await opened.book.journal.written();
    expect(await kindsOf(opened)).toEqual(['pool-exhausted']);
  });

  test.each<[string, (opened: OpenedBook) => Promise<unknown>]>([
    ['a served request', (opened) => see(opened, 'a', { served: true })],
    ['the usage endpoint', ({ book, now }) => Promise.resolve(book.observeVerified(idOf('a'), now))],
  ])('ends by %s though the clock was set back behind its beginning', async (_, prove) => {
    await using opened = await openedBook();
    opened.now = 10 * dayMs;
    for (const label of ['a', 'b'])
      await see(opened, label, { signals: [closed({ until: opened.now + hourMs, window: 'five_hour' })] });
    opened.now = 9 * dayMs;
    const state = opened.book.account(idOf('a'));
    for (const limit of state.limits.values()) opened.book.setLimit(state, limit, clearLimit(limit, opened.now));
    opened.now += minuteMs;
    await prove(opened);
    expect(await kindsOf(opened)).toEqual(['pool-exhausted', 'pool-recovered']);
  });

  test.each<[string, (opened: OpenedBook) => Promise<unknown>, number]>([
    ['silently with the last limit that was set by hand', async () => undefined, 0],
    ['not with them where a provider has closed somebody', (opened) => see(opened, 'b', { signals: [closed()] }), 1],
    [
      'not with them where a login was refused',
      (opened) => see(opened, 'b', { signals: [{ kind: 'refused', evidence: 'HTTP 401' }] }),
      1,
    ],
  ])('that was begun by hand ends %s', async (_, happen, left) => {
    await using opened = await openedBook();
    const { book } = opened;
    opened.now = minuteMs;
    const byHand = { window: 'operator', family: null, until: hourMs };
    await closeLimit(book, idOf('a'), byHand);
    await happen(opened);
    if (left === 0) await closeLimit(book, idOf('b'), byHand);
    opened.now += minuteMs;
    await openLimits(book, idOf('a'), () => true);
    expect([book.state.episodes.size, (await book.store.load()).episodes.length]).toEqual([left, left]);
    expect(await kindsOf(opened)).toEqual(['pool-exhausted']);
  });

  test('does not begin because people switch every account off', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b'])
      await saveAccount(opened.book, { ...opened.book.account(idOf(label)).account, standing: 'disabled' });
    expect(opened.book.state.episodes.size).toBe(0);
  });

  test('of a pool that is removed ends without a notice, a reset or a row', async () => {
    await using opened = await openedBook();
    await savePool(opened.book, { ...poolNow(opened.book), authResetTarget: 'codex' });
    for (const label of ['a', 'b']) await see(opened, label, { signals: [closed()] });
    await removePool(opened.book, pool);
    opened.now = 2 * hourMs;
    await see(opened, 'a', { served: true });
    expect(await kindsOf(opened)).toEqual(['pool-exhausted']);
    expect(opened.book.resets()).toEqual([]);
    expect((await opened.book.store.load()).episodes).toEqual([]);
  });
});

describe('the auth reset of an episode', () => {
  test('is due with its end where the pool has a target at that moment, and traffic from then on is seen', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    for (const label of ['a', 'b']) await see(opened, label, { signals: [closed()] });
    await savePool(book, { ...poolNow(book), authResetTarget: 'openai-codex' });
    opened.now = hourMs + 1;
    await see(opened, 'a', { served: true });
    const [episode] = book.resets();
    expect(episode).toMatchObject({ reset: { state: 'due', target: 'openai-codex', at: hourMs + 1, ranAt: null } });
    expect((await book.store.load()).episodes).toEqual([...book.resets()]);
    expect(book.lastAskedAt(pool)).toBeNull();
    const state = book.pool(pool);
    if (state === undefined || episode === undefined || episode.reset === null) throw new Error('nothing is due');
    opened.now += 1;
    await book.begin({ pool: state, session: 's' as never, model: sonnet }, idOf('a'), {
      probe: false,
      failover: false,
    });
    book.end(idOf('a'), { probe: false });
    expect(book.lastAskedAt(pool)).toBe(hourMs + 2);
    await book.saveReset(episode.id, { ...episode.reset, state: 'waiting', ranAt: hourMs + 2 });
    expect((await book.store.load()).episodes).toMatchObject([{ reset: { state: 'waiting' } }]);
    await book.saveReset(episode.id, { ...episode.reset, state: 'resumed' });
    expect([book.resets(), (await book.store.load()).episodes]).toEqual([[], []]);
    await book.saveReset(episode.id, { ...episode.reset, state: 'due' });
    expect((await book.store.load()).episodes).toEqual([]);
  });
});

describe('where an episode stands', () => {
  test('is what selection says', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    const now = () => {
      const state = book.pool(pool);
      if (state === undefined) throw new Error('no pool');
      return episodeStateNow(state, [...book.state.episodes.values()][0], opened.now);
    };
    expect(now()).toEqual({ state: 'normal', nextTryAt: null });
    await see(opened, 'a', { signals: [closed()] });
    await see(opened, 'b', { signals: [closed({ until: 2 * hourMs })] });
    expect(now()).toEqual({ state: 'exhausted', nextTryAt: hourMs });
    await clearAccount(book, idOf('b'));
    expect(now()).toEqual({ state: 'retrying', nextTryAt: null });
    opened.now = 2;
    await see(opened, 'b', { signals: [{ kind: 'refused', evidence: 'HTTP 401' }] });
    await see(opened, 'a', { signals: [{ kind: 'refused', evidence: 'HTTP 401' }] });
    expect(now()).toEqual({ state: 'exhausted', nextTryAt: null });
  });
});

describe('notices about one account', () => {
  test('tell a limit of ten minutes or more once per version, and each refusal of a login once', async () => {
    await using opened = await openedBook();
    for (const until of [minuteMs, 9 * minuteMs, hourMs, 3 * hourMs])
      await see(opened, 'a', { signals: [closed({ until })] });
    for (const _ of [1, 2]) await see(opened, 'b', { signals: [{ kind: 'refused', evidence: 'HTTP 401' }] });
    await clearAccount(opened.book, idOf('b'));
    opened.now = 4 * hourMs;
    await see(opened, 'a', { signals: [closed({ until: 5 * hourMs })] });
    await see(opened, 'b', { signals: [{ kind: 'refused', evidence: 'HTTP 401' }] });
    const notices = (await noticesIn(opened.book.store)).filter(({ kind }) => kind.startsWith('account'));
    expect(notices.map(({ id, thread }) => [id, thread])).toEqual([
      [`anthropic/a|five_hour|*|closed:1:${hourMs}`, 'anthropic/a|five_hour|*|closed'],
      ['anthropic/b:needs-login:0', 'needs-login:anthropic/b'],
      [`anthropic/a|five_hour|*|closed:2:${5 * hourMs}`, 'anthropic/a|five_hour|*|closed'],
      ['anthropic/b:needs-login:14400000', 'needs-login:anthropic/b'],
    ]);
    expect(notices[0]?.facts).toMatchObject({ window: 'five_hour', until: hourMs, evidence: 'five_hour rejected' });
    expect(notices[1]?.facts.mend).toBe('stint account add anthropic b --replace');
  });

  test('tell a limit again that comes a week after it, when the first is long forgotten', async () => {
    await using opened = await openedBook();
    for (const week of [0, 1, 2]) {
      opened.now = week * 7 * dayMs;
      await forgetOld(opened.book);
      await see(opened, 'a', { signals: [closed({ until: opened.now + hourMs })] });
    }
    const notices = await noticesIn(opened.book.store);
    expect(notices.filter(({ kind }) => kind === 'account-limited').map(({ at }) => at)).toEqual(
      [0, 7, 14].map((days) => days * dayMs),
    );
  });

  test('tell a login that was found missing, as one that was refused', async () => {
    await using opened = await openedBook();
    const { account } = opened.book.account(idOf('a'));
    const missing = { ...account, standing: 'needs-login', standingReason: 'the vault has no secret of it' } as const;
    for (const _ of [1, 2]) await saveAccount(opened.book, missing);
    const notices = await noticesIn(opened.book.store);
    expect(notices).toMatchObject([
      { kind: 'account-needs-login', facts: { evidence: 'the vault has no secret of it' } },
    ]);
    expect(opened.events).toMatchObject([{ kind: 'needs-login', account: idOf('a') }]);
  });

  test('tell that overage has begun, and a shared quota once', async () => {
    await using opened = await openedBook();
    for (const label of ['a', 'b'])
      await saveAccount(opened.book, { ...opened.book.account(idOf(label)).account, project: 'acme' });
    opened.now = 1000;
    await see(opened, 'a', { served: true, signals: [closed({ overage: true })] });
    const notices = await noticesIn(opened.book.store);
    expect(notices.map(({ kind }) => kind).filter((kind) => !kind.startsWith('pool'))).toEqual(['overage-begun']);
  });
});

type Seen = { sentAt?: number; signals?: readonly Signal[]; served?: boolean; model?: string };

async function see({ book, now }: OpenedBook, label: string, seen: Seen): Promise<void> {
  const { sentAt = now, signals = [], served = false, model = sonnet } = seen;
  await book.observe({ account: idOf(label), model, sentAt, signals, served });
}

async function closeByHand({ book, now }: OpenedBook, label: string): Promise<void> {
  const limit = {
    account: idOf(label),
    window: 'operator',
    family: null,
    overage: false,
    version: 1,
    source: 'operator',
    until: now + hourMs,
    observedAt: now,
    repeats: 0,
    evidence: 'set by hand',
  } as const;
  book.setLimit(book.account(idOf(label)), undefined, limit);
  book.noteClosed(idOf(label), null);
}

function poolNow(book: OpenedBook['book']) {
  const state = book.pool(pool);
  if (state === undefined) throw new Error('no pool');
  return state.pool;
}

async function poolNotices({ book }: OpenedBook) {
  return (await noticesIn(book.store)).filter(({ kind }) => kind.startsWith('pool'));
}

async function kindsOf(opened: OpenedBook): Promise<string[]> {
  return (await poolNotices(opened)).map(({ kind }) => kind);
}
