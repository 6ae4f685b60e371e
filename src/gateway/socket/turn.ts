import type { AccountId } from '../../core/ids.ts';
import type { EpochMs } from '../../core/time.ts';
import type { AnswerContext, Socket, SocketRequest } from '../../providers/provider.ts';
import type { Watched } from '../deadline.ts';
import type { Exchange } from '../exchange.ts';
import { failover, waitOut, type Progressed } from '../failover.ts';
import { mostBytes } from '../gate.ts';
import { keepAliveMs } from '../hold.ts';
import { internal } from '../relay.ts';
import type { RespondDeps } from '../respond.ts';
import { contextOf, mend, observe, sentOf, type Seen, type Sent } from '../send.ts';
import { Contribution } from './contribution.ts';
import { Gate, type Message } from './gate.ts';
import type { History } from './history.ts';
import { messageAnswer, pacedMessage, refusalAsMessage, textOf } from './message-answer.ts';
import { isCurrent, openOn, type Opened, type OpenDeps } from './open.ts';

export type TurnDeps = RespondDeps & OpenDeps;

/** The connection that a turn belongs to, as far as the turn needs it. */
export interface Line {
  readonly opened: Opened | null;
  readonly history: History;
  readonly socket: Socket;
  /** The account that made what the client holds: it had the last answer, or else accepted the upgrade. */
  maker: AccountId;
  /** Goes over to another upstream connection and lets go of the one before; null only lets go. */
  moveTo(opened: Opened | null): void;
  tell(message: string | Buffer): void;
  /** Sends what is told meanwhile in as few writes as it takes. */
  together(tell: () => void): void;
  /** The answer broke off where nothing can be sent again: ends it and this, so that the client notices. */
  cut(): void;
  turnEnded(): void;
}

/**
 * One request on a WebSocket and its answer:
 *
 * - `waiting`: nothing is under way; failover decides what is sent where.
 * - `gated`: sent; what comes is held back until content.
 * - `ready`: content has come; what comes is held until failover has let the answer go.
 * - `open`: messages go through to the client as they come.
 * - `ended`
 */
type Phase = 'waiting' | 'gated' | 'ready' | 'open' | 'ended';

export class Turn {
  readonly #deps: TurnDeps;
  readonly #exchange: Exchange;
  readonly #request: SocketRequest;
  readonly #line: Line;
  readonly #gate = new Gate(() => this.#served());
  readonly #watched: Watched;
  readonly #contribution: Contribution;
  #phase: Phase = 'waiting';
  #resolveSent: (sent: Promise<Sent> | Sent) => void = () => undefined;
  #end: () => void = () => undefined;
  #seen: Seen | null = null;
  #isCut = false;
  #cancelled: string | null = null;
  #isPaused = false;

  constructor(deps: TurnDeps, exchange: Exchange, { line, request }: { line: Line; request: SocketRequest }) {
    this.#deps = { ...deps, send: (_, __, account) => this.#send(account) };
    this.#exchange = exchange;
    this.#request = request;
    this.#line = line;
    this.#contribution = new Contribution(request, line);
    this.#watched = { dueAt: 0, expire: () => line.opened?.upstream.abort() };
  }

