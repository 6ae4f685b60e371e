import { describe, expect, test } from 'bun:test';
import { buildAccount, idOf } from '../../test/builders.ts';
import { kindsIn } from '../../test/episode-rig.ts';
import { readAll, startRig, type Rig } from '../../test/gateway-rig.ts';
import type { BookStore } from '../book/ports.ts';
import { removeAccount, saveAccount } from '../book/roster.ts';
import { asSessionId } from '../core/ids.ts';

describe('100 requests that meet a limit together', () => {
  test('are all served, and the closed account gets nothing once its first 429 was read', async () => {
    await using rig = await startRig();
    rig.simulator.changeCredential('a', { windows: [{ name: 'five_hour', limit: 20 }] });
    const responses = await Promise.all(herd(100).map((session) => rig.ask({ session })));
    const bodies = await Promise.all(responses.map((response) => response.json()));
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
    expect(bodies.every((body) => (body as { type: string }).type === 'message')).toBe(true);
    expectNoSendAfterClose(rig);
    expect(rig.events.map(({ kind }) => kind)).toEqual(['closed']);
    expectIdle(rig);
  });

  test('while others keep arriving do not send these to the closed account either', async () => {
    await using rig = await startRig({ accounts: ['a', 'b', 'c'] });
    rig.simulator.changeCredential('a', { windows: [{ name: 'five_hour', limit: 150 }] });
    rig.simulator.changeCredential('b', { windows: [{ name: 'seven_day', limit: 100 }] });
    const statuses: number[] = [];
    const client = async (name: string): Promise<void> => {
      for (let turn = 0; turn < 12; turn += 1) statuses.push((await rig.ask({ session: `${name}-${turn}` })).status);
    };
    await Promise.all(herd(30).map(client));
    expect(statuses).toEqual(Array.from({ length: 360 }, () => 200));
    expectNoSendAfterClose(rig);
    expect(rig.events.map(({ kind }) => kind)).toEqual(['closed', 'closed']);
  });

  test('ramp up on the next account, one first and soon all', async () => {
    await using rig = await startRig({ scenario: { deltaDelayMs: 5 } });
    rig.simulator.inject({ kind: 'five_hour', credential: 'a', times: 'always' });
    const first = rig.simulator.nextRequest(({ credential }) => credential === 'b');
    const responses = Promise.all(herd(100).map((session) => rig.ask({ session, stream: true })));
    await first;
    expect(rig.book.state.accounts.get(idOf('b'))?.inFlight).toBe(1);
    for (const response of await responses) await response.text();
    expect(rig.records.every(({ outcome }) => outcome === 'served')).toBe(true);
    const queued = rig.records.map(({ queuedMs }) => queuedMs);
    expect(Math.max(...queued)).toBeGreaterThan(0);
    expect(Math.max(...queued)).toBeLessThan(20_000);
    expectIdle(rig);
  });

  test('begin one episode, and the first request that is served again ends it', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'five_hour', times: 'always', resetInSeconds: 60 });
    const responses = await Promise.all(herd(100).map((session) => rig.ask({ session })));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([429]));
    await rig.book.journal.written();
    expect(await kindsIn(rig.book.store)).toEqual(['pool-exhausted']);
    expect(edgesOf(rig)).toEqual(['exhausted']);
    rig.simulator.clearFaults();
    rig.advance(61_000);
    expect(edgesOf(rig)).toEqual(['exhausted']);
    await Promise.all(herd(100).map((session) => rig.ask({ session })));
    expect(edgesOf(rig)).toEqual(['exhausted', 'recovered']);
    await rig.book.journal.written();
    expect(await kindsIn(rig.book.store)).toEqual(['pool-exhausted', 'pool-recovered request']);
    expectIdle(rig);
  });

  test('that were held are all served once an account opens', async () => {
    await using rig = await startRig({ accounts: ['a'], holdMs: 240_000 });
    rig.simulator.inject({ kind: 'five_hour', times: 'always', resetInSeconds: 60 });
    const exhausted = rig.nextEvent(({ kind }) => kind === 'exhausted');
    const responses = await Promise.all(herd(50).map((session) => rig.ask({ session, stream: true })));
    await exhausted;
    rig.simulator.clearFaults();
    const sends = rig.sends().length;
    rig.advance(61_000);
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(texts.filter((text) => text.includes('event: message_stop'))).toHaveLength(50);
    expect(rig.sends()).toHaveLength(sends + 50);
    expect(edgesOf(rig)).toEqual(['exhausted', 'recovered']);
    expectIdle(rig);
  });
});

