import type { Transform } from 'node:stream';
import { streamDecoder } from '../lib/decode.ts';
import { describeNetworkError } from '../lib/network-error.ts';
import type { EpochMs } from '../core/time.ts';
import type { Deadlines, Watched } from './deadline.ts';
import type { Chunks } from './gate.ts';

export type UpstreamTimes = { readonly headTimeoutMs: number; readonly idleTimeoutMs: number };

/** The upstream gave no answer, or broke off in it. */
export class UpstreamFailure extends Error {}

type Call = {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly tls?: { readonly ca: string } | undefined;
};

/** One upstream send: the head by `open`, then the body whole or in chunks. Every wait has its deadline. */
export class Upstream implements Chunks {
  readonly #deadlines: Deadlines;
  readonly #clock: () => EpochMs;
  readonly #times: UpstreamTimes;
  readonly #abort = new AbortController();
  readonly #watched: Watched;
  #reader: Reader | undefined;
  #response: Response | undefined;
  #expired = false;

  constructor(deadlines: Deadlines, clock: () => EpochMs, times: UpstreamTimes) {
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#times = times;
    this.#watched = {
      dueAt: 0,
      expire: () => {
        this.#expired = true;
        this.#abort.abort();
      },
    };
  }

  /** Sends the request and returns the answer's head. Redirects are not followed, bodies not decoded. */
  async open(call: Call): Promise<Response> {
    this.#watched.dueAt = this.#clock() + this.#times.headTimeoutMs;
    this.#deadlines.watch(this.#watched);
    try {
      const init: BunFetchRequestInit = {
        method: call.method,
        headers: call.headers,
        redirect: 'manual',
        decompress: false,
        signal: this.#abort.signal,
      };
      if (call.tls !== undefined) init.tls = call.tls;
      if (call.body.length > 0) putBody(init, call);
      this.#response = await fetch(call.url, init);
      return this.#response;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#watched.dueAt = 0;
    }
  }

  /** The whole body as it was sent; throws when it breaks off. */
  async bytes(): Promise<Uint8Array> {
    this.#watched.dueAt = this.#clock() + this.#times.headTimeoutMs;
    try {
      return await this.#opened().bytes();
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.close();
    }
  }

  /** Makes `next` deliver decoded bytes, whatever the content encoding. Returns whether it had one. */
  startReading(): boolean {
    const response = this.#opened();
    const decoder = streamDecoder(response.headers.get('content-encoding'));
    const reader = response.body?.getReader();
    if (reader === undefined) this.#reader = { read: async () => ({ done: true }) };
    else this.#reader = decoder === null ? reader : decodedReader(reader, decoder);
    return decoder !== null;
  }

  async next(): Promise<Uint8Array | null> {
    this.#watched.dueAt = this.#clock() + this.#times.idleTimeoutMs;
    try {
      if (this.#reader === undefined) throw new Error('reading has not been started');
      const { done, value } = await this.#reader.read();
      return done || value === undefined ? null : value;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#watched.dueAt = 0;
    }
  }

  /** Ends the watch over its time: the body has been read. */
  close(): void {
    this.#deadlines.release(this.#watched);
    this.#watched.dueAt = 0;
  }

  /** Cuts the connection. */
  abort(): void {
    this.close();
    this.#abort.abort();
  }

  #opened(): Response {
    if (this.#response === undefined) throw new Error('the upstream has not answered yet');
    return this.#response;
  }

  #explained(error: unknown): UpstreamFailure {
    if (this.#expired) return new UpstreamFailure('no answer within the time allowed', { cause: error });
    return new UpstreamFailure(describeNetworkError(error), { cause: error });
  }
}

/** From this size on a body is sent as a stream: of any other kind fetch keeps the bytes until the answer has ended. */
const streamedFromBytes = 64 * 1024;

function putBody(init: BunFetchRequestInit, { body, headers }: Call): void {
  if (body.length < streamedFromBytes) {
    init.body = body as Buffer<ArrayBuffer>;
    return;
  }
  headers.set('content-length', String(body.length));
  init.body = new ReadableStream({
    start(controller) {
      controller.enqueue(body);
      controller.close();
    },
  });
}

type Reader = { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> };

function decodedReader(reader: Reader, decoder: Transform): Reader {
  const chunks = decoder[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  void feed(reader, decoder);
  return {
    read: async () => {
      const { done, value } = await chunks.next();
      return done === true ? { done: true } : { done: false, value };
    },
  };
}

async function feed(reader: Reader, decoder: Transform): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) break;
      if (decoder.destroyed) break;
      if (!decoder.write(value)) await drained(decoder);
    }
    decoder.end();
  } catch (error) {
    decoder.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function drained(decoder: Transform): Promise<void> {
  return new Promise((resolve) => {
    decoder.once('drain', resolve);
    decoder.once('close', resolve);
  });
}
