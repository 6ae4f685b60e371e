import type { Socket } from 'bun';
import { Exchange, type Outlet, renderHead } from './exchange.ts';
import { MalformedRequest, RequestReader } from './request-reader.ts';

export interface HttpServer {
  readonly port: number;
  /** Drops every connection at once; idempotent. */
  stop(): void;
}

/**
 * Serves HTTP/1.1 on loopback over raw sockets, because the simulator must lie about lengths, end chunked bodies early
 * and reset connections, which an HTTP server library rightly prevents.
 */
export function startHttpServer(port: number, handle: (exchange: Exchange) => void): HttpServer {
  const connections = new Set<Connection>();
  const listener = Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        socket.data = new Connection(socket, handle);
        connections.add(socket.data);
      },
      data: (socket, bytes) => socket.data.received(bytes),
      drain: (socket) => socket.data.drained(),
      close(socket) {
        connections.delete(socket.data);
        socket.data.lost();
      },
      error: (socket) => socket.data.lost(),
    },
  });
  return {
    port: listener.port,
    stop() {
      listener.stop(true);
      for (const connection of connections) connection.socket.terminate();
    },
  };
}

/** One client connection: requests are answered in the order of arrival, one at a time. */
class Connection implements Outlet {
  private readonly reader = new RequestReader();
  private unsent: Uint8Array[] = [];
  private current: Exchange | undefined;
  private drainListeners: (() => void)[] = [];
  private gone = false;
  private endsWhenDrained = false;
  private takenOver: ((bytes: Buffer) => void) | undefined;

  readonly socket: Socket<Connection>;
  private readonly handle: (exchange: Exchange) => void;

  constructor(socket: Socket<Connection>, handle: (exchange: Exchange) => void) {
    this.socket = socket;
    this.handle = handle;
  }

  received(bytes: Buffer): void {
    if (this.takenOver !== undefined) {
      this.takenOver(bytes);
      return;
    }
    this.reader.push(bytes);
    if (this.current === undefined) this.answerNext();
  }

  write(bytes: Uint8Array): void {
    if (this.gone) return;
    if (this.unsent.length > 0) {
      this.unsent.push(bytes);
      return;
    }
    const taken = this.socket.write(bytes);
    if (taken < bytes.length) this.unsent.push(bytes.subarray(Math.max(0, taken)));
  }

  takeOver(received: (bytes: Buffer) => void): void {
    this.takenOver = received;
    const early = this.reader.takeRest();
    if (early.length > 0) received(early);
  }

  flushed(): Promise<void> | undefined {
    if (this.gone || this.unsent.length === 0) return undefined;
    return new Promise((resolve) => this.drainListeners.push(resolve));
  }

  drained(): void {
    while (this.unsent.length > 0) {
      const bytes = this.unsent[0] ?? new Uint8Array();
      const taken = Math.max(0, this.socket.write(bytes));
      if (taken < bytes.length) {
        this.unsent[0] = bytes.subarray(taken);
        return;
      }
      this.unsent.shift();
    }
    this.releaseDrainListeners();
    if (this.endsWhenDrained) this.socket.end();
  }

  finished(keepAlive: boolean): void {
    this.current = undefined;
    if (keepAlive && this.takenOver === undefined) queueMicrotask(() => this.answerNext());
    else if (this.unsent.length > 0) this.endsWhenDrained = true;
    else this.socket.end();
  }

  lost(): void {
    this.gone = true;
    this.unsent = [];
    this.releaseDrainListeners();
    this.current?.connectionLost();
    this.current = undefined;
  }

  private answerNext(): void {
    if (this.gone || this.current !== undefined) return;
    try {
      const request = this.reader.next();
      if (request !== undefined) {
        this.current = new Exchange(request, this);
        this.handle(this.current);
      } else if (this.reader.takeContinue()) {
        this.write(renderHead(100, []));
      }
    } catch (error) {
      if (!(error instanceof MalformedRequest)) throw error;
      this.write(renderHead(400, [['content-length', '0']]));
      this.socket.end();
    }
  }

  private releaseDrainListeners(): void {
    const listeners = this.drainListeners;
    this.drainListeners = [];
    for (const listener of listeners) listener();
  }
}
