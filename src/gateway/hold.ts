import { Problem } from '../core/problem.ts';
import type { Book } from '../book/book.ts';
import { decodeBody } from '../lib/decode.ts';
import type { Answer, Exchange } from './exchange.ts';
import { waitOut, type FailoverDeps, type Progressed } from './failover.ts';
import type { Chunks } from './gate.ts';
import { internal, Relay } from './relay.ts';

export const keepAliveMs = 5000;

/** How a held request ended, for its record. */
export type HeldEnd = (outcome: string) => void;

export type HoldDeps = FailoverDeps & { readonly bug: (error: unknown) => void };

/**
 * The body of a response that started before there was an answer: kept alive with the provider's neutral event, or
 * with newlines before a JSON text, until an account opens and its answer follows. What cannot be told by a status any
 * more is told by the protocol's error event or by an error as the JSON text.
 */
export class HeldBody implements Chunks {
  readonly #deps: HoldDeps;
  readonly #exchange: Exchange;
  readonly #finish: HeldEnd;
  readonly #resolved: Promise<Uint8Array | Relay | null>;
  #relay: Relay | null = null;
  #cancelled = false;
  #state: 'starting' | 'waiting' | 'ended' = 'starting';

  constructor(deps: HoldDeps, exchange: Exchange, held: { until: number; finish: HeldEnd }) {
    this.#deps = deps;
    this.#exchange = exchange;
    this.#finish = held.finish;
    this.#resolved = this.#resolve(held.until).catch((error: unknown) => this.#renderBug(error));
  }

  async next(): Promise<Uint8Array | null> {
    if (this.#state === 'ended') return null;
    if (this.#state === 'starting') {
      this.#state = 'waiting';
      return this.#keepAlive();
    }
    if (this.#relay !== null) return this.#relay.next();
    const resolved = await this.#resolvedWithin(keepAliveMs);
    if (resolved === 'waiting') return this.#keepAlive();
    if (resolved instanceof Relay) return resolved.next();
    this.#state = 'ended';
    return resolved;
  }

  cancel(outcome: string): void {
    this.#cancelled = true;
    if (this.#relay === null) this.#finish(outcome);
    else this.#relay.cancel(outcome);
  }

  async #resolvedWithin(waitMs: number): Promise<Uint8Array | Relay | null | 'waiting'> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<'waiting'>((resolve) => {
      timer = setTimeout(() => resolve('waiting'), waitMs);
    });
    try {
      return await Promise.race([this.#resolved, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #resolve(firstUntil: number): Promise<Uint8Array | Relay | null> {
    const { book } = this.#deps;
    return this.#render(book, await waitOut(this.#deps, this.#exchange, firstUntil));
  }

  async #render(book: Book, progressed: Exclude<Progressed, { kind: 'hold' }>): Promise<Uint8Array | Relay | null> {
    if (progressed.kind === 'dropped') {
      this.#finish('aborted');
      return null;
    }
    if (progressed.kind === 'problem') {
      this.#finish(progressed.problem.code);
      return this.#renderProblem(progressed.problem);
    }
    const { answer, end } = progressed;
    this.#exchange.body.release();
    if (answer.kind === 'stream') {
      this.#relay = new Relay(this.#exchange, answer, {
        book,
        finish: (outcome) => {
          end();
          this.#finish(outcome);
        },
      });
      // Whoever read this left while the answer was on its way.
      if (this.#cancelled) this.#relay.cancel('aborted');
      return this.#relay;
    }
    end();
    const served = this.#exchange.record.tries.at(-1)?.outcome === 'served';
    if (served && this.#exchange.framing !== null)
      return this.#render(book, { kind: 'problem', problem: whole(answer) });
    this.#finish(served ? 'served' : 'failed');
    return this.#renderWhole(answer);
  }

  async #renderWhole({ status, headers, bytes, account }: Extract<Answer, { kind: 'whole' }>): Promise<Uint8Array> {
    // An error inside 200 is events already.
    if (headers.get('content-type')?.startsWith('text/event-stream') === true) return bytes;
    const text = await decodeBody(bytes, headers.get('content-encoding'));
    if (status >= 400 && !isJson(text)) {
      return this.#renderProblem(
        new Problem('upstream', `Stint: ${account} answered HTTP ${status} without an error that could be read.`),
      );
    }
    const body = text ?? Buffer.alloc(0);
    const { provider, framing, ask } = this.#exchange;
    if (framing === null) return body;
    const now = this.#deps.book.clock();
    return Buffer.from(provider.renderErrorFrame({ status, body: body.toString('utf8') }, { ask, framing, now }));
  }

  #renderBug(error: unknown): Uint8Array {
    this.#deps.bug(error);
    this.#finish('internal');
    return this.#renderProblem(internal());
  }

  #renderProblem(problem: Problem): Uint8Array {
    const { provider, framing, ask } = this.#exchange;
    const now = this.#deps.book.clock();
    return Buffer.from(
      framing === null
        ? provider.renderProblem(problem, now).body
        : provider.renderProblemFrame(problem, { ask, framing, now }),
    );
  }

  #keepAlive(): Uint8Array {
    const { framing, provider, ask } = this.#exchange;
    return Buffer.from(framing === null ? '\n' : provider.keepAliveFrame(framing, ask));
  }
}

/** No client that reads events could read it, and it is no error of the provider. */
function whole({ account }: { readonly account: string }): Problem {
  return new Problem('upstream', `Stint: ${account} answered in one piece what was asked for as a stream.`);
}

/** False for the page of a proxy in between, which no client could read where it expects the provider's error. */
function isJson(text: Buffer | null): boolean {
  try {
    JSON.parse(text?.toString('utf8') ?? '');
    return true;
  } catch {
    return false;
  }
}
