import { describe, expect, test } from 'bun:test';
import { noQuiet, openOutboxRig, recorder, routeTo } from '../../test/outbox-rig.ts';
import { Problem } from '../core/problem.ts';
import { hourMs, minuteMs } from '../core/time.ts';

const night = { from: '22:00', to: '07:00', timeZone: 'UTC' };
/** Of the day after 1970-01-01, and of the next. */
const at = (hour: number) => (24 + hour) * hourMs;
const evening = at(21);
const quiet = at(23);
const morning = at(31);
const waits = 'it waits for the end of the quiet hours';

describe('in quiet hours', () => {
  test('only the log is told, and the rest when they end, also after a restart', async () => {
    await using rig = await openOutboxRig();
    const [log, telegram] = [recorder('log'), recorder('telegram')];
    const routes = [routeTo(log, { always: true }), routeTo(telegram)];
    rig.now = quiet;
    await rig.add({ id: 'a' });
    const first = rig.open(routes, night);
    first.start();
    await rig.eventCount(1);
    rig.now = morning - 1;
    await rig.pass(first);
    expect([log.told, telegram.told]).toEqual([['a'], []]);
    expect((await rig.deliveries())['a telegram']).toMatchObject({ attempts: 0, dueAt: morning, error: waits });
    await first.stop();
    rig.now = morning;
    rig.open(routes, night).start();
    await rig.eventCount(2);
    expect(telegram.told).toEqual(['a']);
    expect((await rig.deliveries())['a telegram']).toMatchObject({ attempts: 1, toldAt: morning, error: null });
  });

  test('a notice that a later one of its thread follows is dropped, and the thread is told once', async () => {
    await using rig = await openOutboxRig();
    const telegram = recorder('telegram');
    rig.now = quiet;
    const outbox = rig.open([routeTo(telegram)], night);
    outbox.start();
    await rig.add({ id: 'recovered', kind: 'pool-recovered', thread: 'episode' });
    await rig.add({ id: 'needs-login', kind: 'account-needs-login' });
    await rig.pass(outbox);
    rig.now += hourMs;
    await rig.add({ id: 'reset', kind: 'auth-reset-failed', thread: 'episode' });
    await rig.pass(outbox);
    rig.now = morning;
    await rig.pass(outbox);
    await rig.eventCount(3);
    expect(telegram.told.toSorted()).toEqual(['needs-login', 'reset']);
    expect((await rig.deliveries())['recovered telegram']).toMatchObject({
      attempts: 0,
      dueAt: null,
      toldAt: null,
      error: 'a later notice took its place in the quiet hours',
    });
  });

  test('what began and was over in them is told to nobody but the log', async () => {
    await using rig = await openOutboxRig();
    const [log, telegram] = [recorder('log'), recorder('telegram')];
    rig.now = quiet;
    const outbox = rig.open([routeTo(log, { always: true }), routeTo(telegram)], night);
    outbox.start();
    await rig.add({ id: 'exhausted', kind: 'pool-exhausted', thread: 'episode' });
    await rig.pass(outbox);
    rig.now += hourMs;
    await rig.add({ id: 'recovered', kind: 'pool-recovered', thread: 'episode' });
    await rig.pass(outbox);
    rig.now = morning;
    await rig.pass(outbox);
    await rig.eventCount(4);
    expect([log.told, telegram.told]).toEqual([['exhausted', 'recovered'], []]);
    expect((await rig.deliveries())['recovered telegram']).toMatchObject({
      ...{ attempts: 0, dueAt: null, toldAt: null },
      error: 'it began and was over in the quiet hours',
    });
  });

  test('the end of what was told in the evening waits for the morning', async () => {
    await using rig = await openOutboxRig();
    const telegram = recorder('telegram');
    telegram.answer = async ({ id }) => `message of ${id}`;
    rig.now = evening;
    const outbox = rig.open([routeTo(telegram)], night);
    outbox.start();
    await rig.add({ id: 'exhausted', thread: 'episode' });
    outbox.wake();
    await rig.eventCount(1);
    rig.now = quiet;
    await rig.add({ id: 'recovered', kind: 'pool-recovered', thread: 'episode' });
    await rig.pass(outbox);
    rig.now = morning;
    outbox.wake();
    await rig.eventCount(2);
    expect([telegram.told, telegram.references]).toEqual([
      ['exhausted', 'recovered'],
      [null, 'message of exhausted'],
    ]);
  });

  test('what no longer holds when they end is told to nobody, and lets its thread go on', async () => {
    await using rig = await openOutboxRig();
    const telegram = recorder('telegram');
    rig.now = quiet;
    const outbox = rig.open([routeTo(telegram)], night);
    outbox.start();
    await rig.add({ id: 'limited', kind: 'account-limited', thread: 'slot' });
    await rig.add({ id: 'exhausted' });
    await rig.pass(outbox);
    rig.holds = ({ id }) => id !== 'limited';
    rig.now = morning + minuteMs;
    await rig.add({ id: 'limited again', kind: 'account-limited', thread: 'slot' });
    outbox.wake();
    await rig.eventCount(3);
    expect(telegram.told.toSorted()).toEqual(['exhausted', 'limited again']);
    expect((await rig.deliveries())['limited telegram']?.error).toBe('it was over before the quiet hours were');
  });

  test('what holds no longer by day is told nevertheless', async () => {
    await using rig = await openOutboxRig();
    const telegram = recorder('telegram');
    rig.holds = () => false;
    rig.now = evening;
    await rig.add({ id: 'exhausted' });
    rig.open([routeTo(telegram)], night).start();
    await rig.eventCount(1);
    expect(telegram.told).toEqual(['exhausted']);
  });

  test('nothing is tried again that failed in the evening', async () => {
    await using rig = await openOutboxRig();
    const telegram = recorder('telegram');
    telegram.answer = () => Promise.reject(new Problem('upstream', 'down'));
    rig.now = at(22) - 1;
    await rig.add({ id: 'a' });
    const outbox = rig.open([routeTo(telegram)], night);
    outbox.start();
    await rig.saveCount(2);
    telegram.answer = async () => null;
    rig.now = quiet;
    await rig.pass(outbox);
    expect(telegram.told).toEqual([]);
    expect((await rig.deliveries())['a telegram']).toMatchObject({ attempts: 1, dueAt: morning, error: waits });
    rig.now = morning;
    outbox.wake();
    await rig.eventCount(2);
    expect(telegram.told).toEqual(['a']);
  });

  test('that are lifted or moved let go, or hold, what waits', async () => {
    await using rig = await openOutboxRig();
    const telegram = recorder('telegram');
    const routes = [routeTo(telegram)];
    rig.now = quiet;
    await rig.add({ id: 'a' });
    const outbox = rig.open(routes, night);
    outbox.start();
    await rig.saveCount(1);
    outbox.configure({ routes, quiet: { ...night, to: '09:00' } });
    await rig.saveCount(2);
    expect((await rig.deliveries())['a telegram']?.dueAt).toBe(morning + 2 * hourMs);
    outbox.configure({ routes, quiet: noQuiet });
    await rig.eventCount(1);
    expect(telegram.told).toEqual(['a']);
  });
});
