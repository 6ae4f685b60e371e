import { describe, expect, jest, test } from 'bun:test';
import { idOf } from '../../test/builders.ts';
import { errorOf, eventsOf, readAll, startRig, type Rig } from '../../test/gateway-rig.ts';
import { clearAccount } from '../book/roster.ts';
import type { FaultInput } from '../simulator/anthropic/fault.ts';

const holdMs = 240_000;

describe('a request that finds every account closed', () => {
  test('is held with pings and served when the first account opens', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const { response, first, rest } = await startHeld(rig, { stream: true });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toStartWith('text/event-stream');
    expect(first).toBe('event: ping\ndata: {"type": "ping"}\n\n');
    const ended = rig.nextRecord();
    rig.advance(61_000);
    const { text, broken } = await rest();
    expect(broken).toBe(false);
    const events = eventsOf(text);
    expect(events.filter((name) => name === 'message_start')).toHaveLength(1);
    expect(events.at(-1)).toBe('message_stop');
    const record = await ended;
    expect(record).toMatchObject({ outcome: 'served', status: 200, account: 'anthropic/b' });
    expect(record.heldMs).toBeGreaterThanOrEqual(60_000);
  });

  test('that is not streamed is held with newlines before its JSON', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const { response, first, rest } = await startHeld(rig, {});
    expect({ status: response.status, type: response.headers.get('content-type'), first }).toEqual({
      status: 200,
      type: 'application/json',
      first: '\n',
    });
    rig.advance(61_000);
    const { text } = await rest();
    expect(JSON.parse(`\n${text}`)).toMatchObject({ type: 'message', role: 'assistant' });
    expect(text.trim().startsWith('{')).toBe(true);
  });

  test('keeps its client alive while it waits', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    jest.useFakeTimers();
    try {
      const [streamed, whole] = await Promise.all([startHeld(rig, { stream: true }), startHeld(rig, {})]);
      for (let times = 0; times < 3; times += 1) {
        jest.advanceTimersByTime(5000);
        const pings = await Promise.all([streamed.next(), whole.next()]);
        expect(pings).toEqual(['event: ping\ndata: {"type": "ping"}\n\n', '\n']);
      }
      streamed.client.abort();
      whole.client.abort();
    } finally {
      jest.useRealTimers();
    }
  });

  test('is told nothing in headers of what it went through', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const { response, client } = await startHeld(rig, { stream: true });
    expect([...response.headers.keys()].filter((name) => name.startsWith('stint-'))).toEqual([]);
    client.abort();
  });

  test('goes on as soon as an operator clears an account', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const { rest } = await startHeld(rig, { stream: true });
    await clearAccount(rig.book, idOf('b'));
    expect(eventsOf((await rest()).text).at(-1)).toBe('message_stop');
    expect(rig.sends().at(-1)).toBe('b');
  });

  test('is held on when the account that opened closes again', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const { rest } = await startHeld(rig, { stream: true });
    const closedAgain = rig.nextEvent((event) => event.kind === 'closed' && event.limit.account === idOf('a'));
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 100, times: 2 });
    rig.advance(61_000);
    await closedAgain;
    // Another request's round trip: by its end the first is held again.
    expect((await rig.ask({ method: 'HEAD', path: '/' })).status).toBe(200);
    rig.advance(101_000);
    expect(eventsOf((await rest()).text).at(-1)).toBe('message_stop');
    expect(rig.sends()).toEqual(['a', 'b', 'b', 'a', 'a']);
  });

  test('that arrives while a request is under way is held too: the limit itself is met inside it', async () => {
    await using rig = await startRig({ accounts: ['a'], holdMs });
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 60 });
    const { rest } = await startHeld(rig, { stream: true });
    rig.advance(61_000);
    expect(eventsOf((await rest()).text).at(-1)).toBe('message_stop');
    expect(rig.events.map(({ kind }) => kind)).toEqual(['closed', 'exhausted', 'opened', 'recovered']);
  });

  test('waits for nobody once its client is gone', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const sends = rig.sends().length;
    const { client } = await startHeld(rig, { stream: true });
    const ended = rig.nextRecord();
    client.abort();
    expect(await ended).toMatchObject({ outcome: 'aborted' });
    rig.advance(61_000);
    expect((await rig.ask()).status).toBe(200);
    expect(rig.sends()).toHaveLength(sends + 1);
    expect(rig.gateway.active).toBe(0);
  });

  test('that only counts tokens is answered by a closed account', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const response = await rig.ask({ path: '/v1/messages/count_tokens' });
    expect([response.status, response.headers.get('stint-account')]).toEqual([200, 'anthropic/b']);
    expect(rig.book.state.sessions.size).toBe(1);
  });
});

