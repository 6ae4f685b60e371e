import { describe, expect, jest, test } from 'bun:test';
import { openOutboxRig, recorder, routeTo } from '../../test/outbox-rig.ts';
import { Problem } from '../core/problem.ts';
import { hourMs, minuteMs, secondMs } from '../core/time.ts';

const busy = new Problem('upstream', 'hooks.test answered 500.');
const fails = () => Promise.reject(busy);
const takes = async () => null;

describe('the outbox', () => {
  test('tells each channel the kinds that it wants, once, and notes it', async () => {
    await using rig = await openOutboxRig();
    const [log, desktop] = [recorder('log'), recorder('desktop')];
    rig.now = 1000;
    await rig.add({ id: 'a' });
    await rig.add({ id: 'b', kind: 'account-limited' });
    const outbox = rig.open([routeTo(log), routeTo(desktop, { kinds: ['pool-exhausted'] })]);
    outbox.start();
    outbox.start();
    await rig.eventCount(3);
    await rig.add({ id: 'a' });
    await rig.add({ id: 'c', kind: 'account-limited' });
    outbox.wake();
    await rig.eventCount(4);
    await outbox.stop();
    expect([log.told, desktop.told]).toEqual([['a', 'b', 'c'], ['a']]);
    const told = { attempts: 1, dueAt: null, toldAt: 1000, error: null };
    expect(await rig.deliveries()).toMatchObject({ 'a log': told, 'a desktop': told, 'b log': told, 'c log': told });
  });

  test('notes a notice that nobody wants as shared out', async () => {
    await using rig = await openOutboxRig();
    const log = recorder('log');
    await rig.add({ id: 'a', kind: 'account-limited' });
    await rig.add({ id: 'b' });
    rig.open([routeTo(log, { kinds: ['pool-exhausted'] })]).start();
    await rig.eventCount(1);
    expect([log.told, await rig.store.unroutedNotices()]).toEqual([['b'], []]);
  });

  test('tries again later and later, says once that the channel fails, and gives up after a day with the reason', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = fails;
    await rig.add({ id: 'a' });
    const outbox = rig.open([routeTo(webhook)]);
    outbox.start();
    const delays: number[] = [];
    for (let tries = 1; ; tries += 1) {
      await rig.saveCount(2 * tries);
      const { dueAt = null } = (await rig.deliveries())['a webhook'] ?? {};
      if (dueAt === null) break;
      delays.push(dueAt - rig.now);
      rig.now = dueAt;
      outbox.wake();
    }
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40].map((seconds) => seconds * secondMs));
    expect(delays.at(-1)).toBe(hourMs);
    expect(rig.now).toBeGreaterThanOrEqual(24 * hourMs);
    expect(rig.now).toBeLessThan(25 * hourMs);
    await rig.eventCount(2);
    expect(rig.events.map((event) => event.kind)).toEqual(['failing', 'given-up']);
    const { error, toldAt } = (await rig.deliveries())['a webhook'] ?? {};
    expect([error, toldAt]).toEqual(['hooks.test answered 500.', null]);
  });

  test('says again that a channel fails when it had not for a while', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = fails;
    await rig.add({ id: 'a' });
    const outbox = rig.open([routeTo(webhook)]);
    outbox.start();
    await rig.saveCount(2);
    webhook.answer = takes;
    rig.now = 5 * secondMs;
    outbox.wake();
    await rig.eventCount(2);
    webhook.answer = fails;
    await rig.add({ id: 'b' });
    outbox.wake();
    await rig.eventCount(3);
    expect(rig.events.map((event) => event.kind)).toEqual(['failing', 'told', 'failing']);
  });

  test('leaves a channel alone until the time that its receiver says', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = () => Promise.reject(new Problem('upstream', 'slow down', { retryAt: 3 * minuteMs }));
    await rig.add({ id: 'a' });
    const outbox = rig.open([routeTo(webhook)]);
    outbox.start();
    await rig.saveCount(2);
    webhook.answer = takes;
    await rig.add({ id: 'b' });
    rig.now = 3 * minuteMs - 1;
    await rig.pass(outbox);
    expect(await rig.deliveries()).toMatchObject({ 'a webhook': { attempts: 1 }, 'b webhook': { attempts: 0 } });
    rig.now = 3 * minuteMs;
    outbox.wake();
    await rig.eventCount(3);
    expect(webhook.told).toEqual(['a', 'b']);
  });

  test('waits no longer because the clock was set back', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = () => Promise.reject(new Problem('upstream', 'slow down', { retryAt: rig.now + minuteMs }));
    rig.now = 30 * 24 * hourMs;
    await rig.add({ id: 'a' });
    const outbox = rig.open([routeTo(webhook)]);
    outbox.start();
    await rig.saveCount(2);
    webhook.answer = takes;
    rig.now = 0;
    outbox.wake();
    await rig.eventCount(2);
    expect(webhook.told).toEqual(['a']);
  });

  test('tells a thread in order, also by a clock that was set back, and lets no other thread wait for it', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = (notice) => (notice.id === 'exhausted' ? fails() : takes());
    rig.now = hourMs;
    await rig.add({ id: 'exhausted', thread: 'episode' });
    rig.now = 0;
    await rig.add({ id: 'recovered', thread: 'episode' });
    await rig.add({ id: 'other' });
    const outbox = rig.open([routeTo(webhook)]);
    outbox.start();
    await rig.eventCount(2);
    await rig.pass(outbox);
    expect(webhook.told).toEqual(['other']);
    webhook.answer = takes;
    rig.now = hourMs;
    outbox.wake();
    await rig.eventCount(4);
    expect(webhook.told).toEqual(['other', 'exhausted', 'recovered']);
  });

  test('tells one channel one notice at a time, and waits for no channel with another', async () => {
    await using rig = await openOutboxRig();
    const [slow, quick] = [recorder('slow'), recorder('quick')];
    let inFlight = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    slow.answer = async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await gate.promise;
      inFlight -= 1;
      return null;
    };
    for (const id of ['a', 'b', 'c']) await rig.add({ id });
    rig.open([routeTo(slow), routeTo(quick)]).start();
    await rig.eventCount(3);
    expect([quick.told, slow.told]).toEqual([['a', 'b', 'c'], []]);
    gate.resolve();
    await rig.eventCount(6);
    expect([slow.told, most]).toEqual([['a', 'b', 'c'], 1]);
  });

  test('gives a channel what it called its message of this matter, and of a new matter nothing', async () => {
    await using rig = await openOutboxRig();
    const telegram = recorder('telegram');
    telegram.answer = async (notice) => `message of ${notice.id}`;
    await rig.add({ id: 'exhausted', thread: 'episode' });
    await rig.add({ id: 'recovered', kind: 'pool-recovered', thread: 'episode' });
    await rig.add({ id: 'reset', kind: 'auth-reset-done', thread: 'episode' });
    await rig.add({ id: 'limited', kind: 'account-limited', thread: 'slot' });
    await rig.add({ id: 'limited again', kind: 'account-limited', thread: 'slot' });
    rig.open([routeTo(telegram)]).start();
    await rig.eventCount(5);
    const byNotice = Object.fromEntries(telegram.told.map((id, index) => [id, telegram.references[index] ?? null]));
    expect(byNotice).toEqual({
      exhausted: null,
      recovered: 'message of exhausted',
      reset: 'message of recovered',
      limited: null,
      'limited again': null,
    });
  });

  test('gives up at once what a channel will never take, and all of one that takes nothing until the settings change', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = () => Promise.reject(new Problem('invalid', 'too long'));
    await rig.add({ id: 'a' });
    const routes = [routeTo(webhook)];
    const outbox = rig.open(routes);
    outbox.start();
    await rig.eventCount(2);
    webhook.answer = () => Promise.reject(new Problem('forbidden', 'gone'));
    await rig.add({ id: 'b' });
    await rig.add({ id: 'c' });
    outbox.wake();
    await rig.eventCount(4);
    webhook.answer = takes;
    await rig.add({ id: 'd' });
    outbox.wake();
    await rig.eventCount(5);
    outbox.configure({ routes, quiet: { from: '', to: '', timeZone: 'UTC' } });
    await rig.add({ id: 'e' });
    outbox.wake();
    await rig.eventCount(6);
    expect(webhook.told).toEqual(['e']);
    const rows = Object.values(await rig.deliveries()).toSorted((one, other) => (one.notice < other.notice ? -1 : 1));
    expect(rows.map((row) => [row.notice, row.attempts, row.error])).toEqual([
      ['a', 1, 'too long'],
      ['b', 1, 'gone'],
      ['c', 0, 'gone'],
      ['d', 0, 'gone'],
      ['e', 1, null],
    ]);
  });

  test('drops what waits for a channel that is gone, and tells a new one only what is new', async () => {
    await using rig = await openOutboxRig();
    const [webhook, desktop] = [recorder('webhook'), recorder('desktop')];
    webhook.answer = fails;
    await rig.add({ id: 'a' });
    const outbox = rig.open([routeTo(webhook)]);
    outbox.start();
    await rig.saveCount(2);
    outbox.configure({ routes: [routeTo(desktop)], quiet: { from: '', to: '', timeZone: 'UTC' } });
    await rig.eventCount(2);
    await rig.add({ id: 'b' });
    outbox.wake();
    await rig.eventCount(3);
    expect(desktop.told).toEqual(['b']);
    expect(rig.events.at(1)).toMatchObject({ kind: 'dropped', channel: 'webhook' });
    expect((await rig.deliveries())['a webhook']).toMatchObject({
      dueAt: null,
      error: 'the channel is no longer set up',
    });
  });

  test('takes a reason in without a secret, on one line', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = () => Promise.reject(new Problem('invalid', 'no:\nBearer sk-test-0123456789'));
    await rig.add({ id: 'a' });
    rig.open([routeTo(webhook)]).start();
    await rig.eventCount(2);
    expect((await rig.deliveries())['a webhook']?.error).toBe('no: Bearer sk-…');
  });

  test('takes what no channel should throw for a bug, and tries again', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = () => Promise.reject(new TypeError('https://hooks.test/secret'));
    await rig.add({ id: 'a' });
    rig.open([routeTo(webhook)]).start();
    await rig.saveCount(2);
    expect(rig.bugs).toHaveLength(1);
    expect((await rig.deliveries())['a webhook']).toMatchObject({
      dueAt: 5 * secondMs,
      error: 'It failed for a reason that the log has.',
    });
  });
});

