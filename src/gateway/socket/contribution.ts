import type { AccountId } from '../../core/ids.ts';
import type { Socket, SocketRequest } from '../../providers/provider.ts';
import type { Owners } from '../owners.ts';
import type { History } from './history.ts';
import type { UpstreamSocket } from './upstream-socket.ts';

/** What one request and its answer add to the conversation of their connection. */
export class Contribution {
  readonly #request: SocketRequest;
  readonly #socket: Socket;
  readonly #history: History;
  readonly #items: string[] = [];
  #response: string | null = null;

  constructor(request: SocketRequest, { socket, history }: { socket: Socket; history: History }) {
    this.#request = request;
    this.#socket = socket;
    this.#history = history;
  }

  /** Whether it goes on from something of which a part is not known here. */
  get isUnknown(): boolean {
    const { continues } = this.#request;
    return continues !== null && this.#history.upTo(continues) === null;
  }

  /** The one account that can serve it; undefined for any. `maker` is that of the connection. */
  ownerAmong(owners: Owners, maker: AccountId): AccountId | undefined {
    const { bound } = this.#request;
    if (bound.length === 0) return this.isUnknown ? maker : undefined;
    return bound.map((name) => owners.of(name)).find((owner) => owner !== undefined) ?? maker;
  }

  /**
   * The request as an upstream connection understands it; null when nothing that it could understand says the same.
   * `isMoved` says that another account than the connection's made what the request holds.
   */
  textFor(upstream: UpstreamSocket, text: string, isMoved: boolean): string | null {
    const { continues, bound } = this.#request;
    // What names a thing of one account goes to that account alone, and as it is.
    if (continues === null) return isMoved && bound.length === 0 ? this.#socket.replay(text, []) : text;
    const known = this.#history.upTo(continues);
    if (known === null || (known.upstream === upstream && !isMoved)) return text;
    return this.#socket.replay(text, known.items);
  }

  /** Tells the client that it has to send everything again. */
  renderUnknown(): string {
    return this.#socket.renderUnknown(this.#request.continues ?? '');
  }

  /** A provider may have let go of what a request goes on from when it fails that request. */
  failed(): void {
    if (this.#request.continues !== null) this.#history.forgetUpstream(this.#request.continues);
  }

  /** Takes what a message of the answer adds. */
  learn(message: string): void {
    const { response, item } = this.#socket.madeOf(message);
    this.#response = response ?? this.#response;
    if (item !== null) this.#items.push(item);
  }

  /** Keeps it once it is answered; returns the name of the response. */
  keep(upstream: UpstreamSocket | null): string | null {
    const { continues, items } = this.#request;
    if (this.#response === null) return null;
    this.#history.add(this.#response, { continues, items: [...items, ...this.#items], upstream });
    return this.#response;
  }
}