describe('a hold that ends in an error', () => {
  test.each<[string, FaultInput, string]>([
    ['from the provider', { kind: 'invalid_request' }, 'invalid_request_error'],
    ['from the provider, compressed', { kind: 'invalid_request', encoding: 'gzip' }, 'invalid_request_error'],
    ['of a provider without capacity', { kind: 'overloaded', times: 'always' }, 'overloaded_error'],
    ['of a network that is down', { kind: 'cut_before_head', times: 'always' }, 'api_error'],
    ['that is the page of a proxy', { kind: 'bad_gateway_html', times: 'always' }, 'api_error'],
    ['of a limit that lasts longer than the hold', { kind: 'five_hour', times: 2 }, 'rate_limit_error'],
  ])('%s tells it in the stream and as JSON', async (...[, fault, type]) => {
    const play = async (stream: boolean) => {
      await using rig = await startRig({ holdMs });
      await close(rig, { resetInSeconds: 60 });
      const { rest } = await startHeld(rig, { stream });
      rig.simulator.inject(fault);
      const ended = rig.nextRecord();
      rig.advance(61_000);
      const { text, broken } = await rest();
      expect(broken).toBe(false);
      const json = stream ? lastErrorEvent(text) : text;
      expect(JSON.parse(json)).toMatchObject({ type: 'error', error: { type } });
      expect((await ended).outcome).not.toBe('served');
    };
    await Promise.all([play(true), play(false)]);
  });

  test('inside 200 tells it as one event', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const { rest } = await startHeld(rig, { stream: true });
    rig.simulator.inject({ kind: 'error_event_before_content', times: 'always' });
    const ended = rig.nextRecord();
    rig.advance(61_000);
    const { text, broken } = await rest();
    expect(broken).toBe(false);
    expect(JSON.parse(lastErrorEvent(text))).toMatchObject({ error: { type: 'overloaded_error' } });
    expect(await ended).toMatchObject({ outcome: 'failed' });
  });

  test('of our own is logged, and told without its stack', async () => {
    let broken = false;
    const random = (): number => {
      if (broken) throw new Error('a bug of the test');
      return 0;
    };
    for (const stream of [true, false]) {
      await using rig = await startRig({ holdMs, random });
      await close(rig, { resetInSeconds: 60 });
      const { rest } = await startHeld(rig, { stream });
      rig.simulator.inject({ kind: 'overloaded' });
      broken = true;
      const ended = rig.nextRecord();
      rig.advance(61_000);
      const { text } = await rest();
      expect(JSON.parse(stream ? lastErrorEvent(text) : text)).toMatchObject({ error: { type: 'api_error' } });
      expect(text).not.toContain('a bug of the test');
      expect((await ended).outcome).toBe('internal');
      rig.simulator.inject({ kind: 'overloaded' });
      const response = await rig.ask();
      expect({ status: response.status, type: (await errorOf(response)).type }).toEqual({
        status: 500,
        type: 'api_error',
      });
      expect(rig.bugs).toHaveLength(2);
      expect(rig.gateway.active).toBe(0);
      broken = false;
    }
  });

  test('after content breaks the stream as without a hold', async () => {
    await using rig = await startRig({ holdMs });
    await close(rig, { resetInSeconds: 60 });
    const { rest } = await startHeld(rig, { stream: true });
    rig.simulator.inject({ kind: 'cut_mid' });
    rig.advance(61_000);
    expect((await rest()).broken).toBe(true);
  });
});

describe('a request that may not be held, or not for so long', () => {
  test.each([
    ['has no hold', 0, 60],
    ['would have to wait longer than its hold', 59_000, 120],
  ])('%s: gets 429 with the true time', async (...[, mayHoldMs, resetInSeconds]) => {
    await using rig = await startRig({ holdMs: mayHoldMs });
    await close(rig, { resetInSeconds });
    const response = await rig.ask({ stream: true });
    expect(response.status).toBe(429);
    const retryAfter = Number(response.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(resetInSeconds - 5);
    expect(retryAfter).toBeLessThanOrEqual(resetInSeconds + 1);
    expect((await errorOf(response)).type).toBe('rate_limit_error');
  });

  test('is told which accounts are closed until when, relative and absolute', async () => {
    await using rig = await startRig({ holdMs: 0 });
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 7200 });
    rig.simulator.inject({ kind: 'seven_day', resetInSeconds: 259_200 });
    const { message } = await errorOf(await rig.ask());
    expect(message).toMatch(
      /^Stint: every account of pool anthropic for claude-sonnet-4-5 is closed; the first opens in (2h|1h 59m) \(.*\d\d:\d\d UTC\)\. /,
    );
    expect(message).toMatch(/anthropic\/a closed \(five_hour\), opens in (2h|1h 59m) \(.*\d\d:\d\d UTC\)/);
    expect(message).toMatch(/anthropic\/b closed \(seven_day\), opens in (3d|2d 23h) \(\w{3} \d+, .*\d\d:\d\d UTC\)/);
    expect(rig.records).toMatchObject([
      { status: 429, outcome: 'exhausted', tries: [{ outcome: 'window' }, { outcome: 'window' }] },
    ]);
  });
});

/** Closes every account, with a request of a client that may not be held. */
async function close(rig: Rig, { resetInSeconds }: { resetInSeconds: number }): Promise<void> {
  rig.simulator.inject({ kind: 'five_hour', resetInSeconds, times: 2 });
  expect((await rig.ask({ token: await rig.issue(0) })).status).toBe(429);
}

/** Starts a request and reads the first keep-alive: from then on it is held. */
async function startHeld(rig: Rig, { stream = false }: { stream?: boolean }) {
  const client = new AbortController();
  const response = await rig.ask({ stream, signal: client.signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const next = async () => new TextDecoder().decode((await reader.read()).value);
  const first = await next();
  const rest = async () => {
    reader.releaseLock();
    return readAll(response);
  };
  return { response, first, next, rest, client };
}

/** The data of the one error event, with which a stream has to end. */
function lastErrorEvent(stream: string): string {
  return /(?:^|\n\n)event: error\ndata: ([^\n]*)\n\n$/.exec(stream)?.[1] ?? `no error event: ${stream}`;
}