describe('the timer of the outbox', () => {
  test('tries again when it is time, and soon after a sleep of the machine', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = fails;
    await rig.add({ id: 'a' });
    jest.useFakeTimers();
    try {
      const outbox = rig.open([routeTo(webhook)]);
      outbox.start();
      await rig.saveCount(2);
      await rig.idle(outbox);
      rig.now = 5 * secondMs;
      jest.advanceTimersByTime(5 * secondMs);
      await rig.saveCount(4);
      await rig.idle(outbox);
      webhook.answer = takes;
      // The clock has gone on, the timers have not.
      rig.now = 9 * hourMs;
      jest.advanceTimersByTime(minuteMs);
      await rig.eventCount(2);
    } finally {
      jest.useRealTimers();
    }
    expect((await rig.deliveries())['a webhook']).toMatchObject({ attempts: 3, toldAt: 9 * hourMs });
  });
});

describe('a stop of the outbox', () => {
  test('is prompt and may be repeated, and what was under way is told after the next start', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    const begun = Promise.withResolvers<void>();
    webhook.answer = () => {
      begun.resolve();
      return new Promise(() => undefined);
    };
    await rig.add({ id: 'a' });
    const first = rig.open([routeTo(webhook)]);
    await first.stop();
    first.start();
    await begun.promise;
    await Promise.all([first.stop(), first.stop()]);
    expect(rig.events).toEqual([]);
    webhook.answer = takes;
    first.start();
    await rig.eventCount(1);
    expect((await rig.deliveries())['a webhook']).toMatchObject({ attempts: 2, error: null });
  });
});

