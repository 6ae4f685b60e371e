import { describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { bodyOf, eventsOf, listenHttp, readAll, startRig, type Rig } from '../../test/gateway-rig.ts';
import type { FaultInput } from '../simulator/anthropic/fault.ts';

describe('after content nothing is sent twice', () => {
  test.each<[string, FaultInput]>([
    ['a cut', { kind: 'cut_mid', afterDeltas: 3 }],
    ['a reset', { kind: 'cut_mid', afterDeltas: 3, cut: 'reset' }],
    ['a clean end without the terminal event', { kind: 'clean_end_mid', afterDeltas: 3 }],
  ])('%s breaks the stream of the client', async (...[, fault]) => {
    await using rig = await startRig();
    rig.simulator.inject(fault);
    const ended = rig.nextRecord();
    // Bun's fetch may meet bytes and break together and report the break alone; a socket shows both.
    const text = await readRaw(rawAsk(rig, '[[words:9]]'));
    expect(eventsOf(text).filter((name) => name === 'content_block_delta')).toHaveLength(3);
    expect(text).not.toEndWith('0\r\n\r\n');
    expect(await ended).toMatchObject({ outcome: 'cut', status: 200, account: 'anthropic/a' });
    expect(rig.sends()).toEqual(['a']);
    expect(rig.bugs).toEqual([]);
  });

  test('an error event reaches the client, and what it says counts from the next request on', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'error_event_mid', errorType: 'rate_limit_error', afterDeltas: 2 });
    const { text, broken } = await readAll(await rig.ask({ stream: true }));
    expect({ last: eventsOf(text).at(-1), broken }).toEqual({ last: 'error', broken: false });
    expect(rig.records).toMatchObject([{ outcome: 'failed' }]);
    await rig.ask();
    expect(rig.sends()).toEqual(['a', 'b']);
  });

  test('words in an answer that look like events end nothing', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'clean_end_mid', afterDeltas: 6 });
    const prompt = '[[say:event: message_stop\ndata: {}\n\nevent: error data: {} x y z]]';
    expect((await readAll(await rig.ask({ stream: true, prompt }))).broken).toBe(true);
  });
});

test('a connection that breaks after the terminal event breaks nothing', async () => {
  await using model = await startRig();
  const whole = await (await model.ask({ stream: true })).text();
  const reset = Promise.withResolvers<() => void>();
  await using upstream = await listenHttp((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(whole);
    reset.resolve(() => request.socket.resetAndDestroy());
  });
  await using rig = await startRig({ upstreamUrl: upstream.url });
  const socket = rawAsk(rig);
  const text = readRaw(socket);
  await once(socket, 'data');
  (await reset.promise)();
  expect(await text).toEndWith('0\r\n\r\n');
  expect(rig.records).toMatchObject([{ outcome: 'served' }]);
});

test('a client that leaves after the terminal event was served', async () => {
  await using model = await startRig();
  const whole = await (await model.ask({ stream: true })).text();
  await using upstream = await listenHttp((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(whole);
  });
  await using rig = await startRig({ upstreamUrl: upstream.url });
  const socket = rawAsk(rig);
  const ended = rig.nextRecord();
  let text = '';
  while (!text.includes('message_stop')) text += String((await once(socket, 'data'))[0]);
  socket.destroy();
  expect(await ended).toMatchObject({ outcome: 'served' });
  expect((await ended).outputTokens).toBeGreaterThan(0);
});

