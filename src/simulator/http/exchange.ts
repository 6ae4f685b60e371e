import type { Socket } from 'bun';
import type { HttpRequest } from './request-reader.ts';

export type Headers = readonly (readonly [name: string, value: string])[];

/** How a connection breaks: `close` is a FIN in the wrong place, `reset` a RST, which may overtake bytes not yet read. */
export type Cut = 'close' | 'reset';

/** The part of a connection that an exchange writes to. */
export interface Outlet {
  readonly socket: Pick<Socket, 'end' | 'terminate'>;
  write(bytes: Uint8Array): void;
  /** Resolves when the kernel has taken all bytes, or when the connection is gone. */
  flushed(): Promise<void> | undefined;
  finished(keepAlive: boolean): void;
  /** Hands every further byte of the client to `received`, those already here included. */
  takeOver(received: (bytes: Buffer) => void): void;
}

const reasons: Readonly<Record<number, string>> = {
  101: 'Switching Protocols',
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

const nothing = new Uint8Array();
export const lastChunk = Buffer.from('0\r\n\r\n');

/** How an exchange ended: answered, broken on purpose, or left by the client. */
export type Ending = 'finished' | 'cut' | 'aborted';

/**
 * One request and its answer. Nothing is sent until `send` or `open`; what `open` starts, only `end`, `finish` or
 * `cut` completes. Once `closed`, all writes are ignored.
 */
export class Exchange {
  closed = false;
  private chunked = false;
  private endPause: (() => void) | undefined;
  private headListener: ((status: number) => void) | undefined;
  private readonly closeListeners: ((ending: Ending) => void)[] = [];

  readonly request: HttpRequest;
  private readonly outlet: Outlet;

  constructor(request: HttpRequest, outlet: Outlet) {
    this.request = request;
    this.outlet = outlet;
  }

  onHead(listener: (status: number) => void): void {
    this.headListener = listener;
  }

  /** Runs once, when the exchange is over in whichever way. */
  onClosed(listener: (ending: Ending) => void): void {
    this.closeListeners.push(listener);
  }

  /** Sends a whole answer and ends the exchange. */
  send(status: number, headers: Headers, body: Uint8Array): void {
    const head = renderHead(status, [...headers, ['content-length', String(body.length)]]);
    this.sendRaw(status, this.request.method === 'HEAD' || body.length === 0 ? head : Buffer.concat([head, body]));
  }

  /** Sends bytes that are a complete response already. */
  sendRaw(status: number, bytes: Uint8Array): void {
    this.headListener?.(status);
    this.put(bytes);
    this.finish();
  }

  /** Sends a head with the first bytes of its body: chunked, unless `headers` hold a `content-length`, true or not. */
  open(status: number, headers: Headers, firstBytes: Uint8Array = nothing): void {
    this.headListener?.(status);
    this.chunked = !headers.some(([name]) => name === 'content-length');
    const head = renderHead(status, this.chunked ? [...headers, ['transfer-encoding', 'chunked']] : headers);
    this.put(firstBytes.length > 0 ? Buffer.concat([head, this.framed(firstBytes)]) : head);
  }

  /** Leaves HTTP behind: what is written and received from here on are the bytes of another protocol. */
  switchProtocols(headers: Headers, received: (bytes: Buffer) => void): void {
    this.headListener?.(101);
    this.put(renderHead(101, headers));
    this.outlet.takeOver(received);
  }

  /** Writes more of the body; awaiting it obeys a slow client. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    this.put(this.framed(bytes));
    return this.outlet.flushed();
  }

  /** Ends a chunked body in the regular way. */
  end(): void {
    this.put(lastChunk);
    this.finish();
  }

  /** Ends the exchange as its bytes stand; the connection serves the next request. */
  finish(): void {
    if (!this.close('finished')) return;
    this.outlet.finished(this.request.headers['connection']?.toLowerCase() !== 'close');
  }

  /** Breaks the connection after the bytes written so far. */
  async cut(how: Cut): Promise<void> {
    await this.outlet.flushed();
    if (!this.close('cut')) return;
    if (how === 'reset') this.outlet.socket.terminate();
    else this.outlet.socket.end();
  }

  /** Resolves when the client leaves, or the exchange ends otherwise. */
  left(): Promise<void> {
    return new Promise((resolve) => {
      if (this.closed) resolve();
      else this.onClosed(() => resolve());
    });
  }

  /** Waits, but not longer than the client stays; one pause at a time. */
  pause(durationMs: number): Promise<void> | undefined {
    if (this.closed || durationMs <= 0) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Tells the exchange that its connection is gone. */
  connectionLost(): void {
    this.close('aborted');
  }

  private close(ending: Ending): boolean {
    if (this.closed) return false;
    this.closed = true;
    this.endPause?.();
    for (const listener of this.closeListeners) listener(ending);
    return true;
  }

  private framed(bytes: Uint8Array): Uint8Array {
    return this.chunked ? chunk(bytes) : bytes;
  }

  private put(bytes: Uint8Array): void {
    if (!this.closed) this.outlet.write(bytes);
  }
}

/** Frames bytes as one chunk of a chunked body. */
export function chunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

export function renderHead(status: number, headers: Headers): Buffer {
  let text = `HTTP/1.1 ${status} ${reasons[status] ?? 'Status'}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}
