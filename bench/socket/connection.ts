import type { Socket } from 'bun';
import type { Way } from '../process/daemon.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';

/** One WebSocket to a port of this machine. */
export class SocketConnection {
  #socket: Socket | undefined;
  #unsent: Buffer | null = null;

  /** Resolves when the upgrade is accepted; rejects when it is not. `lost` tells of the end, whoever asked for it. */
  async open(way: Way, sink: { frame: FrameSink; lost(why: string): void }): Promise<void> {
    const reader = new FrameReader(sink.frame);
    const { promise: accepted, resolve, reject } = Promise.withResolvers<void>();
    let head = '';
    let isOpen = false;
    const lost = (why: string): void => {
      if (isOpen) sink.lost(why);
      else reject(new Error(why));
    };
    this.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port: way.port,
      socket: {
        open: (socket) => {
          socket.setNoDelay(true);
          socket.write(upgrade(way));
        },
        data: (socket, bytes) => {
          try {
            if (isOpen) return reader.push(bytes);
            head += bytes.toString('latin1');
            const end = head.indexOf('\r\n\r\n');
            if (end === -1) return;
            if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${head.slice(0, 300)}`);
            isOpen = true;
            resolve();
            if (end + 4 < head.length) reader.push(Buffer.from(head.slice(end + 4), 'latin1'));
          } catch (error) {
            lost(String(error));
            socket.terminate();
          }
        },
        drain: () => this.#flush(),
        close: () => lost('closed'),
        error: (_, error) => lost(error.message),
      },
    });
    await accepted;
  }

  /** Sends frames. The answer to the ones before must have ended. */
  send(frames: Buffer): void {
    this.#unsent = frames;
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

/** The upgrade as Codex asks for it, without an extension. */
function upgrade({ port, base, token }: Way): string {
  const head = [
    `GET ${base}/v1/responses HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    `authorization: Bearer ${token}`,
    'openai-beta: responses_websockets=2026-02-06',
    'originator: codex_exec',
    'user-agent: codex_exec/0.169.0 (Linux; x86_64)',
  ];
  return `${head.join('\r\n')}\r\n\r\n`;
}
