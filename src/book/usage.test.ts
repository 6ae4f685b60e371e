// The usage endpoint of the simulator, asked on a clock that only the test moves.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, buildPool, captured, idOf } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asSessionId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import { providers } from '../providers/registry.ts';
import { startAnthropicSimulator, type Simulator } from '../simulator/anthropic/simulator.ts';
import { Credentials } from './credentials.ts';
import { addAccount, clearAccount, savePool } from './roster.ts';
import { UsagePoller, type UsageEvent } from './usage.ts';

const minute = 60_000;
const hour = 60 * minute;
const usagePath = '/api/oauth/usage';
const id = idOf('a');

type Rig = AsyncDisposable & {
  readonly opened: OpenedBook;
  readonly simulator: Simulator;
  readonly events: UsageEvent[];
  readonly bugs: unknown[];
  /** Moves the clock, looks who is due, and returns how often the endpoint has been asked in all. */
  pollAfter(byMs: number): Promise<number>;
  /** Moves the clock, asks for the account before its time, and returns how often the endpoint has been asked in all. */
  askAfter(byMs: number): Promise<number>;
  observe(signal: Signal): Promise<void>;
  /** As a request does that is served. */
  serve(): Promise<void>;
};

/** Account `a` with a login, alone in its pool. */
async function openRig({ credential = 'login', scopes = ['user:profile'] } = {}): Promise<Rig> {
  const folder = temporaryFolder();
  const opened = await openBook({ path: join(folder.path, 'stint.db'), now: captured });
  const { book } = opened;
  const secret = 'sk-ant-oat01-test-usage';
  const login = { refreshToken: 'sk-ant-ort01-test-usage', lifetimeMs: 30 * 24 * hour };
  const simulator = startAnthropicSimulator({
    now: () => opened.now,
    scenario: { credentials: [{ name: 'a', secret, login, windows: [{ name: 'five_hour', limit: 100 }] }] },
  });
  await addAccount(book, buildAccount('a', { credential, baseUrl: simulator.url }));
  await savePool(book, buildPool([id]));
  const expiresAt = captured + 30 * 24 * hour;
  const text = JSON.stringify({ accessToken: secret, refreshToken: login.refreshToken, expiresAt, scopes });
  const secrets = { read: () => text, swap: () => Promise.resolve(false) };
  const random = (): number => 0;
  const credentials = new Credentials({ book, secrets, providers, fetch, random, tell: () => undefined });
  const events: UsageEvent[] = [];
  const bugs: unknown[] = [];
  const deps = { book, credentials, providers, fetch, random };
  const poller = new UsagePoller({
    ...deps,
    tell: (event) => events.push(event),
    bug: (error) => bugs.push(error),
  });
  const asked = (): number => simulator.requests.filter(({ path }) => path === usagePath).length;
  return {
    opened,
    simulator,
    events,
    bugs,
    pollAfter: async (byMs) => {
      opened.now += byMs;
      await poller.poll();
      return asked();
    },
    askAfter: async (byMs) => {
      opened.now += byMs;
      await poller.askNow(id);
      return asked();
    },
    observe: async (signal) => {
      await book.observe({ account: id, model: null, sentAt: opened.now, signals: [signal], served: false });
    },
    serve: async () => {
      const { pool } = { pool: book.pool(buildPool([]).name) };
      if (pool === undefined) throw new Error('the pool is missing');
      await book.begin({ pool, session: asSessionId('s'), model: null }, id, { probe: false, failover: false });
      book.end(id, { probe: false });
    },
    [Symbol.asyncDispose]: async () => {
      poller.stop();
      await opened[Symbol.asyncDispose]();
      simulator.stop();
      folder[Symbol.dispose]();
    },
  };
}

const closedFor = (byMs: number, now: number): Signal => ({
  kind: 'closed',
  window: 'five_hour',
  family: null,
  overage: false,
  until: now + byMs,
  evidence: 'five_hour rejected',
});

