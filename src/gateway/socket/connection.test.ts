// The connection around its requests: pace, bounds, ends, and what is no request.
import { describe, expect, test } from 'bun:test';
import { revokePhantom } from '../../book/phantoms.ts';
import type { PhantomId } from '../../core/ids.ts';
import {
  listenSocket,
  responseOf,
  textItem,
  usageLimit,
  userItem,
  type Asked,
  type UpstreamClient,
} from '../../../test/socket-upstream.ts';
import { startSocketRig, type SocketRig } from '../../../test/socket-rig.ts';
import type { SocketClient, Told } from '../../../test/socket-client.ts';

const mebibyte = 1024 * 1024;

function request(text: string): object {
  return { type: 'response.create', model: 'gpt-6.1-sol', stream: true, store: false, input: [userItem(text)] };
}

function reply(_: Asked, client: UpstreamClient): void {
  for (const message of responseOf([textItem('hi')])) client.send(message);
}

const isDelta = ({ type }: Told): boolean => type === 'response.output_text.delta';

/** A client whose answer is under way. */
async function streaming(rig: SocketRig, words = 2000): Promise<SocketClient> {
  const client = await rig.connect();
  const begun = client.next(isDelta);
  client.send(request(`[[words:${words}]]`));
  await begun;
  return client;
}

