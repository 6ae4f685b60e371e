import { Problem } from '../core/problem.ts';
import type { Book } from '../book/book.ts';
import type { CutEnd, StreamEnd } from '../providers/provider.ts';
import { takeUsage, usageBytes } from './send.ts';
import type { Answer, Exchange } from './exchange.ts';
import { Finder } from './finder.ts';
import type { Chunks } from './gate.ts';
import { pacedChunk } from './pace.ts';
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
  /** For what the client has got and must not get twice. */
  readonly #kept: Finder | null;
  /** For the end of the answer, where more may follow it than the tail holds. */
  readonly #ended: Finder | null;

  constructor(exchange: Exchange, answer: StreamAnswer, { book, finish }: RelayDeps) {
    this.#book = book;
    this.#exchange = exchange;
    this.#answer = answer;
    this.#finish = finish;
    this.#held = answer.held.length > 0 ? answer.held : null;
    const { endMark } = exchange.provider;
    const cutEnd = this.#cutEnd();
    this.#kept = cutEnd === null ? null : new Finder(cutEnd.unless);
    this.#ended = endMark === undefined ? null : new Finder(endMark);
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
    this.#kept?.look(chunk);
    this.#ended?.look(chunk);
    this.#tail.push(chunk);
    return pacedChunk(this.#exchange.provider, chunk);
  }

  /** Ends the upstream because the client is gone, or the daemon. */
  cancel(outcome: string): void {
    this.#answer.upstream.abort();
    if (this.#finished) return;
    const tail = this.#tail.text();
    // Codex 0.169.0 may leave once it has the last event, before the stream ends.
    const isComplete = this.#streamEnd(tail) === 'complete';
    if (isComplete) this.#takeUsage(tail);
    this.#done(isComplete ? 'served' : outcome);
  }

  async #read(): Promise<Uint8Array | null> {
    try {
      return await this.#answer.chunks.next();
    } catch (error) {
      const { client } = this.#exchange;
      // What breaks after the terminal event has nothing left to break.
      if (!client.aborted && this.#streamEnd(this.#tail.text()) === 'complete') return null;
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
    const end = this.#streamEnd(tail);
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

  #streamEnd(tail: string): StreamEnd {
    return this.#exchange.provider.streamEnd(tail, this.#ended?.found ?? false);
  }

  #takeUsage(tail: string): void {
    takeUsage(this.#exchange, this.#answer.held.toString('latin1', 0, usageBytes), tail.slice(-usageBytes));
  }

  /** What asks the client to ask again. */
  #cutText(): Uint8Array | null {
    const cutEnd = this.#cutEnd();
    return cutEnd === null || this.#kept?.found === true ? null : Buffer.from(cutEnd.text);
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
