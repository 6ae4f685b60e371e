import type { AccountId } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import type { Ask, Provider, Socket, SocketRequest } from '../../providers/provider.ts';
import { nextRequestId } from '../arrival.ts';
import type { BodyReader } from '../body.ts';
import { newProgress, type Exchange } from '../exchange.ts';
import { History, type HistoryBudget } from './history.ts';
import type { Opened } from './open.ts';
import { Turn, type Line, type TurnDeps } from './turn.ts';

export type ConnectionDeps = TurnDeps & {
  readonly bodies: BodyReader;
  readonly histories: HistoryBudget;
  /** Counts a request that has begun; `finished` ends it. */
  readonly begun: (exchange: Exchange) => void;
  readonly refused: (ask: Ask, provider: Provider, problem: Problem) => void;
};

/** What a client's connection is made from. */
export type Admission = {
  /** The exchange of the upgrade: each request is like it, but for what its message says. */
  readonly upgrade: Exchange;
  readonly socket: Socket;
  readonly opened: Opened;
  /** Throws a Problem when the phantom is not what it was. */
  readonly admit: () => void;
};

export type Client = Bun.ServerWebSocket<Connection>;

/** Close codes of RFC 6455, 7.4.1, and its registry. */
const [normal, broken, restarting, tryLater] = [1000, 1011, 1012, 1013];

/** What the client has left unread at which the provider may go on. */
const resumeBelowBytes = 64 * 1024;

/** A client's WebSocket. Its requests run one after another, each on the account that failover finds for it. */
export class Connection implements Line {
  readonly history: History;
  readonly socket: Socket;
  maker: AccountId;
  readonly #deps: ConnectionDeps;
  readonly #admission: Admission;
  readonly #gone = new AbortController();
  #client: Client | null = null;
  #opened: Opened | null = null;
  #turn: Turn | null = null;
  #waiting: { readonly text: string; readonly request: SocketRequest }[] = [];
  #waitingSize = 0;
  #isPaused = false;
  #isStopping = false;

  constructor(deps: ConnectionDeps, admission: Admission) {
    this.#deps = deps;
    this.#admission = admission;
    this.socket = admission.socket;
    this.maker = admission.opened.upstream.account;
    this.history = new History(deps.settings.bodyLimitBytes, deps.histories);
  }