describe('a client that does not read', () => {
  test('makes its provider wait, and then misses nothing', async () => {
    const frames = 64;
    const sending = Promise.withResolvers<UpstreamClient>();
    await using upstream = listenSocket({
      message: (asked, client) => {
        if (!asked.text.includes('flood')) return reply(asked, client);
        const [created = '', , , , completed = ''] = responseOf([textItem('hi')]);
        client.send(created);
        for (let at = 0; at < frames; at += 1) {
          client.send(JSON.stringify({ type: 'response.output_text.delta', delta: `${at} ${'x'.repeat(mebibyte)}` }));
        }
        client.send(completed);
        sending.resolve(client);
      },
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const [slow, other] = [await rig.connect(), await rig.connect()];
    slow.socket.pause();
    slow.send(request('flood'));
    const provider = await sending.promise;
    // Enough rounds of the same loop to take in all of it many times over.
    for (let round = 0; round < 200; round += 1) await other.ask(request('hi'));
    expect(provider.getBufferedAmount()).toBeGreaterThan((frames / 2) * mebibyte);
    const done = slow.next(({ type }) => type === 'response.completed');
    slow.socket.resume();
    await done;
    const numbers = slow.messages.filter(isDelta).map(({ delta = '' }) => Number.parseInt(delta, 10));
    expect(numbers).toEqual(Array.from({ length: frames }, (_, at) => at));
    expect(rig.records.all.at(-1)?.outcome).toBe('served');
  });
});

describe('a message', () => {
  test('of 16 MiB passes both ways', async () => {
    const size = 16 * mebibyte;
    await using upstream = listenSocket({
      message: (_, client) => responseOf([textItem('y'.repeat(size))]).forEach((message) => client.send(message)),
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    const messages = await client.ask(request('x'.repeat(size)));
    expect(upstream.asked[0]?.text.length).toBeGreaterThan(size);
    expect(JSON.stringify(messages.at(-1)?.response?.output).length).toBeGreaterThan(size);
  });

  test('above the limit for bodies is refused in words, and sent nowhere', async () => {
    await using upstream = listenSocket({ message: reply });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url, settings: { bodyLimitBytes: mebibyte } });
    const client = await rig.connect();
    const [told] = await client.ask(request('x'.repeat(mebibyte)));
    expect(JSON.stringify(told)).toContain('larger than 1 MiB');
    expect(upstream.asked).toEqual([]);
    expect((await client.ask(request('hi'))).at(-1)?.type).toBe('response.completed');
  });

  test('that is no request, binary, or between requests, passes as it is', async () => {
    const got = Promise.withResolvers<void>();
    await using upstream = listenSocket({
      message: (asked, client) => {
        if (asked.request['type'] === 'response.cancel') return got.resolve();
        reply(asked, client);
        client.send(JSON.stringify({ type: 'codex.rate_limits', after: true }));
      },
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    const after = client.next(({ type }) => type === 'codex.rate_limits');
    await client.ask(request('hi'));
    expect(await after).toMatchObject({ after: true });
    client.send({ type: 'response.cancel', response_id: 'resp_1' });
    await got.promise;
    expect(upstream.asked).toHaveLength(2);
  });

  test('too many of which wait for an answer ends the connection', async () => {
    await using upstream = listenSocket({ message: () => undefined });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url, settings: { bodyLimitBytes: mebibyte } });
    const client = await rig.connect();
    for (let at = 0; at < 4; at += 1) client.send(request('x'.repeat(mebibyte / 2)));
    expect(await client.closed).toBe(1013);
    expect(rig.gateway.active).toBe(0);
  });
});

describe('the end of a connection', () => {
  test('comes to the provider when the client leaves', async () => {
    const closed = Promise.withResolvers<string>();
    await using upstream = listenSocket({ message: reply, closed: (token) => closed.resolve(token) });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    await client.ask(request('hi'));
    client.socket.close(1000);
    expect(await closed.promise).toBe('sk-test-a');
  });

  test.each([
    [1000, 1000],
    [1012, 1011],
  ])('comes to the client when the provider closes with %i between requests: %i', async (code, told) => {
    const clients: UpstreamClient[] = [];
    await using upstream = listenSocket({
      message: (asked, client) => {
        clients.push(client);
        reply(asked, client);
      },
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    await client.ask(request('hi'));
    clients[0]?.close(code);
    expect(await client.closed).toBe(told);
  });

  test('comes to the account that a conversation has left', async () => {
    const closed = Promise.withResolvers<string>();
    await using upstream = listenSocket({
      message: (asked, client) => {
        if (asked.token === 'sk-test-a') client.send(usageLimit(Math.floor(Date.now() / 1000) + 3600));
        else reply(asked, client);
      },
      closed: (token) => closed.resolve(token),
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    expect((await client.ask(request('hi'))).at(-1)?.type).toBe('response.completed');
    expect(await closed.promise).toBe('sk-test-a');
  });

  test('is 1012 when the daemon stops: at once between requests, else after the answer', async () => {
    await using rig = await startSocketRig({ scenario: { deltaDelayMs: 1 }, settings: { stopGraceMs: 20_000 } });
    const idle = await rig.connect();
    const client = await streaming(rig, 200);
    const stopped = rig.gateway.stop();
    expect(await idle.closed).toBe(1012);
    expect(await client.closed).toBe(1012);
    expect(client.messages.at(-1)?.type).toBe('response.completed');
    await stopped;
    expect(rig.records.all.at(-1)?.outcome).toBe('served');
  });

  test('is 1012 in the middle of an answer that outlasts the grace time', async () => {
    await using rig = await startSocketRig({ scenario: { deltaDelayMs: 5 }, settings: { stopGraceMs: 1 } });
    const client = await streaming(rig);
    await rig.gateway.stop();
    expect(await client.closed).toBe(1012);
    expect(rig.records.all.at(-1)?.outcome).toBe('stopped');
    expect(rig.gateway.active).toBe(0);
  });
});

describe('silence', () => {
  test('of a provider in the middle of an answer cuts the client off', async () => {
    await using rig = await startSocketRig();
    const client = await rig.connect();
    rig.simulator.inject({ kind: 'stall_mid', on: 'frame' });
    const begun = client.next(isDelta);
    client.send(request('[[words:20]]'));
    await begun;
    rig.advance(301_000);
    expect(await client.closed).toBe(1011);
    expect(rig.records.all.at(-1)?.outcome).toBe('cut');
  });

  test('of a provider before its answer sends the request again', async () => {
    const silent = Promise.withResolvers<void>();
    await using upstream = listenSocket({
      message: (asked, client) => {
        if (upstream.asked.length > 1) reply(asked, client);
        else silent.resolve();
      },
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    const asking = client.ask(request('hi'));
    await silent.promise;
    rig.advance(121_000);
    expect((await asking).at(-1)?.type).toBe('response.completed');
    expect(rig.records.all.at(-1)?.tries.map(({ outcome }) => outcome)).toEqual(['network', 'served']);
  });

  test('between requests means nothing', async () => {
    await using rig = await startSocketRig();
    const client = await rig.connect();
    await client.ask(request('[[say:one]]'));
    rig.advance(3_600_000);
    expect((await client.ask(request('[[say:two]]'))).at(-1)?.type).toBe('response.completed');
    expect(rig.simulator.requests.filter(({ via }) => via === 'upgrade')).toHaveLength(1);
  });

  test('is broken by pings, which each side answers', async () => {
    const ponged = Promise.withResolvers<void>();
    await using upstream = listenSocket({
      message: (asked, client) => {
        client.ping();
        reply(asked, client);
      },
      pong: () => ponged.resolve(),
    });
    await using rig = await startSocketRig({ upstreamUrl: upstream.url });
    const client = await rig.connect();
    await client.ask(request('hi'));
    await ponged.promise;
    const answered = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping('there');
    expect(String(await answered)).toBe('there');
  });
});

test('a phantom that has been revoked is refused at its next request', async () => {
  await using rig = await startSocketRig();
  const client = await rig.connect();
  await client.ask(request('[[say:one]]'));
  await revokePhantom(rig.book, rig.records.all[0]?.phantom as PhantomId);
  const [told] = await client.ask(request('[[say:two]]'));
  expect(JSON.stringify(told)).toContain('revoked');
  expect(rig.sends()).toEqual(['a']);
});
