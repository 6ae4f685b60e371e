import { beforeAll, describe, expect, test } from 'bun:test';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { providers } from '../providers/registry.ts';
import type { Framing, Provider } from '../providers/provider.ts';
import { realStreams, type RealAnswer } from '../../test/real-answers.ts';
import { startVendorRig, type VendorName } from '../../test/vendor-rig.ts';
import { openSocket } from '../../test/socket-client.ts';
import { passGate, type Chunks } from './gate.ts';
import { Tail } from './tail.ts';

let streams: RealAnswer[] = [];

beforeAll(async () => {
  streams = (await realStreams()).filter(({ body }) => /^(event|data|\[)/.test(body));
});

function providerOf({ provider }: RealAnswer): Provider {
  const found = providers.get(provider);
  if (found === undefined) throw new Error(`no provider ${provider}`);
  return found;
}

function framingOf({ body }: RealAnswer): Framing {
  return body.startsWith('[') ? 'json-array' : 'sse';
}

function chunksOf(pieces: readonly Buffer[]): Chunks {
  const left = [...pieces];
  return { next: () => Promise.resolve(left.shift() ?? null) };
}

/** What the gate makes of a stream in these pieces, and what the client gets of it in the end. */
async function passed(answer: RealAnswer, pieces: readonly Buffer[]): Promise<object> {
  const provider = providerOf(answer);
  const source = chunksOf(pieces);
  const gate = await passGate(source, provider, framingOf(answer));
  if (gate.kind !== 'open') return gate.kind === 'failed' ? { kind: gate.kind, data: gate.data } : gate;
  const tail = new Tail();
  const all = [gate.held];
  for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) all.push(Buffer.from(chunk));
  for (const chunk of all) tail.push(chunk);
  const end = provider.streamEnd(tail.text());
  return { kind: gate.kind, text: Buffer.concat(all).toString(), end };
}

describe('a real stream', () => {
  test('is one of each framing, good and failed', () => {
    const kinds = streams.map((each) => `${each.provider} ${framingOf(each)}`);
    expect([...new Set(kinds)].toSorted()).toEqual(['anthropic sse', 'google json-array', 'google sse', 'openai sse']);
    expect(streams.length).toBeGreaterThanOrEqual(9);
  });

  test('passes the gate in the same way, whichever byte it is split at', async () => {
    for (const answer of streams) {
      const bytes = Buffer.from(answer.body);
      const whole = await passed(answer, [bytes]);
      expect(whole).not.toMatchObject({ kind: 'cut' });
      for (let at = 1; at < bytes.length; at += 1) {
        const split = await passed(answer, [bytes.subarray(0, at), bytes.subarray(at)]);
        if (!Bun.deepEquals(split, whole)) expect({ at, ...split }).toEqual({ at, ...whole });
      }
    }
  }, 60_000);

  test('passes the gate in the same way when it comes byte by byte', async () => {
    for (const answer of streams) {
      const bytes = Buffer.from(answer.body);
      const single = Array.from(bytes, (byte) => Buffer.of(byte));
      expect(await passed(answer, single)).toEqual(await passed(answer, [bytes]));
    }
  }, 60_000);
});

describe('the whole way from provider to client', () => {
  const ways: readonly [string, VendorName, string, string][] = [
    ['anthropic sse', 'anthropic', '/v1/messages', '{"model":"claude-sonnet-4-5","stream":true,"messages":[]}'],
    ['openai sse', 'openai key', '/v1/responses', '{"model":"gpt-6.1-sol","stream":true,"input":"hi"}'],
    ['google sse', 'google', '/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse', '{"contents":[]}'],
    ['google json-array', 'google', '/v1beta/models/gemini-2.5-pro:streamGenerateContent', '{"contents":[]}'],
  ];

  test.each(ways)('keeps every byte of %s that comes byte by byte', async (...[kind, vendor, path, body]) => {
    const answer = streams.find(
      (each) =>
        `${each.provider} ${framingOf(each)}` === kind &&
        providerOf(each).streamEnd(each.body.slice(-8192)) === 'complete',
    );
    if (answer === undefined) throw new Error(`no good stream of ${kind}`);
    await using upstream = await listenBytewise(answer);
    await using rig = await startVendorRig(vendor, { upstreamUrl: upstream.url });
    const served = rig.records.next(() => true);
    const headers = { authorization: `Bearer ${rig.token}`, 'x-goog-api-key': rig.token };
    const response = await fetch(rig.url + path, { method: 'POST', headers, body });
    expect(await response.text()).toBe(answer.body);
    expect(await served).toMatchObject({ outcome: 'served', tries: [{ outcome: 'served' }] });
  });

  test.each([1, 2, 3, 7])(
    'keeps every message of a WebSocket whose frames come %i bytes at a time',
    async (pieceBytes) => {
      await using rig = await startVendorRig('openai key', {});
      const opened = await openSocket(`${rig.url}/v1/responses`, { authorization: `Bearer ${rig.token}` });
      if (!('socket' in opened)) throw new Error(`the upgrade was refused: ${opened.status}`);
      const ask = { type: 'response.create', model: 'gpt-6.1-sol', store: false, input: '[[say:one “two” three]]' };
      for (const kind of ['split', 'fragmented'] as const) {
        rig.simulator.inject({ kind, pieceBytes } as never);
        const told = await opened.ask(ask);
        expect(told.map(({ delta }) => delta ?? '').join('')).toContain('one “two” three');
        expect(told.at(-1)?.type).toBe('response.completed');
      }
      opened.socket.terminate();
    },
  );
});

/** A provider that answers everything with one stream, a byte at a time in a chunk of its own. */
async function listenBytewise({ headers, body }: RealAnswer) {
  const sockets = new Set<Socket>();
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('data', () => void answer(socket));
  });
  const answer = async (socket: Socket): Promise<void> => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`);
    for (const byte of Buffer.from(body)) {
      socket.write(Buffer.concat([Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end('0\r\n\r\n');
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