  /** Begins with the client's connection open. */
  start(client: Client): void {
    this.#client = client;
    this.#deps.open.add(this);
    this.moveTo(this.#admission.opened);
  }

  get opened(): Opened | null {
    return this.#opened;
  }

  /** A message of the client. */
  receive(data: string | Buffer): void {
    if (this.#client !== null) this.#guard(() => this.#takeUp(data));
  }

  #takeUp(data: string | Buffer): void {
    const request = typeof data === 'string' ? this.socket.requestOf(data) : null;
    if (request === null || typeof data !== 'string') return this.#passUp(data);
    this.#waiting.push({ text: data, request });
    this.#waitingSize += data.length;
    if (this.#turn === null) this.#next();
    else if (this.#waitingSize > this.#deps.settings.bodyLimitBytes) this.#end(tryLater, 'dropped');
  }

  /** The client has read of what it was sent. */
  drained(): void {
    if (!this.#isPaused || (this.#client?.getBufferedAmount() ?? 0) > resumeBelowBytes) return;
    this.#isPaused = false;
    this.#opened?.upstream.resume();
    this.#turn?.paused(false);
  }

  /** The client's connection is closed. */
  closed(): void {
    this.#end(normal, 'aborted');
  }

  /** Takes no further requests; closes when the one under way has ended. */
  drain(): void {
    this.#isStopping = true;
    if (this.#turn === null) this.#end(restarting, 'stopped');
  }

  /** Breaks it off: the daemon stops. */
  cancel(outcome: string): void {
    this.#end(restarting, outcome);
  }

  moveTo(opened: Opened | null): void {
    const before = this.#opened;
    if (before === opened) return;
    this.#opened = opened;
    before?.upstream.close();
    if (this.#isPaused) opened?.upstream.pause();
    opened?.upstream.listen({
      message: (data) => {
        if (this.#opened === opened) this.#guard(() => this.#takeDown(data));
      },
      closed: (code) => {
        if (this.#opened === opened) this.#guard(() => this.#upstreamClosed(code));
      },
    });
  }

  tell(message: string | Buffer): void {
    if (this.#client === null) return;
    const sent = this.#client.send(message);
    // Bun sends 0 where it has dropped the message: from here on the client would miss a part.
    if (sent === 0) return this.#end(tryLater, 'dropped');
    if (sent < 0) this.#pause();
  }

  together(tell: () => void): void {
    const client = this.#client;
    if (client === null) return tell();
    client.cork(tell);
    // What was taken into the one write may not have gone out of it.
    if (this.#client !== null && client.getBufferedAmount() > 0) this.#pause();
  }

  cut(): void {
    this.#end(broken, 'cut');
  }

  turnEnded(): void {
    this.#turn = null;
    if (this.#isStopping) this.#end(restarting, 'stopped');
    else this.#guard(() => this.#next());
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined || this.#client === null) return;
    this.#waitingSize -= next.text.length;
    try {
      this.#admission.admit();
      const exchange = this.#exchangeOf(next);
      this.#deps.begun(exchange);
      this.#turn = new Turn(this.#deps, exchange, { line: this, request: next.request });
      void this.#turn.run();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { ask, provider } = this.#admission.upgrade;
      this.#deps.refused(ask, provider, error);
      this.tell(this.socket.renderProblem(error, this.#deps.book.clock()));
      this.#next();
    }
  }

  #exchangeOf({ text, request }: { text: string; request: SocketRequest }): Exchange {
    const { upgrade } = this.#admission;
    const body = this.#deps.bodies.hold(Buffer.from(text));
    this.#deps.foreign.leaveOut(upgrade.provider, upgrade.wanted.session, body);
    const arrivedAt = this.#deps.book.clock();
    const { model } = request;
    const id = nextRequestId();
    return {
      ...upgrade,
      wanted: { ...upgrade.wanted, model, only: undefined },
      body,
      arrivedAt,
      holdUntil: arrivedAt + (upgrade.wanted.pool.pool.holdMs ?? upgrade.holdMs),
      client: this.#gone.signal,
      progress: newProgress(),
      record: {
        ...upgrade.record,
        ...{ id, model, bodyBytes: body.bytes.length, streamed: true, tries: [], account: null, status: null },
        ...{ outcome: 'open', queuedMs: 0, heldMs: 0, headMs: null },
      },
    };
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#opened?.upstream.pause();
    this.#turn?.paused(true);
  }

  /** Here nobody else would catch what is thrown, and it would end the daemon. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#deps.bug(error);
      this.#end(broken, 'internal');
    }
  }

  #passUp(data: string | Buffer): void {
    const upstream = this.#opened?.upstream;
    if (upstream === undefined) return;
    upstream.send(data);
    if (upstream.waitingBytes > this.#deps.settings.bodyLimitBytes) this.#end(tryLater, 'dropped');
  }

  #takeDown(data: string | Buffer): void {
    if (this.#turn === null) this.tell(data);
    else this.#turn.receive(data);
  }

  /** In the middle of a request failover goes on without it; else the client is told as it would be without us. */
  #upstreamClosed(code: number): void {
    this.#opened = null;
    if (this.#turn === null) this.#end(code === normal ? normal : broken, 'closed');
    else this.#turn.upstreamClosed(code);
  }

  #end(code: number, outcome: string): void {
    const client = this.#client;
    if (client === null) return;
    this.#client = null;
    this.#deps.open.delete(this);
    this.#waiting = [];
    const turn = this.#turn;
    this.#gone.abort();
    turn?.cancel(outcome);
    this.#opened?.upstream.abort();
    this.#opened = null;
    this.history.clear();
    client.close(code);
  }
}
