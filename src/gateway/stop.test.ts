import { describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { bodyOf, eventsOf, readAll, startRig, type Rig } from '../../test/gateway-rig.ts';

describe('a gateway that stops', () => {
  test('lets open streams come to their end', async () => {
    await using rig = await startRig({ settings: { stopGraceMs: 30_000 }, scenario: { deltaDelayMs: 10 } });
    const response = await rig.ask({ stream: true, prompt: '[[words:20]]' });
    const [stopped, { text, broken }] = await Promise.all([
      rig.gateway.stop().then(() => rig.gateway.active),
      readAll(response),
    ]);
    expect({ stopped, broken, last: eventsOf(text).at(-1) }).toEqual({
      stopped: 0,
      broken: false,
      last: 'message_stop',
    });
    expect(rig.records).toMatchObject([{ outcome: 'served' }]);
  });

  test('lets a request come to its end that has no answer yet', async () => {
    await using rig = await startRig({ settings: { stopGraceMs: 30_000 } });
    // Longer than the pause between two looks at the time that a try has taken.
    rig.simulator.inject({ kind: 'slow', delayMs: 700 });
    const sent = rig.simulator.nextRequest();
    const answer = rig.ask();
    await sent;
    await rig.gateway.stop();
    expect((await answer).status).toBe(200);
    expect(rig.sends()).toEqual(['a']);
  });

  test('takes no new connection and no new request on an open one', async () => {
    await using rig = await startRig({ settings: { stopGraceMs: 30_000 } });
    const idle = await keptAlive(rig);
    rig.simulator.inject({ kind: 'stall_mid' });
    const client = new AbortController();
    const open = await rig.ask({ stream: true, signal: client.signal });
    const stopping = rig.gateway.stop();
    expect(await refusal(rig)).toBe('refused');
    const late = await ask(idle, rig);
    expect(late).toMatch(/^(HTTP\/1\.1 503 [\s\S]*Stint is stopping|$)/);
    expect(rig.sends()).toHaveLength(2);
    client.abort();
    await open.body?.cancel().catch(() => undefined);
    await stopping;
    expect(rig.gateway.active).toBe(0);
  });

  test('serves nothing more on a connection whose request it let come to its end', async () => {
    await using rig = await startRig({ settings: { stopGraceMs: 30_000 } });
    rig.simulator.inject({ kind: 'slow', delayMs: 100 });
    const socket = connect(rig.port, '127.0.0.1');
    const sent = rig.simulator.nextRequest();
    const first = ask(socket, rig);
    await sent;
    const stopped = rig.gateway.stop();
    const second = first.then(() => ask(socket, rig));
    expect(await first).toStartWith('HTTP/1.1 200');
    expect(await second).toMatch(/^(HTTP\/1\.1 503 [\s\S]*Stint is stopping|$)/);
    await stopped;
    expect(rig.sends()).toEqual(['a']);
  });

  test('breaks a stream that takes longer than the grace, and cuts its upstream', async () => {
    await using rig = await startRig({ settings: { stopGraceMs: 50 } });
    rig.simulator.inject({ kind: 'stall_mid' });
    const response = await rig.ask({ stream: true });
    const gone = rig.simulator.nextAbort();
    const [, { broken }] = await Promise.all([rig.gateway.stop(), readAll(response), gone]).then(
      ([a, b]) => [a, b] as const,
    );
    expect(broken).toBe(true);
    expect(rig.records).toMatchObject([{ outcome: 'stopped' }]);
    expect(rig.bugs).toEqual([]);
  });

  test('breaks a request that has no answer after the grace, and sends nothing for it', async () => {
    await using rig = await startRig({ settings: { stopGraceMs: 50 } });
    rig.simulator.inject({ kind: 'hang_before_head' });
    const sent = rig.simulator.nextRequest();
    const answer = rig.ask().catch(() => 'broken');
    await sent;
    const gone = rig.simulator.nextAbort();
    await rig.gateway.stop();
    expect(await answer).toBe('broken');
    await gone;
    expect(rig.sends()).toEqual(['a']);
    expect(rig.bugs).toEqual([]);
  });

  test('breaks a request that is held', async () => {
    await using rig = await startRig({ accounts: ['a'], holdMs: 240_000, settings: { stopGraceMs: 50 } });
    rig.simulator.inject({ kind: 'five_hour', resetInSeconds: 60 });
    const response = await rig.ask({ stream: true });
    const [{ broken }] = await Promise.all([readAll(response), rig.gateway.stop()]);
    expect(broken).toBe(true);
    expect(rig.records).toMatchObject([{ outcome: 'stopped' }]);
    expect(rig.sends()).toEqual(['a']);
    expect(rig.gateway.active).toBe(0);
  });

  test('may be stopped again', async () => {
    await using rig = await startRig();
    await rig.gateway.stop();
    await rig.gateway.stop();
    expect(await refusal(rig)).toBe('refused');
  });
});

/** A connection that has served one request and stays open. */
async function keptAlive(rig: Rig): Promise<Socket> {
  const socket = connect(rig.port, '127.0.0.1');
  expect(await ask(socket, rig)).toStartWith('HTTP/1.1 200');
  return socket;
}

/** Sends a request and returns what comes first: the start of its answer, or nothing when the connection ends. */
async function ask(socket: Socket, rig: Rig): Promise<string> {
  const body = bodyOf({});
  const head = [
    'POST /anthropic/v1/messages HTTP/1.1',
    'host: x',
    'anthropic-version: 2023-06-01',
    `x-api-key: ${rig.token}`,
    `content-length: ${body.length}`,
  ];
  socket.on('error', () => undefined);
  // The gateway may have ended it before this, and it says so only once.
  if (socket.destroyed) return '';
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  const first = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  return Buffer.isBuffer(first[0]) ? first[0].toString() : '';
}

function refusal(rig: Rig): Promise<string> {
  return fetch(rig.url, { method: 'HEAD' }).then(
    ({ status }) => `answered ${status}`,
    () => 'refused',
  );
}