describe('an account that closes while a request waits to be sent to it again', () => {
  test('does not get that request', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'overloaded', credential: 'a' });
    const overloaded = rig.simulator.nextRequest();
    const first = rig.ask({ session: 'one' });
    await overloaded;
    rig.simulator.inject({ kind: 'five_hour', credential: 'a', times: 'always' });
    expect((await rig.ask({ session: 'two' })).headers.get('stint-account')).toBe('anthropic/b');
    expect((await first).headers.get('stint-account')).toBe('anthropic/b');
    expect(rig.sends()).toEqual(['a', 'a', 'b', 'b']);
    expectNoSendAfterClose(rig);
  });

  test.each([
    ['disabled', (rig: Rig) => saveAccount(rig.book, { ...buildAccount('a'), standing: 'disabled' })],
    ['removed', (rig: Rig) => removeAccount(rig.book, idOf('a'))],
  ])('does not get it either when it was %s', async (...[, change]) => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'overloaded', credential: 'a' });
    const overloaded = rig.simulator.nextRequest();
    const first = rig.ask();
    await overloaded;
    await change(rig);
    expect((await first).headers.get('stint-account')).toBe('anthropic/b');
    expect(rig.sends()).toEqual(['a', 'b']);
    expect(rig.bugs).toEqual([]);
  });

  test('does not get a request either that was waiting for the store', async () => {
    const [saving, saved] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const wrapStore = (store: BookStore): BookStore => ({
      ...store,
      saveSession: async (session) => {
        if (session.id === asSessionId('late')) {
          saving.resolve();
          await saved.promise;
        }
        await store.saveSession(session);
      },
    });
    await using rig = await startRig({ wrapStore });
    rig.simulator.changeCredential('a', { windows: [{ name: 'five_hour', limit: 0 }] });
    rig.simulator.inject({ kind: 'slow', delayMs: 50 });
    const sent = rig.simulator.nextRequest();
    const first = rig.ask({ session: 'early' });
    await sent;
    const closed = rig.nextEvent(({ kind }) => kind === 'closed');
    const second = rig.ask({ session: 'late' });
    await Promise.all([saving.promise, closed]);
    saved.resolve();
    expect((await first).status).toBe(200);
    expect((await second).headers.get('stint-tries')).toBe('1');
    expect(rig.sends()).toEqual(['a', 'b', 'b']);
  });

  test('leaves a request that is in flight its answer when it is removed', async () => {
    await using rig = await startRig({ scenario: { deltaDelayMs: 10 } });
    const response = await rig.ask({ stream: true });
    await removeAccount(rig.book, idOf('a'));
    expect((await readAll(response)).text).toContain('event: message_stop');
    expect(rig.bugs).toEqual([]);
  });
});

function herd(size: number): string[] {
  return Array.from({ length: size }, (_, index) => `session-${index}`);
}

function expectNoSendAfterClose({ order }: Rig): void {
  const closed = order.filter((each) => each.startsWith('closed')).map((each) => each.slice('closed '.length));
  expect(closed.length).toBeGreaterThan(0);
  for (const label of closed) expect(order.slice(order.indexOf(`closed ${label}`))).not.toContain(`send ${label}`);
}

function edgesOf(rig: Rig): string[] {
  return rig.events.map(({ kind }) => kind).filter((kind) => kind === 'exhausted' || kind === 'recovered');
}

function expectIdle(rig: Rig): void {
  expect([...rig.book.state.accounts.values()].map(({ inFlight }) => inFlight)).toEqual(
    [0, 0].slice(0, rig.book.state.accounts.size),
  );
  expect(rig.gateway.active).toBe(0);
  expect(rig.bugs).toEqual([]);
}