  async run(): Promise<void> {
    const { deadlines, book } = this.#deps;
    deadlines.watch(this.#watched);
    this.#exchange.wanted.only = this.#contribution.ownerAmong(this.#deps.owners, this.#line.maker);
    try {
      let progressed = await failover(this.#deps, this.#exchange);
      this.#exchange.record.headMs = book.clock() - this.#exchange.arrivedAt;
      if (progressed.kind === 'hold' && !this.#couldStartAnew()) progressed = await this.#hold(progressed.until);
      this.#deliver(progressed);
    } catch (error) {
      this.#deps.bug(error);
      this.#tellProblem(this.#line.socket.renderProblem(internal(), book.clock()), 'internal');
    }
  }

  /** A message of the upstream connection that this turn uses. */
  receive(data: string | Buffer): void {
    const message: Message = { data, kind: typeof data === 'string' ? this.#line.socket.kindOf(data) : 'content' };
    this.#rewind();
    if (typeof data === 'string') this.#observeSignals(this.#line.socket.signalsOf(data, this.#context()));
    if (this.#phase === 'open') this.#pass(message);
    else if (this.#phase === 'gated' && message.kind === 'failed') this.#failed(data.toString());
    else if (this.#phase === 'gated' || this.#phase === 'ready') this.#gate.push(message);
    // What was learnt is being written: the provider waits as long as that takes.
    if (this.#phase === 'ready' && this.#gate.heldSize > mostBytes) this.#line.opened?.upstream.pause();
  }

  /** The upstream connection is gone. */
  upstreamClosed(code: number): void {
    if (this.#phase === 'ready') this.#isCut = true;
    if (this.#phase === 'open') this.#cut();
    if (this.#phase !== 'gated') return;
    this.#gate.take();
    this.#phase = 'waiting';
    if (this.#exchange.client.aborted) return this.#resolveSent({ outcome: { kind: 'aborted' }, answer: null });
    this.#deps.book.observeFault(this.#seenNow().account, 'network');
    const detail = `the connection was closed (${code}) before any content`;
    this.#resolveSent({ outcome: { kind: 'failed', fault: 'network', detail }, answer: null });
  }

  /** While the client does not read, silence is not the provider's. */
  paused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#rewind();
  }

  /** Ends it without a word to the client, who is gone: failover notices that by itself. */
  cancel(outcome: string): void {
    if (this.#phase === 'open') return this.#finish(outcome);
    this.#cancelled = outcome;
    if (this.#phase !== 'gated') return;
    this.#gate.take();
    this.#phase = 'waiting';
    this.#resolveSent({ outcome: { kind: 'aborted' }, answer: null });
  }

  async #send(account: AccountId): Promise<Sent> {
    const { book, settings } = this.#deps;
    // Before its credential is read: what comes of an older one does not count against the account.
    const sentAt = book.clock();
    if (!(await isCurrent(this.#deps, { exchange: this.#exchange, account }, this.#line.opened))) {
      const tried = await openOn(this.#deps, this.#exchange, account);
      if ('sent' in tried) return refusalAsMessage(tried.sent, this.#line.socket);
      if (this.#exchange.client.aborted) tried.opened.upstream.abort();
      else this.#line.moveTo(tried.opened);
    }
    const upstream = this.#line.opened?.upstream;
    if (upstream === undefined || this.#exchange.client.aborted) return { outcome: { kind: 'aborted' }, answer: null };
    const isMoved = account !== this.#line.maker;
    const text = this.#contribution.textFor(upstream, this.#exchange.body.bytes.toString('utf8'), isMoved);
    if (text === null) return this.#unmovable(account);
    this.#seen = { exchange: this.#exchange, account, sentAt };
    this.#phase = 'gated';
    this.#watched.dueAt = book.clock() + settings.headTimeoutMs.streamed;
    return new Promise((resolve) => {
      this.#resolveSent = resolve;
      upstream.send(text);
    });
  }

  #unmovable(account: AccountId): Sent {
    const text = this.#contribution.renderUnknown();
    const detail = 'the conversation cannot be told to another account';
    return { outcome: { kind: 'failed', fault: 'request', detail }, answer: messageAnswer(text, account) };
  }

  #failed(text: string): void {
    this.#gate.take();
    this.#phase = 'waiting';
    this.#watched.dueAt = 0;
    this.#contribution.failed();
    this.#resolveSent(this.#judge(text));
  }

  async #judge(text: string): Promise<Sent> {
    const seen = this.#seenNow();
    const opened = this.#line.opened;
    const verdict = this.#line.socket.classify(text, this.#context());
    const mending = opened === null ? { verdict, mended: false } : await mend(this.#deps, seen, { ...opened, verdict });
    observe(this.#deps.book, seen, mending.verdict);
    const { outcome } = verdict;
    // Its credential went with the upgrade: another one needs another connection.
    const isRefused = outcome.kind === 'failed' && outcome.fault === 'auth';
    if (isRefused || this.#line.socket.endsConnection(text)) this.#line.moveTo(null);
    const answer = messageAnswer(pacedMessage(text, outcome, this.#line.socket), seen.account);
    return sentOf(mending, answer);
  }

  #served(): void {
    if (this.#phase !== 'gated') return;
    this.#phase = 'ready';
    const { book } = this.#deps;
    const seen = this.#seenNow();
    if (!this.#request.warmUp) observe(book, seen, { outcome: { kind: 'served' }, signals: [] });
    // Any other request's answer says nothing of the probe that is out.
    if (this.#exchange.progress.probing === seen.account) book.endProbe(seen.account);
    this.#resolveSent({ outcome: { kind: 'served' }, answer: messageAnswer('', seen.account) });
  }

  async #hold(until: EpochMs): Promise<Progressed> {
    const { keepAlive } = this.#line.socket;
    this.#line.tell(keepAlive);
    const timer = setInterval(() => this.#line.tell(keepAlive), keepAliveMs);
    try {
      return await waitOut(this.#deps, this.#exchange, until);
    } finally {
      clearInterval(timer);
    }
  }

  #deliver(progressed: Progressed): void {
    const { socket } = this.#line;
    const { record } = this.#exchange;
    const now = this.#deps.book.clock();
    if (progressed.kind === 'answer') this.#end = progressed.end;
    if (this.#cancelled !== null) return this.#finish(this.#cancelled);
    switch (progressed.kind) {
      case 'dropped':
        return this.#finish('aborted');
      case 'hold':
        return this.#tellProblem(this.#contribution.renderUnknown(), 'sent-back');
      case 'problem': {
        const { problem } = progressed;
        if (this.#couldStartAnew()) return this.#tellProblem(this.#contribution.renderUnknown(), 'sent-back');
        record.status = this.#exchange.provider.renderProblem(problem, now).status;
        return this.#tellProblem(socket.renderProblem(problem, now), problem.code);
      }
      case 'answer':
        record.status = progressed.answer.status;
        if (this.#phase === 'ready') return this.#open();
        this.#line.tell(textOf(progressed.answer));
        return this.#endFailed(textOf(progressed.answer));
    }
  }

  /** A client that would wait for more is cut off, so that it tries again. */
  #endFailed(text: string): void {
    const { socket } = this.#line;
    this.#finish('failed');
    if (!socket.endsAnswer(text)) this.#line.cut();
  }

  /** Whether another account would serve it if only the client sent all of the conversation. */
  #couldStartAnew(): boolean {
    const { wanted } = this.#exchange;
    const { bound, continues } = this.#request;
    if (wanted.only === undefined || bound.length > 0 || continues === null) return false;
    return this.#deps.book.select({ ...wanted, only: undefined }, [wanted.only], 0).kind === 'use';
  }

  #open(): void {
    this.#phase = 'open';
    // From here on nothing is sent a second time.
    this.#exchange.body.release();
    this.#line.opened?.upstream.resume();
    if (!this.#request.warmUp) this.#line.maker = this.#seenNow().account;
    const held = this.#gate.take();
    this.#line.together(() => held.forEach((message) => this.#pass(message)));
    if (this.#isCut) this.#cut();
  }

  #pass({ data, kind }: Message): void {
    // What follows the end belongs to no request.
    if (this.#phase !== 'open') return this.#line.tell(data);
    if (typeof data === 'string' && kind === 'failed') return this.#failedLate(data);
    if (typeof data === 'string') this.#contribution.learn(data);
    this.#line.tell(data);
    if (typeof data !== 'string' || kind !== 'end') return;
    this.#remember(data);
    this.#finish('served');
  }

  /** After content: nothing is sent again. */
  #failedLate(text: string): void {
    const { socket } = this.#line;
    const { outcome, signals } = socket.classify(text, this.#context());
    this.#observeSignals(signals);
    this.#line.tell(pacedMessage(text, outcome, socket));
    if (socket.endsConnection(text)) this.#line.moveTo(null);
    this.#endFailed(text);
  }

  #remember(text: string): void {
    const { record } = this.#exchange;
    const { inputTokens, outputTokens } = this.#line.socket.usageOf(text);
    record.inputTokens = inputTokens;
    record.outputTokens = outputTokens;
    const response = this.#contribution.keep(this.#line.opened?.upstream ?? null);
    if (response !== null) this.#deps.owners.note(response, this.#seenNow().account);
  }

  #observeSignals(signals: Parameters<typeof observe>[2]['signals']): void {
    if (signals.length === 0 || this.#seen === null) return;
    const { account, sentAt } = this.#seen;
    void this.#deps.book.observe({ account, model: this.#exchange.wanted.model, sentAt, signals, served: false });
  }

  #cut(): void {
    if (this.#phase === 'open') this.#line.cut();
  }

  #tellProblem(text: string, outcome: string): void {
    this.#line.tell(text);
    this.#finish(outcome);
  }

  #finish(outcome: string): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#gate.take();
    this.#deps.deadlines.release(this.#watched);
    this.#end();
    this.#deps.finished(this.#exchange, outcome);
    this.#line.turnEnded();
  }

  #rewind(): void {
    const { book, settings } = this.#deps;
    if (this.#phase === 'waiting') return;
    this.#watched.dueAt = this.#isPaused ? 0 : book.clock() + settings.idleTimeoutMs;
  }

  #context(): AnswerContext {
    return contextOf(this.#deps.book, { exchange: this.#exchange });
  }

  #seenNow(): Seen {
    if (this.#seen === null) throw new Error('nothing has been sent');
    return this.#seen;
  }
}
