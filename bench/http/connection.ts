import type { Socket } from 'bun';
import { ResponseReader, type Sink } from './response-reader.ts';

/** One kept-alive connection to a port of this machine. The sink's `lost` tells of its end, whoever asked for it. */
export class Connection {
  #socket: Socket | undefined;
  #unsent: Buffer | null = null;

  /** Resolves when connected; rejects when nobody listens. */
  async open(port: number, sink: Sink & { lost(why: string): void }): Promise<void> {
    const reader = new ResponseReader(sink);
    this.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => void socket.setNoDelay(true),
        data: (socket, bytes) => {
          try {
            reader.push(bytes);
          } catch (error) {
            sink.lost(String(error));
            socket.terminate();
          }
        },
        drain: () => this.#flush(),
        close: () => sink.lost(reader.idle ? 'closed' : 'closed in the middle of an answer'),
        error: (_, error) => sink.lost(error.message),
      },
    });
  }

  /** Sends a whole request. The answer to the one before must have ended. */
  send(request: Buffer): void {
    this.#unsent = request;
    this.#flush();
  }

  close(): void {
    this.#socket?.terminate();
  }

  #flush(): void {
    if (this.#unsent === null) return;
    const taken = this.#socket?.write(this.#unsent) ?? 0;
    this.#unsent = taken < this.#unsent.length ? this.#unsent.subarray(Math.max(0, taken)) : null;
  }
}
