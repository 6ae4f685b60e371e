import { createHash } from 'node:crypto';
import type { Exchange } from '../http/exchange.ts';

/** One request as the provider saw it; secrets are never kept. */
export interface SeenRequest {
  /** Epoch ms on the simulator's clock. */
  readonly at: number;
  readonly method: string;
  /** How it came: the upgrade to a WebSocket is a request, and each request inside it another. */
  readonly via: 'http' | 'upgrade' | 'frame' | 'warm-up';
  readonly path: string;
  readonly query: string;
  /** Name of the credential, null when its secret is unknown or absent. */
  readonly credential: string | null;
  readonly model: string | null;
  readonly stream: boolean;
  readonly sessionId: string | null;
  /** Lower-case names; the values of those that hold secrets are replaced. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodySha256: string;
  /** Null until a head is sent. */
  readonly status: number | null;
  /** The client left before the answer was complete. */
  readonly aborted: boolean;
}

export interface Abort {
  /** Epoch ms of the machine's own clock, to measure how long an abort takes to arrive. */
  readonly at: number;
  readonly request: SeenRequest;
}

/** What the provider read out of a request; the rest is in the exchange. */
type Seen = Pick<SeenRequest, 'at' | 'credential' | 'model' | 'stream' | 'sessionId'>;
type Writable = { -readonly [Key in keyof SeenRequest]: SeenRequest[Key] };

/** The end of a request that came as a message. */
interface MessageEntry {
  answered(status: number): void;
  done(): void;
}

const mostRequests = 10_000;
const secretHeaders = ['authorization', 'x-api-key', 'x-goog-api-key', 'cookie', 'proxy-authorization'];

/** Remembers the last requests, and lets a test wait for the next one or for the next abort. */
export class RequestLog {
  readonly requests: SeenRequest[] = [];
  readonly aborts: Abort[] = [];
  openRequests = 0;
  private requestWaiters: { predicate: (request: SeenRequest) => boolean; resolve: (request: SeenRequest) => void }[] =
    [];
  private abortWaiters: ((abort: Abort) => void)[] = [];

  /** Writes a request down and follows its exchange to the end. */
  add(exchange: Exchange, seen: Seen, via: 'http' | 'upgrade' = 'http'): void {
    const entry = this.write(exchange, { ...seen, via }, exchange.request.body);
    exchange.onHead((status) => {
      entry.status = status;
    });
    // Who leaves a WebSocket without a close has not left its upgrade: the requests inside have ends of their own.
    exchange.onClosed((ending) => this.end(entry, ending === 'aborted' && entry.status !== 101));
  }

  /** Writes down a request that came as a message of a WebSocket; the caller says how it ends. */
  addMessage(exchange: Exchange, seen: Seen & { via: 'frame' | 'warm-up' }, text: string): MessageEntry {
    const entry = this.write(exchange, seen, text);
    let open = true;
    const end = (aborted: boolean): void => {
      if (open) this.end(entry, aborted);
      open = false;
    };
    exchange.onClosed((ending) => end(ending !== 'cut'));
    return {
      answered(status) {
        entry.status = status;
      },
      done: () => end(false),
    };
  }

  /** Resolves with the next request to arrive that the predicate accepts. */
  nextRequest(predicate: (request: SeenRequest) => boolean = () => true): Promise<SeenRequest> {
    return new Promise((resolve) => this.requestWaiters.push({ predicate, resolve }));
  }

  /** Resolves when the next client leaves before its answer is complete. */
  nextAbort(): Promise<Abort> {
    return new Promise((resolve) => this.abortWaiters.push(resolve));
  }

  private write(exchange: Exchange, seen: Seen & Pick<SeenRequest, 'via'>, body: string | Buffer): Writable {
    const { method, path, query, headers } = exchange.request;
    const entry: Writable = {
      ...seen,
      method,
      path,
      query: withoutKey(query),
      headers: withoutSecrets(headers),
      bodySha256: createHash('sha256').update(body).digest('hex'),
      status: null,
      aborted: false,
    };
    this.openRequests += 1;
    keepLast(this.requests, entry);
    const waiting = this.requestWaiters.filter(({ predicate }) => predicate(entry));
    this.requestWaiters = this.requestWaiters.filter((waiter) => !waiting.includes(waiter));
    for (const { resolve } of waiting) resolve(entry);
    return entry;
  }

  private end(entry: Writable, aborted: boolean): void {
    this.openRequests -= 1;
    entry.aborted = aborted;
    if (aborted) this.addAbort({ at: Date.now(), request: entry });
  }

  private addAbort(abort: Abort): void {
    keepLast(this.aborts, abort);
    const waiting = this.abortWaiters;
    this.abortWaiters = [];
    for (const resolve of waiting) resolve(abort);
  }
}

function keepLast<Entry>(entries: Entry[], entry: Entry): void {
  if (entries.length >= mostRequests) entries.splice(0, mostRequests / 10);
  entries.push(entry);
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = { ...headers };
  for (const name of secretHeaders) if (kept[name] !== undefined) kept[name] = '(removed)';
  return kept;
}

function withoutKey(query: string): string {
  return query.replace(/(^|&)(key|access_token)=[^&]*/g, '$1$2=(removed)');
}