describe('a usage endpoint', () => {
  test('is asked of an account that served in the last hour, every five minutes', async () => {
    await using rig = await openRig();
    expect(await rig.pollAfter(minute)).toBe(0);
    await rig.serve();
    expect(await rig.pollAfter(1000)).toBe(1);
    expect(rig.opened.book.account(id).readings.get('five_hour|*')).toMatchObject({
      utilization: 0,
      at: rig.opened.now,
    });
    expect(await rig.pollAfter(5 * minute - 1)).toBe(1);
    expect(await rig.pollAfter(1)).toBe(2);
    expect(await rig.pollAfter(hour)).toBe(2);
  });

  test('is asked once at a time', async () => {
    await using rig = await openRig();
    await rig.serve();
    const both = await Promise.all([rig.pollAfter(0), rig.pollAfter(0)]);
    expect(Math.max(...both)).toBe(1);
  });

  test.each([
    ['a setup token', { credential: 'setup-token' }],
    ['a login without the scope', { scopes: ['user:inference'] }],
  ])('is not asked of %s', async (_, options) => {
    await using rig = await openRig(options);
    await rig.serve();
    expect(await rig.pollAfter(0)).toBe(0);
    expect(rig.bugs).toEqual([]);
  });

  test.each([
    { kind: 'retry_after_only', retryAfterSeconds: 0 } as const,
    { kind: 'expired_token' } as const,
    { kind: 'garbage_body' } as const,
    { kind: 'bad_gateway_html' } as const,
    { kind: 'cut_before_head' } as const,
  ])('that fails as %j says nothing of the account, and is asked less often', async (fault) => {
    await using rig = await openRig();
    rig.simulator.inject({ ...fault, path: usagePath, times: 2 });
    await rig.serve();
    const before = { ...rig.opened.book.account(id).account };
    expect(await rig.pollAfter(0)).toBe(1);
    expect(await rig.pollAfter(9 * minute)).toBe(1);
    expect(await rig.pollAfter(minute)).toBe(2);
    expect(await rig.pollAfter(19 * minute)).toBe(2);
    expect(await rig.pollAfter(minute)).toBe(3);
    expect(rig.events).toHaveLength(2);
    const { account, limits, readings } = rig.opened.book.account(id);
    expect([account, limits.size, readings.size > 0]).toEqual([before, 0, true]);
    expect(JSON.stringify(rig.events)).not.toContain('sk-ant');
  });
});

describe('an account that may be open again', () => {
  test('is asked at once, and not again within five minutes, be it that others ask', async () => {
    await using rig = await openRig();
    const counts = [await rig.askAfter(0), await rig.askAfter(5 * minute - 1), await rig.askAfter(1)];
    expect(counts).toEqual([1, 1, 2]);
    await rig.serve();
    expect([await rig.pollAfter(minute), await rig.askAfter(4 * minute)]).toEqual([2, 3]);
  });

  test('is asked less often while it gets no answer', async () => {
    await using rig = await openRig();
    rig.simulator.inject({ kind: 'bad_gateway_html', path: usagePath, times: 'always' });
    const counts = [await rig.askAfter(0), await rig.askAfter(10 * minute - 1), await rig.askAfter(1)];
    expect(counts).toEqual([1, 1, 2]);
  });

  test.each<[string, { credential?: string }, readonly Signal[]]>([
    ['a setup token', { credential: 'setup-token' }, []],
    ['a login that was refused', {}, [{ kind: 'refused', evidence: 'HTTP 401' }]],
  ])('is not asked by %s', async (_, options, signals) => {
    await using rig = await openRig(options);
    for (const signal of signals) await rig.observe(signal);
    expect(await rig.askAfter(minute)).toBe(0);
  });

  test('has not recovered by the word of an endpoint that calls a window of it full', async () => {
    await using rig = await openRig();
    const full = { name: 'five_hour', limit: 10, used: 'all', resetAt: captured + hour } as const;
    rig.simulator.changeCredential('a', { windows: [full, { name: 'seven_day', limit: 10 }] });
    await rig.observe(closedFor(hour, captured));
    rig.opened.now += 2 * minute;
    await clearAccount(rig.opened.book, id);
    // It is not idle, so that the endpoint closes nothing either.
    await rig.serve();
    expect(await rig.askAfter(1)).toBe(1);
    expect(rig.opened.book.state.episodes.size).toBe(1);
    rig.simulator.changeCredential('a', { windows: [{ name: 'five_hour', used: 0 }] });
    expect(await rig.askAfter(5 * minute)).toBe(2);
    expect(rig.opened.events.at(-1)).toMatchObject({ kind: 'recovered', episode: { verifiedBy: 'usage' } });
  });
});