describe('a client that goes away', () => {
  test('in the middle of a stream is gone upstream within 100 ms, and blames nobody', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'stall_mid', afterDeltas: 2 });
    const client = new AbortController();
    const response = await rig.ask({ stream: true, signal: client.signal });
    await response.body?.getReader().read();
    const [delayMs, record] = await abortDelay(rig, () => client.abort());
    expect(delayMs).toBeLessThan(100);
    expect(record).toMatchObject({ outcome: 'aborted' });
    expectNoBlame(rig);
  });

  test('before the head is gone upstream within 100 ms, and nothing is sent again', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'hang_before_head' });
    const client = new AbortController();
    const sent = rig.simulator.nextRequest();
    const answer = rig.ask({ signal: client.signal }).catch(() => 'aborted');
    await sent;
    const [delayMs, record] = await abortDelay(rig, () => client.abort());
    expect(await answer).toBe('aborted');
    expect(delayMs).toBeLessThan(100);
    expect(record).toMatchObject({ outcome: 'aborted', tries: [{ account: 'anthropic/a', outcome: 'aborted' }] });
    expectNoBlame(rig);
  });

  test('in the pause before a second send is not sent again', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'overloaded' });
    const client = new AbortController();
    const answered = rig.simulator.nextRequest();
    const answer = rig.ask({ signal: client.signal }).catch(() => 'aborted');
    await answered;
    // A round trip of another request: by its end the first has read its 529 and waits.
    await rig.ask({ method: 'HEAD', path: '/' });
    const ended = rig.nextRecord();
    client.abort();
    expect(await answer).toBe('aborted');
    expect(await ended).toMatchObject({ outcome: 'aborted', tries: [{ outcome: 'overload' }] });
    expectNoBlame(rig);
    expect(rig.sends()).toEqual(['a']);
  });

  test('while the gate holds its events is gone upstream too', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'stall_mid', afterDeltas: 0 });
    const client = new AbortController();
    const sent = rig.simulator.nextRequest();
    const answer = rig.ask({ stream: true, signal: client.signal }).catch(() => 'aborted');
    await sent;
    const [delayMs] = await abortDelay(rig, () => client.abort());
    expect(await answer).toBe('aborted');
    expect(delayMs).toBeLessThan(100);
    expectNoBlame(rig);
  });

  test('by a reset of its connection is gone upstream too', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'stall_mid', afterDeltas: 2 });
    const socket = rawAsk(rig);
    await once(socket, 'data');
    const [delayMs, record] = await abortDelay(rig, () => socket.resetAndDestroy());
    expect(delayMs).toBeLessThan(100);
    expect(record.outcome).toBe('aborted');
    expectNoBlame(rig);
  });

  test('three times in a row does not rest the account', async () => {
    await using rig = await startRig();
    rig.simulator.inject({ kind: 'hang_before_head', times: 4 });
    for (let turn = 0; turn < 4; turn += 1) {
      const client = new AbortController();
      const sent = rig.simulator.nextRequest();
      const answer = rig.ask({ signal: client.signal }).catch(() => 'aborted');
      await sent;
      await abortDelay(rig, () => client.abort());
      await answer;
    }
    expectNoBlame(rig);
  });
});

