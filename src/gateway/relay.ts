import { Problem } from '../core/problem.ts';
import type { Book } from '../book/book.ts';
import { asBuffer } from '../lib/as-buffer.ts';
import type { CutEnd } from '../providers/provider.ts';
import { takeUsage, usageBytes } from './send.ts';
import type { Answer, Exchange } from './exchange.ts';
import type { Chunks } from './gate.ts';
import { Tail } from './tail.ts';

type StreamAnswer = Extract<Answer, { kind: 'stream' }>;

type RelayDeps = { readonly book: Book; readonly finish: (outcome: string) => void };

/**
 * The bytes of a stream for its client: what the gate held, then chunk by chunk as the client reads. Where the upstream
 * breaks off or ends without its terminal event it throws, so that the client's stream breaks as well and it retries, or
 * ends by the provider's `cutEnd`.
 * `finish` runs once, at the end or at `cancel`.
 */
export class Relay implements Chunks {
  readonly #book: Book;
  readonly #exchange: Exchange;
  readonly #answer: StreamAnswer;
  readonly #finish: (outcome: string) => void;
  readonly #tail = new Tail();
  #held: Buffer | null;
  #finished = false;
  #over = false;
  /** Whether the client has got what it must not get twice, and the last bytes that were looked at for it. */
  #keeps = false;
  #looked: Uint8Array = Buffer.alloc(0);

  constructor(exchange: Exchange, answer: StreamAnswer, { book, finish }: RelayDeps) {
    this.#book = book;
    this.#exchange = exchange;
    this.#answer = answer;
    this.#finish = finish;
    this.#held = answer.held.length > 0 ? answer.held : null;
  }

  async next(): Promise<Uint8Array | null> {
    if (this.#over) return null;
    const held = this.#held;
    this.#held = null;
    const chunk = held ?? (await this.#read());
    if (chunk === null) {
      this.#over = true;
      return this.#finished ? this.#cutText() : this.#end();
    }
    this.#look(chunk);
    this.#tail.push(chunk);
    return chunk;
  }

  /** Ends the upstream because the client is gone, or the daemon. */
  cancel(outcome: string): void {
    this.#answer.upstream.abort();
    if (this.#finished) return;
    const tail = this.#tail.text();
    // Codex 0.169.0 may leave once it has the last event, before the stream ends.
    const isComplete = this.#exchange.provider.streamEnd(tail) === 'complete';
    if (isComplete) this.#takeUsage(tail);
    this.#done(isComplete ? 'served' : outcome);
  }

  async #read(): Promise<Uint8Array | null> {
    try {
      return await this.#answer.chunks.next();
    } catch (error) {
      const { client, provider } = this.#exchange;
      // What breaks after the terminal event has nothing left to break.
      if (!client.aborted && provider.streamEnd(this.#tail.text()) === 'complete') return null;
      this.cancel(client.aborted ? 'aborted' : 'cut');
      if (this.#cutEnd() !== null) return null;
      throw error;
    }
  }

  /** Notes down what ends the stream; returns what of ours ends it for the client. */
  #end(): Uint8Array | null {
    const { provider, wanted } = this.#exchange;
    const tail = this.#tail.text();
    this.#takeUsage(tail);
    const end = provider.streamEnd(tail);
    if (end === 'cut') {
      this.cancel('cut');
      if (this.#cutEnd() !== null) return this.#cutText();
      throw new Error('the stream ended without its terminal event');
    }
    this.#answer.upstream.close();
    if (end === 'complete') {
      this.#done('served');
      return null;
    }
    const data = provider.errorDataOf(tail);
    const { account, sentAt } = this.#answer;
    if (data !== null) {
      const { signals } = provider.classifyFrame(data, { model: wanted.model, now: this.#book.clock() });
      void this.#book.observe({ account, model: wanted.model, sentAt, signals, served: false });
    }
    this.#done('failed');
    return this.#cutText();
  }

  #takeUsage(tail: string): void {
    takeUsage(this.#exchange, this.#answer.held.toString('latin1', 0, usageBytes), tail.slice(-usageBytes));
  }

  #look(chunk: Uint8Array): void {
    const cutEnd = this.#cutEnd();
    if (cutEnd === null || this.#keeps) return;
    const { length } = cutEnd.unless;
    // It may lie across two chunks.
    const seam = Buffer.concat([this.#looked, chunk.subarray(0, length)]);
    this.#keeps = seam.includes(cutEnd.unless) || asBuffer(chunk).includes(cutEnd.unless);
    this.#looked = chunk.length < length ? seam.subarray(-length) : chunk.subarray(-length);
  }

  /** What asks the client to ask again. */
  #cutText(): Uint8Array | null {
    const cutEnd = this.#cutEnd();
    return cutEnd === null || this.#keeps ? null : Buffer.from(cutEnd.text);
  }

  /** An array that stays open is broken off like any other stream. */
  #cutEnd(): Exclude<CutEnd, 'break'> | null {
    const { framing, provider } = this.#exchange;
    return framing === 'sse' && provider.cutEnd !== 'break' ? provider.cutEnd : null;
  }

  #done(outcome: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#finish(outcome);
  }
}

/** A response body that is read on demand: the upstream is as slow as the client. A throw breaks it for the client. */
export function streamOf(chunks: Chunks & { cancel(outcome: string): void }): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const chunk = await chunks.next();
        if (chunk === null) controller.close();
        else controller.enqueue(chunk);
      } catch (error) {
        controller.error(error);
      }
    },
    cancel() {
      chunks.cancel('aborted');
    },
  });
}

export function stopping(): Problem {
  return new Problem('unavailable', 'Stint is stopping.', { hint: 'Start it again with: stint up' });
}

export function internal(): Problem {
  return new Problem('internal', 'Stint: internal error; the log has its stack.', { hint: 'See: stint logs' });
}
