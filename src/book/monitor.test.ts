// The monitor on a clock and a timer that only the test moves, over a book on disk.
import { describe, expect, test } from 'bun:test';
import { openedBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { kindsIn } from '../../test/episode-rig.ts';
import { asSessionId, type AccountId } from '../core/ids.ts';
import type { Pool } from '../core/pool/pool.ts';
import { dayMs, hourMs, minuteMs, type EpochMs } from '../core/time.ts';
import { Monitor } from './monitor.ts';
import { closeLimit } from './by-hand.ts';
import { clearAccount, removePool, savePool } from './roster.ts';

const model = 'claude-sonnet-4-5';
const cheapest = 'claude-haiku-4-5';
const name = labelFrom('anthropic');

type Rig = AsyncDisposable & {
  readonly opened: OpenedBook;
  readonly monitor: Monitor;
  /** When the usage endpoint was asked, and what was probed. */
  readonly asked: string[];
  readonly bugs: unknown[];
  timers(): number;
  /** What an endpoint or a probe comes to; nothing when absent. */
  answer: { usage?: (id: AccountId) => Promise<void>; probe?: (id: AccountId, signal: AbortSignal) => Promise<void> };
  close(label: string, until: EpochMs, family?: string): Promise<void>;
  /** Moves the wall clock to a time, and lets timers run as they fall due on the way. */
  goTo(at: EpochMs): Promise<void>;
  serve(label: string, by?: 'probe'): Promise<void>;
};

async function openRig(pool: Partial<Pool> = {}, covers: { usage?: boolean; probe?: boolean } = {}): Promise<Rig> {
  const opened = await openedBook();
  const { book } = opened;
  await savePool(book, buildPool([idOf('a'), idOf('b')], pool));
  const asked: string[] = [];
  const bugs: unknown[] = [];
  const answer: Rig['answer'] = {};
  const timers = new Map<symbol, { at: EpochMs; run: () => void }>();
  let ran = 0;
  let under: Promise<void> = Promise.resolve();
  const follow = (work: Promise<void> | undefined) => (under = Promise.all([under, work]).then(() => undefined));
  const at = () => `${opened.now / minuteMs}`;
  const monitor = new Monitor({
    book,
    usage: {
      covers: () => covers.usage === true,
      askNow: async (id) => {
        asked.push(`${at()} usage ${id}`);
        await follow(answer.usage?.(id));
      },
    },
    prober: {
      covers: () => covers.probe === true,
      cheapestModel: () => cheapest,
      ask: async ({ id }, probed, signal) => {
        asked.push(`${at()} probe ${id}${probed === model ? '' : ` for ${probed}`}`);
        await follow(answer.probe?.(id, signal));
      },
    },
    bug: (error) => bugs.push(error),
    schedule: (run, delayMs) => {
      const key = Symbol();
      expect(delayMs).toBeLessThanOrEqual(minuteMs);
      timers.set(key, { at: opened.now + delayMs, run });
      return () => void timers.delete(key);
    },
  });
  monitor.start();
  const settle = async (): Promise<void> => {
    // As many turns as the longest chain of what one wake does.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    await under;
    await book.journal.written();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    opened,
    monitor,
    asked,
    bugs,
    answer,
    timers: () => timers.size,
    close: async (label, until, family) => {
      const signal = {
        kind: 'closed',
        window: family === undefined ? 'five_hour' : `seven_day_${family}`,
        family: family ?? null,
        overage: false,
        until,
        evidence: 'no',
      } as const;
      await book.observe({ account: idOf(label), model, sentAt: opened.now, signals: [signal], served: false });
    },
    goTo: async (end) => {
      for (;;) {
        const next = [...timers].toSorted(([, one], [, other]) => one.at - other.at)[0];
        if (next === undefined || next[1].at > end) break;
        timers.delete(next[0]);
        opened.now = Math.max(opened.now, next[1].at);
        const before = asked.length;
        next[1].run();
        if (timers.size === 0 || asked.length > before) await settle();
        expect((ran += 1)).toBeLessThan(100_000);
      }
      opened.now = end;
    },
    serve: async (label, by) => {
      const seen = { account: idOf(label), model, sentAt: opened.now, signals: [], served: true };
      await book.observe(by === undefined ? seen : { ...seen, by });
    },
    [Symbol.asyncDispose]: async () => {
      monitor.stop();
      expect(timers.size).toBe(0);
      expect(bugs).toEqual([]);
      await opened[Symbol.asyncDispose]();
    },
  };
}

describe('a monitor', () => {
  test('has a timer while a pool is exhausted, one for all pools, and none else', async () => {
    await using rig = await openRig({}, { usage: true });
    expect(rig.timers()).toBe(0);
    await savePool(rig.opened.book, buildPool([idOf('a'), idOf('b')], { name: labelFrom('other') }));
    await rig.close('a', hourMs);
    expect(rig.timers()).toBe(0);
    await rig.close('b', hourMs);
    expect([rig.opened.book.state.episodes.size, rig.timers()]).toEqual([2, 1]);
    rig.opened.now = 1;
    await clearAccount(rig.opened.book, idOf('a'));
    await rig.serve('a');
    expect([rig.opened.book.state.episodes.size, rig.timers()]).toEqual([0, 0]);
  });

  test('wakes for the account that opens first, and asks that one', async () => {
    await using rig = await openRig({}, { usage: true });
    await rig.close('a', 3 * hourMs);
    await rig.close('b', hourMs);
    await rig.goTo(hourMs - 1);
    expect(rig.asked).toEqual([]);
    rig.answer.usage = async (id) => {
      const { book, now } = rig.opened;
      const signals = [{ kind: 'open', window: 'five_hour', family: null }] as const;
      await book.observe({ account: id, model: null, sentAt: now, signals, served: false });
      await book.observeVerified(id, now, signals);
    };
    await rig.goTo(hourMs);
    expect(rig.asked).toEqual(['60 usage anthropic/b']);
    expect(await edgesOf(rig)).toEqual(['pool-exhausted', 'pool-recovered']);
    expect(rig.timers()).toBe(0);
  });

  test('sleeps on when the cooldown was extended meanwhile', async () => {
    await using rig = await openRig({}, { usage: true });
    for (const label of ['a', 'b']) await rig.close(label, hourMs);
    await rig.goTo(30 * minuteMs);
    for (const label of ['a', 'b']) await rig.close(label, 2 * hourMs);
    await rig.goTo(2 * hourMs - 1);
    expect([rig.asked.length, rig.timers()]).toEqual([0, 1]);
    await rig.goTo(2 * hourMs);
    expect(rig.asked.toSorted()).toEqual(['120 usage anthropic/a', '120 usage anthropic/b']);
  });

  test('asks again after 1, 2, 4 minutes and so on, up to 30, while nothing proves a recovery', async () => {
    await using rig = await openRig({}, { usage: true });
    await rig.close('a', 10 * dayMs);
    await rig.close('b', 10 * minuteMs);
    await rig.goTo(2.5 * hourMs);
    const minutes = rig.asked.map((each) => Number(each.split(' ')[0]));
    expect(minutes).toEqual([10, 11, 13, 17, 25, 41, 71, 101, 131]);
    expect(await edgesOf(rig)).toEqual(['pool-exhausted']);
  });

  test('looks at once when an operator opens an account', async () => {
    await using rig = await openRig({}, { usage: true });
    for (const label of ['a', 'b']) await rig.close(label, hourMs);
    await rig.goTo(minuteMs);
    await clearAccount(rig.opened.book, idOf('a'));
    await rig.goTo(minuteMs + 1);
    expect(rig.asked).toEqual([`${1 + 1 / minuteMs} usage anthropic/a`]);
  });

  test('waits for traffic where nobody can be asked', async () => {
    await using rig = await openRig({ probe: true });
    for (const label of ['a', 'b']) await rig.close(label, hourMs);
    await rig.goTo(2 * hourMs);
    expect([rig.asked, rig.timers()]).toEqual([[], 0]);
    await rig.serve('a');
    expect(await edgesOf(rig)).toEqual(['pool-exhausted', 'pool-recovered']);
  });

  test('probes for the cheapest model where no agent has named one, and else for the last that one has', async () => {
    await using rig = await openRig({ probe: true }, { probe: true });
    const { book } = rig.opened;
    const byHand = { window: 'operator', family: null, until: hourMs };
    for (const label of ['a', 'b']) await closeLimit(book, idOf(label), byHand);
    await rig.goTo(hourMs);
    const pool = book.pool(name);
    if (pool === undefined) throw new Error('no pool');
    const request = { pool, session: asSessionId('s'), model: 'claude-sonnet-5' };
    await book.begin(request, idOf('b'), { probe: false, failover: false });
    book.end(idOf('b'), { probe: false });
    await rig.goTo(hourMs + minuteMs);
    expect(rig.asked).toEqual([
      '60 probe anthropic/a for claude-haiku-4-5',
      '61 probe anthropic/b for claude-sonnet-5',
    ]);
  });

  test('probes for a model of the family that is closed, or not at all', async () => {
    await using rig = await openRig({ probe: true }, { probe: true });
    for (const family of ['opus', 'haiku']) {
      const byHand = { window: 'operator', family, until: hourMs };
      for (const label of ['a', 'b']) await closeLimit(rig.opened.book, idOf(label), byHand);
    }
    await rig.goTo(hourMs);
    expect(rig.asked).toEqual(['60 probe anthropic/a for claude-haiku-4-5']);
  });

  test('probes one account at a time where the pool allows it, and one that serves is the proof', async () => {
    await using rig = await openRig({ probe: true }, { probe: true });
    for (const label of ['a', 'b']) await rig.close(label, hourMs);
    const results = [false, false, true];
    rig.answer.probe = async (id) => {
      if (results.shift() === true) await rig.serve(id === idOf('a') ? 'a' : 'b', 'probe');
    };
    await rig.goTo(2 * hourMs);
    expect(rig.asked).toEqual(['60 probe anthropic/a', '61 probe anthropic/a', '63 probe anthropic/a']);
    const [, recovered] = await kindsIn(rig.opened.book.store);
    expect(recovered).toBe('pool-recovered probe');
  });

  test('does not probe while the pool does not allow it, nor while a request is finding out', async () => {
    await using rig = await openRig({}, { probe: true });
    const { book } = rig.opened;
    for (const label of ['a', 'b']) await rig.close(label, label === 'a' ? hourMs : dayMs);
    await rig.goTo(2 * hourMs);
    expect([rig.asked, rig.timers()]).toEqual([[], 0]);
    const pool = book.pool(name);
    if (pool === undefined) throw new Error('no pool');
    await book.begin({ pool, session: asSessionId('s'), model }, idOf('a'), { probe: true, failover: false });
    await savePool(book, { ...pool.pool, probe: true });
    await rig.goTo(3 * hourMs);
    expect(rig.asked).toEqual([]);
    book.end(idOf('a'), { probe: true });
    await rig.goTo(3 * hourMs + 1);
    expect(rig.asked).toHaveLength(1);
  });

  test('waits with its probe for the model that it would ask for', async () => {
    await using rig = await openRig({ probe: true }, { probe: true });
    for (const label of ['a', 'b']) {
      await rig.close(label, 2 * hourMs, 'sonnet');
      await rig.close(label, hourMs);
    }
    expect(rig.opened.book.state.episodes.size).toBe(1);
    await rig.goTo(2 * hourMs - 1);
    expect(rig.asked).toEqual([]);
    await rig.goTo(2 * hourMs);
    expect(rig.asked).toEqual(['120 probe anthropic/a']);
  });

  test('starts nothing else while it is asking', async () => {
    await using rig = await openRig({ probe: true }, { probe: true });
    for (const label of ['a', 'b']) await rig.close(label, hourMs);
    const asking = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    rig.answer.probe = () => {
      asking.resolve();
      return answered.promise;
    };
    const going = rig.goTo(hourMs);
    await asking.promise;
    rig.opened.book.wake();
    expect(rig.timers()).toBe(0);
    answered.resolve();
    await going;
    expect([rig.asked.length, rig.timers()]).toEqual([1, 1]);
  });

  test('forgets a pool that is removed while it is exhausted', async () => {
    await using rig = await openRig({ authResetTarget: 'codex' }, { usage: true });
    for (const label of ['a', 'b']) await rig.close(label, hourMs);
    await removePool(rig.opened.book, name);
    expect(rig.timers()).toBe(0);
    await rig.goTo(2 * hourMs);
    expect([rig.asked, await edgesOf(rig), rig.opened.book.resets()]).toEqual([[], ['pool-exhausted'], []]);
  });

  test('that is stopped does nothing more, also in the middle of a probe, and can be stopped twice', async () => {
    await using rig = await openRig({ probe: true }, { probe: true });
    for (const label of ['a', 'b']) await rig.close(label, hourMs);
    const probing = Promise.withResolvers<AbortSignal>();
    rig.answer.probe = async (_, signal) => {
      probing.resolve(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const going = rig.goTo(hourMs);
    const signal = await probing.promise;
    rig.monitor.stop();
    rig.monitor.stop();
    await going;
    expect(signal.aborted).toBe(true);
    rig.monitor.start();
    await rig.close('a', 2 * hourMs);
    await rig.goTo(3 * hourMs);
    expect([rig.asked.length, rig.timers(), await edgesOf(rig)]).toEqual([1, 0, ['pool-exhausted']]);
  });

  test('that is stopped while it asks an endpoint does not go on to a probe, nor to another pool', async () => {
    await using rig = await openRig({ probe: true }, { usage: true, probe: true });
    await savePool(rig.opened.book, buildPool([idOf('a'), idOf('b')], { name: labelFrom('other'), probe: true }));
    for (const label of ['a', 'b']) await rig.close(label, hourMs);
    rig.answer.usage = async () => rig.monitor.stop();
    await rig.goTo(2 * hourMs);
    expect(rig.asked.map((each) => each.split(' ')[1])).toEqual(['usage', 'usage']);
  });

  test('wakes when the clock is set back, and asks again though its pause was counted on another', async () => {
    await using rig = await openRig({}, { usage: true });
    rig.opened.now = 10 * dayMs;
    await rig.close('a', 40 * dayMs);
    await rig.close('b', 10 * dayMs + hourMs);
    await rig.goTo(10 * dayMs + 2 * hourMs);
    const before = rig.asked.length;
    expect(before).toBeGreaterThan(0);
    rig.opened.now = 10 * dayMs + hourMs + 1;
    await rig.opened.book.journal.written();
    rig.opened.book.wake();
    await rig.goTo(10 * dayMs + hourMs + 2);
    expect(rig.asked.length).toBe(before + 1);
  });

  test('wakes after 34 days', async () => {
    await using rig = await openRig({}, { usage: true });
    for (const label of ['a', 'b']) await rig.close(label, 34 * dayMs);
    await rig.goTo(34 * dayMs - 1);
    expect(rig.asked).toEqual([]);
    await rig.goTo(34 * dayMs);
    expect(rig.asked).toHaveLength(2);
  });

  test('wakes within a minute of a sleep of the machine, whatever its timer says', async () => {
    await using rig = await openRig({}, { usage: true });
    for (const label of ['a', 'b']) await rig.close(label, 5 * hourMs);
    await rig.goTo(hourMs);
    // Timers stand still.
    rig.opened.now = 9 * hourMs;
    await rig.goTo(9 * hourMs + minuteMs);
    expect(rig.asked.length).toBeGreaterThan(0);
  });
});

async function edgesOf({ opened }: Rig): Promise<string[]> {
  return (await kindsIn(opened.book.store)).map((kind) => kind.split(' ')[0] ?? '');
}
