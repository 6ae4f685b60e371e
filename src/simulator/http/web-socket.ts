import { createHash } from 'node:crypto';
import type { Exchange, Headers } from './exchange.ts';
import type { HttpRequest } from './request-reader.ts';
import {
  closeFrame,
  type Frame,
  FrameReader,
  MalformedFrame,
  opcodes,
  renderFrame,
  textFrame,
} from './web-socket-frame.ts';

/** The server's end of one WebSocket. Nothing is sent once its exchange is closed. */
export interface ServerSocket {
  readonly exchange: Exchange;
  sendText(text: string): Promise<void> | undefined;
  /** Sends bytes that are frames already, or are meant to be none. */
  sendRaw(bytes: Uint8Array): Promise<void> | undefined;
  /** Says goodbye and ends the connection. */
  close(code?: number, reason?: string): Promise<void>;
}

const protocolGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export function asksForWebSocket({ method, headers }: HttpRequest): boolean {
  return method === 'GET' && headers['upgrade']?.toLowerCase() === 'websocket' && 'sec-websocket-key' in headers;
}

/** Accepts an upgrade without any extension; a message is a whole text, unfragmented. */
export function acceptWebSocket(
  exchange: Exchange,
  headers: Headers,
  onText: (text: string, socket: ServerSocket) => void,
): ServerSocket {
  const key = exchange.request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}${protocolGuid}`).digest('base64');
  const socket: ServerSocket = {
    exchange,
    sendText: (text) => exchange.write(textFrame(text)),
    sendRaw: (bytes) => exchange.write(bytes),
    async close(code, reason) {
      await exchange.write(closeFrame(code, reason));
      await exchange.cut('close');
    },
  };
  const messages = new MessageReader(socket, (text) => onText(text, socket));
  const upgrade: Headers = [
    ['upgrade', 'websocket'],
    ['connection', 'Upgrade'],
    ['sec-websocket-accept', accept],
  ];
  exchange.switchProtocols([...upgrade, ...headers], (bytes) => messages.received(bytes));
  return socket;
}

/** Joins fragments to messages, answers pings, and ends the connection on a close or on nonsense. */
class MessageReader {
  private readonly frames = new FrameReader();
  private fragments: Buffer[] = [];
  private readonly socket: ServerSocket;
  private readonly onText: (text: string) => void;

  constructor(socket: ServerSocket, onText: (text: string) => void) {
    this.socket = socket;
    this.onText = onText;
  }

  received(bytes: Buffer): void {
    this.frames.push(bytes);
    try {
      for (let frame = this.frames.next(); frame !== undefined; frame = this.frames.next()) this.take(frame);
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error;
      void this.socket.close(1002, error.message);
    }
  }

  private take({ fin, opcode, payload }: Frame): void {
    if (this.socket.exchange.closed) return;
    if (opcode === opcodes.ping) void this.socket.sendRaw(renderFrame(opcodes.pong, payload));
    else if (opcode === opcodes.close) this.left(payload);
    else if (opcode === opcodes.text || opcode === opcodes.binary || opcode === opcodes.continuation) {
      this.fragments.push(payload);
      if (!fin) return;
      const text = Buffer.concat(this.fragments).toString();
      this.fragments = [];
      this.onText(text);
    }
  }

  /** The client says goodbye: it hears the same and is gone. */
  private left(payload: Buffer): void {
    void this.socket.sendRaw(renderFrame(opcodes.close, payload.subarray(0, 2)));
    this.socket.exchange.finish();
  }
}