describe('an account without money', () => {
  test('has not recovered by the word of an endpoint that knows its plan only', async () => {
    await using rig = await openRig();
    await rig.observe({ ...closedFor(0, 0), window: 'credits', until: null } as Signal);
    rig.opened.now += 2 * minute;
    expect(await rig.askAfter(1)).toBe(1);
    expect(rig.opened.events.map(({ kind }) => kind)).toEqual(['closed', 'exhausted']);
  });
});

describe('a limit of days', () => {
  test('is believed, asked about every fifteen minutes, and freed by an early reset, which ends the episode', async () => {
    await using rig = await openRig();
    rig.simulator.changeCredential('a', {
      windows: [{ name: 'five_hour', used: 'all', resetAt: captured + 72 * hour }],
    });
    await rig.observe(closedFor(72 * hour, captured));
    expect(rig.opened.events.map(({ kind }) => kind)).toEqual(['closed', 'exhausted']);
    expect(await rig.pollAfter(minute)).toBe(1);
    expect(await rig.pollAfter(15 * minute - 1)).toBe(1);
    rig.simulator.changeCredential('a', { windows: [{ name: 'five_hour', used: 0 }] });
    const woken = rig.opened.book.waitForTurn(captured + 72 * hour, new AbortController().signal);
    expect(await rig.pollAfter(1)).toBe(2);
    await woken;
    expect(rig.opened.events.map(({ kind }) => kind)).toEqual(['closed', 'exhausted', 'opened', 'recovered']);
    expect(rig.opened.book.state.episodes.size).toBe(0);
  });

  test('does not end the episode while another window closes the account', async () => {
    await using rig = await openRig();
    await rig.observe(closedFor(72 * hour, captured));
    await rig.observe({ ...closedFor(72 * hour, captured), window: 'seven_day_of_a_team' } as Signal);
    await rig.pollAfter(16 * minute);
    expect(rig.opened.events.map(({ kind }) => kind)).toEqual(['closed', 'exhausted', 'closed', 'opened']);
    expect(rig.opened.book.state.episodes.size).toBe(1);
  });

  test('that an answer has just told is not taken back by an endpoint that lags', async () => {
    await using rig = await openRig();
    await rig.observe(closedFor(72 * hour, captured));
    expect(await rig.pollAfter(4 * minute)).toBe(1);
    expect(rig.opened.events.map(({ kind }) => kind)).toEqual(['closed', 'exhausted']);
    expect(await rig.pollAfter(15 * minute)).toBe(2);
    expect(rig.opened.events.map(({ kind }) => kind)).toEqual(['closed', 'exhausted', 'opened', 'recovered']);
  });
});

describe('a window that is used up elsewhere', () => {
  test.each([
    ['closes an account that is idle', 11, ['closed', 'exhausted']],
    ['does not close one that has just served', 9, []],
  ])('%s', async (_, idleMinutes, events) => {
    await using rig = await openRig();
    await rig.serve();
    rig.simulator.changeCredential('a', { windows: [{ name: 'five_hour', used: 'all' }] });
    expect(await rig.pollAfter(idleMinutes * minute)).toBe(1);
    expect(rig.opened.events.map(({ kind }) => String(kind))).toEqual(events);
    expect(rig.opened.book.account(id).readings.get('five_hour|*')?.utilization).toBe(1);
  });
});
