import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { openRest, type RestRig } from '../../../test/rest-rig.ts';
import { Problem } from '../../core/problem.ts';
import { socketClient } from '../../operations/client.ts';
import { streamingOperation } from '../../operations/operation.ts';

/** How many large items were taken of the stream that nobody reads. */
let taken = 0;
let ended = Promise.withResolvers<void>();
const large = streamingOperation({
  name: 'test.large',
  summary: 'Tells large items without end',
  positional: [],
  input: z.object({}),
  output: z.object({ id: z.number(), text: z.string() }),
  async *stream(_, _context, signal) {
    try {
      while (!signal.aborted) yield { id: (taken += 1), text: 'x'.repeat(100_000) };
    } finally {
      ended.resolve();
    }
  },
});
const failing = streamingOperation({
  name: 'test.failing',
  summary: 'Fails after one item',
  positional: [],
  input: z.object({ bug: z.boolean().default(false) }),
  output: z.object({ id: z.number() }),
  async *stream({ bug }) {
    yield { id: 1 };
    throw bug ? new Error('a bug') : new Problem('conflict', 'It does not go on.', { hint: 'Stop.' });
  },
});

let rest: RestRig;

beforeAll(async () => {
  rest = await openRest({ operations: [large, failing], keepAliveMs: 20 });
  await rest.operations.add('work', 'home');
});

afterAll(() => rest[Symbol.asyncDispose]());

