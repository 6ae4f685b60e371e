import type { AccountId } from '../../core/ids.ts';
import type { WebSocket } from './ws-client.ts';

/** What happens on an open connection to a provider. */
export type SocketListener = {
  /** A text, or the bytes of a binary message. */
  readonly message: (message: string | Buffer) => void;
  /** It is over, whoever ended it; told once. */
  readonly closed: (code: number) => void;
};

/** A connection to a provider that one account has opened. What arrives before `listen` is kept for it. */
export class UpstreamSocket {
  readonly account: AccountId;
  /** Of the answer to the upgrade. */
  readonly headers: Headers;
  /** The one of its subprotocols that the provider chose. */
  readonly protocol: string;
  readonly #socket: WebSocket;
  #early: (string | Buffer)[] = [];
  #listener: SocketListener | null = null;
  #closedWith: number | null = null;
  #ping: Buffer | null = null;
  #isAnswering = false;

  constructor(socket: WebSocket, account: AccountId, headers: Headers) {
    this.#socket = socket;
    this.account = account;
    this.headers = headers;
    this.protocol = socket.protocol;
    socket.on('message', (data: Buffer, isBinary) => this.#take(isBinary ? data : data.toString('utf8')));
    socket.on('close', (code) => this.#end(code));
    socket.on('ping', (data) => {
      this.#ping = data;
      if (!this.#isAnswering) this.#answerPing();
    });
  }

  listen(listener: SocketListener): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener.message(message);
    if (this.#closedWith !== null) listener.closed(this.#closedWith);
  }

  get isOpen(): boolean {
    return this.#closedWith === null && this.#socket.readyState === this.#socket.OPEN;
  }

  /** Bytes that the provider has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: string | Uint8Array): void {
    // What comes of it is told by `closed`.
    if (this.isOpen) this.#socket.send(message, () => undefined);
  }

  /** Stops reading from the provider, so that it is as slow as the client. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends it as two that have finished do. */
  close(): void {
    // A paused connection would never see the answer to it.
    this.resume();
    this.#socket.close(1000);
  }

  /** Cuts it. */
  abort(): void {
    this.#socket.terminate();
  }

  #take(message: string | Buffer): void {
    if (this.#listener === null) this.#early.push(message);
    else this.#listener.message(message);
  }

  /** Only the latest one that has come meanwhile, as RFC 6455, 5.5.3, allows. */
  #answerPing(): void {
    const ping = this.#ping;
    if (ping === null || !this.isOpen) return;
    this.#ping = null;
    this.#isAnswering = true;
    this.#socket.pong(ping, true, () => {
      this.#isAnswering = false;
      this.#answerPing();
    });
  }

  #end(code: number): void {
    if (this.#closedWith !== null) return;
    this.#closedWith = code;
    this.#listener?.closed(code);
  }
}