describe('a disk that takes no write', () => {
  test('lets nothing be told that could not be noted before', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    await rig.add({ id: 'a' });
    rig.faulty.saveDelivery = () => Promise.reject(new Error('disk full'));
    const outbox = rig.open([routeTo(webhook)]);
    outbox.start();
    await rig.bugCount(1);
    delete rig.faulty.saveDelivery;
    rig.now = minuteMs;
    outbox.wake();
    await rig.eventCount(1);
    expect([webhook.told, (await rig.deliveries())['a webhook']?.attempts]).toEqual([['a'], 1]);
  });

  test('repeats nothing that was told and could not be noted, but after a crash', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    await rig.add({ id: 'a' });
    rig.faulty.saveDelivery = (delivery) =>
      delivery.toldAt === null ? rig.store.saveDelivery(delivery) : Promise.reject(new Error('disk full'));
    const first = rig.open([routeTo(webhook)]);
    first.start();
    await rig.eventCount(1);
    await rig.add({ id: 'b' });
    first.wake();
    await rig.eventCount(1);
    await first.stop();
    delete rig.faulty.saveDelivery;
    expect(webhook.told).toEqual(['a']);
    first.start();
    await rig.eventCount(2);
    await first.stop();
    expect(webhook.told).toEqual(['a', 'b']);
    expect((await rig.deliveries())['a webhook']?.toldAt).toBe(0);
    // As if the process had ended between the receiver's word and our note.
    await rig.store.saveDelivery({ ...(await deliveryOf(rig, 'b webhook')), dueAt: 0, toldAt: null });
    rig.open([routeTo(webhook)]).start();
    await rig.eventCount(3);
    expect(webhook.told).toEqual(['a', 'b', 'b']);
  });

  test('stops nothing for longer than it lasts: what is new is shared out a minute later', async () => {
    await using rig = await openOutboxRig();
    const log = recorder('log');
    rig.faulty.unroutedNotices = () => Promise.reject(new Error('disk I/O error'));
    await rig.add({ id: 'a' });
    const outbox = rig.open([routeTo(log)]);
    jest.useFakeTimers();
    try {
      outbox.start();
      await rig.bugCount(1);
      delete rig.faulty.unroutedNotices;
      await Promise.resolve();
      jest.advanceTimersByTime(minuteMs);
    } finally {
      jest.useRealTimers();
    }
    await rig.eventCount(1);
    expect(log.told).toEqual(['a']);
  });
});