describe('a client that reads slowly', () => {
  test('makes the upstream slow and not the gateway large', async () => {
    const chunk = Buffer.from(
      `event: content_block_delta\ndata: {"type":"content_block_delta","delta":"${'x'.repeat(65_000)}"}\n\n`,
    );
    const most = 4096;
    const upstreamChunks = { written: 0 };
    const stalled = Promise.withResolvers<void>();
    await using upstream = await listenHttp((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      void writeChunks(response, { chunk, most, count: upstreamChunks, stalled: stalled.resolve });
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    const socket = rawAsk(rig);
    await once(socket, 'data');
    socket.pause();
    await stalled.promise;
    // All buffers of two loopback connections together hold some 10 MB; the whole answer has 256 MB.
    expect(upstreamChunks.written * chunk.length).toBeLessThan(64 * 1024 * 1024);
    expect(upstreamChunks.written).toBeGreaterThan(1);
    const ended = rig.nextRecord();
    socket.destroy();
    expect(await ended).toMatchObject({ outcome: 'aborted' });
  });
});

describe('an upstream that says nothing', () => {
  test('before the head fails over when its time is over', async () => {
    await using rig = await startRig({ settings: { headTimeoutMs: { streamed: 200, whole: 60_000 } } });
    rig.simulator.inject({ kind: 'hang_before_head', credential: 'a', times: 'always' });
    const { text } = await readAll(await rig.ask({ stream: true }));
    expect(eventsOf(text).at(-1)).toBe('message_stop');
    expect(rig.records).toMatchObject([
      { tries: [{ outcome: 'network' }, { outcome: 'network' }, { outcome: 'served' }] },
    ]);
    expect(rig.records[0]?.tries[0]?.detail).toBe('no answer within the time allowed');
  });

  test('has its own time for an answer in one piece', async () => {
    await using rig = await startRig({ settings: { headTimeoutMs: { streamed: 60_000, whole: 200 } } });
    rig.simulator.inject({ kind: 'hang_before_head' });
    expect((await rig.ask()).status).toBe(200);
    expect(rig.sends()).toEqual(['a', 'a']);
  });

  test('in the middle of a stream breaks it for the client', async () => {
    await using rig = await startRig({ settings: { idleTimeoutMs: 200 } });
    rig.simulator.inject({ kind: 'stall_mid', afterDeltas: 2 });
    const ended = rig.nextRecord();
    const { broken } = await readAll(await rig.ask({ stream: true }));
    expect(broken).toBe(true);
    expect(await ended).toMatchObject({ outcome: 'cut' });
    expect(rig.sends()).toEqual(['a']);
  });

  test('is not blamed for a client that does not read', async () => {
    const chunk = Buffer.from(`event: content_block_delta\ndata: "${'x'.repeat(65_000)}"\n\n`);
    const closing = Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n');
    const [stalled, hanging, swept] = [0, 1, 2].map(() => Promise.withResolvers<void>()) as [Signal, Signal, Signal];
    let arrivals = 0;
    await using upstream = await listenHttp((_, response) => {
      arrivals += 1;
      if (arrivals > 1) return (arrivals === 2 ? hanging : swept).resolve();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const flood = { chunk, most: 600, count: { written: 0 }, stalled: stalled.resolve };
      void writeChunks(response, flood).then(() => response.end(closing));
    });
    await using rig = await startRig({ upstreamUrl: upstream.url });
    const socket = rawAsk(rig);
    await once(socket, 'data');
    socket.pause();
    await stalled.promise;
    const silent = rawAsk(rig);
    await hanging.promise;
    rig.advance(600_000);
    // The sweep that ends the silent request has looked at the stalled one as well.
    await swept.promise;
    const left = rig.nextRecord();
    silent.destroy();
    expect(await left).toMatchObject({ outcome: 'aborted' });
    const ended = rig.nextRecord();
    socket.resume();
    expect(await ended).toMatchObject({ outcome: 'served' });
    socket.destroy();
  });
});

type Signal = PromiseWithResolvers<void>;

/** How long after `leave` the upstream saw its client gone, and the record of that request. */
async function abortDelay(rig: Rig, leave: () => void) {
  const gone = rig.simulator.nextAbort();
  const ended = rig.nextRecord();
  const from = Date.now();
  leave();
  const [{ at }, record] = await Promise.all([gone, ended]);
  return [at - from, record] as const;
}

function expectNoBlame(rig: Rig): void {
  expect(new Set(rig.sends())).toEqual(new Set(['a']));
  expect(rig.events).toEqual([]);
  expect(rig.bugs).toEqual([]);
  const [account] = rig.book.state.accounts.values();
  expect(account).toMatchObject({ inFlight: 0, networkErrors: 0, restUntil: 0 });
  expect(rig.gateway.active).toBe(0);
}

/** A streamed request on a socket of its own, which the test can pause and break. */
function rawAsk(rig: Rig, prompt = 'hi'): Socket {
  const body = bodyOf({ stream: true, prompt });
  const head = [
    `POST /anthropic/v1/messages HTTP/1.1`,
    'host: x',
    'anthropic-version: 2023-06-01',
    `x-api-key: ${rig.token}`,
    `content-length: ${body.length}`,
  ];
  const socket = connect(rig.port, '127.0.0.1');
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

/** What arrives until the connection breaks or the response is complete. */
async function readRaw(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    if (text.endsWith('\r\n0\r\n\r\n')) socket.destroy();
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

type Flood = { chunk: Buffer; most: number; count: { written: number }; stalled: () => void };

/** Writes as fast as the other end takes it, and says when it has taken nothing for a while. */
async function writeChunks(response: ServerResponse, { chunk, most, count, stalled }: Flood): Promise<void> {
  let goOn: () => void = () => undefined;
  for (const event of ['drain', 'close']) response.on(event, () => goOn());
  for (; count.written < most && !response.destroyed; count.written += 1) {
    if (response.write(chunk)) continue;
    const timer = setTimeout(stalled, 300);
    await new Promise<void>((resolve) => (goOn = resolve));
    clearTimeout(timer);
  }
  stalled();
}
