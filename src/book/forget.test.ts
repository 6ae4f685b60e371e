import { describe, expect, test } from 'bun:test';
import { openedBook, type OpenedBook } from '../../test/book-rig.ts';
import { idOf, labelFrom } from '../../test/builders.ts';
import { issuePhantomOf } from '../../test/gateway-rig.ts';
import { asSessionId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import { dayMs, hourMs } from '../core/time.ts';
import { forgetOld } from './forget.ts';
import { findPhantom, issuePhantom } from './phantoms.ts';
import { clearAccount } from './roster.ts';

const pool = labelFrom('anthropic');

describe('forgetting', () => {
  test.each<[string, number, (opened: OpenedBook) => Promise<unknown>, (opened: OpenedBook) => Promise<unknown[]>]>([
    [
      'a phantom that nobody presents, when it expires',
      30 * dayMs,
      ({ book }) => issuePhantomOf(book, 0),
      async ({ book }) => [book.state.phantoms.size, (await book.store.load()).phantoms.length],
    ],
    [
      'a session 30 days after it was seen',
      30 * dayMs + 1,
      async ({ book }) => {
        const state = book.pool(pool);
        if (state === undefined) throw new Error('no pool');
        const request = { pool: state, session: asSessionId('one'), model: null };
        await book.begin(request, idOf('a'), { probe: false, failover: false });
        book.end(idOf('a'), { probe: false });
      },
      async ({ book }) => [book.state.sessions.size, (await book.store.load()).sessions.length],
    ],
    [
      'a limit a day after its end',
      hourMs + dayMs + 1,
      (opened) => see(opened, 'a', closed),
      async ({ book }) => [book.account(idOf('a')).limits.size, (await book.store.load()).limits.length],
    ],
    [
      'a limit a day after it was cleared',
      dayMs + 1,
      async (opened) => {
        await see(opened, 'a', closed);
        await clearAccount(opened.book, idOf('a'));
      },
      async ({ book }) => [book.account(idOf('a')).limits.size, (await book.store.load()).limits.length],
    ],
    [
      'an episode that never ended 60 days after its beginning',
      60 * dayMs + 1,
      async (opened) => {
        for (const label of ['a', 'b']) await see(opened, label, closed);
      },
      async ({ book }) => [book.state.episodes.size, (await book.store.load()).episodes.length],
    ],
  ])('%s takes it from memory and store, and no sooner', async (...[, lifeMs, happen, kept]) => {
    await using opened = await openedBook();
    await happen(opened);
    opened.now = lifeMs - 1;
    await forgetOld(opened.book);
    expect(await kept(opened)).toEqual([1, 1]);
    opened.now = lifeMs;
    await forgetOld(opened.book);
    expect(await kept(opened)).toEqual([0, 0]);
  });

  test('a reading a day after its window was reset, or after it was told when no reset is known', async () => {
    await using opened = await openedBook();
    const { readings } = opened.book.account(idOf('a'));
    const reading = { kind: 'reading', family: null, utilization: 0.5 } as const;
    await see(opened, 'a', { ...reading, window: 'requests', resetsAt: null });
    await see(opened, 'a', { ...reading, window: 'seven_day', resetsAt: 3 * dayMs });
    const kept: string[][] = [];
    for (const now of [dayMs, dayMs + 1, 4 * dayMs, 4 * dayMs + 1]) {
      opened.now = now;
      await forgetOld(opened.book);
      kept.push([...readings.values()].map((each) => each.window));
    }
    expect(kept).toEqual([['requests', 'seven_day'], ['seven_day'], ['seven_day'], []]);
  });
});

describe('use of a phantom', () => {
  test('of a wrapper makes it last, and writes that once a day at most', async () => {
    await using opened = await openedBook();
    const { book } = opened;
    const { token } = await issuePhantomOf(book, 0);
    for (let day = 0; day <= 90; day += 15) {
      opened.now = day * dayMs;
      expect(findPhantom(book, token)).toBeDefined();
      await book.journal.written();
      expect((await book.store.load()).phantoms).toMatchObject([{ expiresAt: (day + 30) * dayMs }]);
      opened.now += dayMs;
      findPhantom(book, token);
      expect(book.journal.written()).toBeUndefined();
    }
    opened.now = 120 * dayMs;
    expect(findPhantom(book, token)).toBeUndefined();
  });

  test('of `stint env` does not', async () => {
    await using opened = await openedBook();
    const provider = opened.book.account(idOf('a')).account.provider;
    const { token } = await issuePhantom(opened.book, { provider, pool, origin: 'env', holdMs: 0 });
    opened.now = 30 * dayMs - 1;
    expect(findPhantom(opened.book, token)).toBeDefined();
    opened.now = 30 * dayMs;
    expect(findPhantom(opened.book, token)).toBeUndefined();
  });
});

const closed: Signal = {
  kind: 'closed',
  window: 'five_hour',
  family: null,
  overage: false,
  until: hourMs,
  evidence: 'rejected',
};

async function see({ book, now }: OpenedBook, label: string, signal: Signal): Promise<void> {
  await book.observe({ account: idOf(label), model: null, sentAt: now, signals: [signal], served: false });
}