describe('GET /api/events', () => {
  test('tells each record with its id and kind, as it comes', async () => {
    using events = await watch('/api/events');
    expect(events.head).toEqual([200, 'text/event-stream']);
    await disable('work');
    const { data, ...frame } = await events.next();
    expect(JSON.parse(data)).toMatchObject({ kind: 'account.disable', subject: 'anthropic/work', surface: 'rest' });
    expect(frame).toEqual({ id: String((JSON.parse(data) as { id: number }).id), event: 'account.disable' });
  });

  test('goes on after the last event that a client has seen, without a gap and without a repetition', async () => {
    await disable('work');
    await disable('home');
    using first = await watch('/api/events?after=0');
    const [one, two, three] = [await first.next(), await first.next(), await first.next()];
    using byHeader = await watch('/api/events?after=0', { 'last-event-id': one.id });
    expect([await byHeader.next(), await byHeader.next()]).toEqual([two, three]);
    using byQuery = await watch(`/api/events?after=${two.id}`);
    expect(await byQuery.next()).toEqual(three);
  });

  test.each(['x', '-1', '1.5', '99999999999999999999'])('refuses to go on after %j', async (last) => {
    const answer = await rest.send('/api/events', { headers: { 'last-event-id': last } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } });
  });

  test('says in its silence that it is still there', async () => {
    using events = await watch('/api/events');
    expect(await events.comment()).toBe(':');
  });

  test('is lines of JSON for who asks for those', async () => {
    using events = await watch('/api/event.watch?after=0', { accept: 'application/x-ndjson' });
    expect(events.head).toEqual([200, 'application/x-ndjson']);
    expect(JSON.parse(await events.line())).toMatchObject({ id: 1, kind: 'account.add' });
  });

  test('only reads, so that a token which only reads may', async () => {
    using events = await watch('/api/events?after=0', { authorization: `Bearer ${rest.read}` });
    expect((await events.next()).id).toBe('1');
  });

  test('ends when the token with which it was opened is rotated, and others go on', async () => {
    using mine = await watch('/api/events');
    using others = await watch('/api/events', { authorization: `Bearer ${rest.read}` });
    await rest.send('/api/token.rotate', { method: 'POST', body: {} });
    expect(await others.next()).toMatchObject({ event: 'token.rotate' });
    await mine.end();
  });

  test('is the same for a client on the control socket', async () => {
    const stop = new AbortController();
    const seen: unknown[] = [];
    for await (const record of socketClient(rest.socket).stream('event.watch', { after: 0 }, stop.signal)) {
      seen.push((record as { id: number }).id);
      if (seen.length === 2) stop.abort();
    }
    expect(seen.slice(0, 2)).toEqual([1, 2]);
  });

  test('answers HEAD and waits for nothing', async () => {
    const { status } = await fetch(`${rest.origin}/api/events`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${rest.full}` },
    });
    expect(status).toBe(200);
  });
});

describe('a stream', () => {
  test('that fails says so in its last event', async () => {
    using events = await watch('/api/test.failing');
    expect((await events.next()).data).toBe('{"id":1}');
    const { event, data } = await events.next();
    expect(event).toBe('problem');
    expect(JSON.parse(data)).toMatchObject({ code: 'conflict', detail: 'It does not go on.', hint: 'Stop.' });
    await events.end();
  });

  test('that meets a bug tells the log, and nobody else', async () => {
    using events = await watch('/api/test.failing?bug=true');
    await events.next();
    expect(JSON.parse((await events.next()).data)).toMatchObject({ code: 'internal', hint: 'See: stint logs' });
    expect(String(rest.bugs.at(-1))).toContain('a bug');
  });

  test('that nobody reads takes no more than what is on its way, and ends with its connection', async () => {
    ended = Promise.withResolvers();
    const { socket, head } = await openUnread('/api/test.large');
    expect(head).toStartWith('HTTP/1.1 200');
    // Whatever the system buffers is taken by the time that others have been answered.
    for (let at = 0; at < 50; at += 1) await rest.send('/api/status');
    const before = taken;
    for (let at = 0; at < 50; at += 1) await rest.send('/api/status');
    expect(taken).toBe(before);
    expect(taken).toBeLessThan(200);
    socket.destroy();
    await ended.promise;
  });

  test('ends at once when the daemon stops', async () => {
    await using own = await openRest({ operations: [large] });
    using events = await watch('/api/events', {}, own);
    const { socket } = await openUnread('/api/test.large', own);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await Promise.all([own.stop(), events.end(), closed]);
  });
});

type Frame = { readonly id: string; readonly event: string; readonly data: string };
type Watching = Disposable & {
  readonly head: readonly [number, string];
  next(): Promise<Frame>;
  comment(): Promise<string>;
  line(): Promise<string>;
  /** Reads to the end. */
  end(): Promise<void>;
};

async function watch(path: string, headers: Readonly<Record<string, string>> = {}, on = rest): Promise<Watching> {
  const abort = new AbortController();
  const response = await fetch(`${on.origin}${path}`, {
    headers: { authorization: `Bearer ${on.full}`, ...headers },
    signal: abort.signal,
  });
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const until = async (end: string): Promise<string> => {
    while (!text.includes(end)) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`the stream ended: ${text}`);
      text += value;
    }
    const part = text.slice(0, text.indexOf(end));
    text = text.slice(part.length + end.length);
    return part;
  };
  return {
    head: [response.status, response.headers.get('content-type') ?? ''],
    async next() {
      for (;;) {
        const block = await until('\n\n');
        const fields = block.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]);
        const { id = '', event = '', data } = Object.fromEntries(fields) as Partial<Frame>;
        if (data !== undefined) return { id, event, data };
      }
    },
    async comment() {
      for (;;) {
        const block = await until('\n\n');
        if (block.startsWith(':')) return block;
      }
    },
    async line() {
      for (;;) {
        const line = await until('\n');
        if (line !== '') return line;
      }
    },
    async end() {
      for (let part = await reader.read(); !part.done; part = await reader.read());
    },
    [Symbol.dispose]: () => abort.abort(),
  };
}

/** A connection whose answer nobody reads after its head. */
function openUnread(path: string, on = rest): Promise<{ socket: ReturnType<typeof connect>; head: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(on.port, '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${on.full}\r\n\r\n`),
    );
    socket.once('error', reject);
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      resolve({ socket, head: chunk.toString() });
    });
  });
}

async function disable(account: string): Promise<void> {
  await rest.send('/api/account.disable', { method: 'POST', body: { account } });
}
