import { Problem } from '../core/problem.ts';
import type { Book } from '../book/book.ts';
import { takeUsage, usageBytes } from './send.ts';
import type { Answer, Exchange } from './exchange.ts';
import type { Chunks } from './gate.ts';
import { Tail } from './tail.ts';

type StreamAnswer = Extract<Answer, { kind: 'stream' }>;

type RelayDeps = { readonly book: Book; readonly finish: (outcome: string) => void };

/**
 * The bytes of a stream for its client: what the gate held, then chunk by chunk as the client reads. Throws where the
 * upstream breaks off or ends without its terminal event, so that the client's stream breaks as well and it retries.
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

  constructor(exchange: Exchange, answer: StreamAnswer, { book, finish }: RelayDeps) {
    this.#book = book;
    this.#exchange = exchange;
    this.#answer = answer;
    this.#finish = finish;
    this.#held = answer.held.length > 0 ? answer.held : null;
  }

  async next(): Promise<Uint8Array | null> {
    const held = this.#held;
    if (held !== null) {
      this.#held = null;
      this.#tail.push(held);
      return held;
    }
    const chunk = await this.#read();
    if (chunk === null) this.#end();
    else this.#tail.push(chunk);
    return chunk;
  }

  /** Ends the upstream because the client is gone, or the daemon. */
  cancel(outcome: string): void {
    this.#answer.upstream.abort();
    this.#done(outcome);
  }

  async #read(): Promise<Uint8Array | null> {
    try {
      return await this.#answer.chunks.next();
    } catch (error) {
      const { client, provider } = this.#exchange;
      // What breaks after the terminal event has nothing left to break.
      if (!client.aborted && provider.streamEnd(this.#tail.text()) === 'complete') return null;
      this.cancel(client.aborted ? 'aborted' : 'cut');
      if (provider.cutEnd === 'close') return null;
      throw error;
    }
  }

  #end(): void {
    if (this.#finished) return;
    const { provider, wanted } = this.#exchange;
    const tail = this.#tail.text();
    takeUsage(this.#exchange, this.#answer.held.toString('latin1', 0, usageBytes), tail.slice(-usageBytes));
    const end = provider.streamEnd(tail);
    if (end === 'cut') {
      this.cancel('cut');
      if (provider.cutEnd === 'close') return;
      throw new Error('the stream ended without its terminal event');
    }
    this.#answer.upstream.close();
    if (end === 'complete') return this.#done('served');
    const data = provider.errorDataOf(tail);
    const { account, sentAt } = this.#answer;
    if (data !== null) {
      const { signals } = provider.classifyFrame(data, { model: wanted.model, now: this.#book.clock() });
      void this.#book.observe({ account, model: wanted.model, sentAt, signals, served: false });
    }
    this.#done('failed');
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