describe('a test notice', () => {
  test('is told at once on its channel alone, and is no part of what was told', async () => {
    await using rig = await openOutboxRig();
    const [log, webhook] = [recorder('log'), recorder('webhook')];
    const outbox = rig.open([routeTo(log), routeTo(webhook, { kinds: [] })], {
      from: '00:00',
      to: '23:59',
      timeZone: 'UTC',
    });
    await outbox.test('webhook');
    expect([log.told, webhook.told]).toEqual([[], [expect.stringMatching(/^test-/)]]);
    expect([rig.events, await rig.store.recentNotices(9)]).toEqual([[], []]);
  });

  test('says why it was not told', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    const outbox = rig.open([routeTo(webhook)]);
    webhook.answer = fails;
    await expect(outbox.test('webhook')).rejects.toMatchObject({
      code: 'upstream',
      message: 'hooks.test answered 500.',
    });
    webhook.answer = () => Promise.reject(new TypeError('bug'));
    await expect(outbox.test('webhook')).rejects.toMatchObject({ code: 'internal' });
    await expect(outbox.test('pager')).rejects.toMatchObject({
      code: 'not_found',
      hint: expect.stringContaining('webhook'),
    });
  });

  test('that arrives opens a channel again that had been given up', async () => {
    await using rig = await openOutboxRig();
    const webhook = recorder('webhook');
    webhook.answer = () => Promise.reject(new Problem('forbidden', 'gone'));
    await rig.add({ id: 'a' });
    const outbox = rig.open([routeTo(webhook)]);
    outbox.start();
    await rig.eventCount(2);
    webhook.answer = takes;
    await outbox.test('webhook');
    await rig.add({ id: 'b' });
    outbox.wake();
    await rig.eventCount(3);
    expect(webhook.told.at(-1)).toBe('b');
  });
});

async function deliveryOf(rig: Awaited<ReturnType<typeof openOutboxRig>>, key: string) {
  const found = (await rig.deliveries())[key];
  if (found === undefined) throw new Error(`no delivery ${key}`);
  return found;
}
