import type { ProviderId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { Book } from '../book/book.ts';
import { findPhantom } from '../book/phantoms.ts';
import type { Phantom } from '../book/ports.ts';
import type { Ask, Provider } from '../providers/provider.ts';
import { exchangeOf, type Admitted } from './arrival.ts';
import { BodyReader } from './body.ts';
import { Deadlines } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import { ForeignReasoning } from './foreign.ts';
import { Owners } from './owners.ts';
import type { Credentials, GatewayLog, GatewaySettings } from './ports.ts';
import { internal, stopping } from './relay.ts';
import { problemResponse, respond, type OpenStreams } from './respond.ts';
import { send } from './send.ts';
import { acceptSocket } from './socket/accept.ts';
import type { Connection, ConnectionDeps } from './socket/connection.ts';
import { asksForSocket, socketHandler } from './socket/endpoint.ts';
import type { ProxyRules } from './socket/proxy.ts';

export type GatewayDeps = {
  readonly book: Book;
  readonly credentials: Credentials;
  readonly providers: ReadonlyMap<ProviderId, Provider>;
  readonly settings: GatewaySettings;
  readonly log: GatewayLog;
  readonly random: () => number;
  /** For WebSockets: fetch reads the environment itself. */
  readonly proxy?: ProxyRules;
};

/** The agent listener: takes an agent's requests and serves them from the accounts of its phantom's pool. */
export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #bodies: BodyReader;
  readonly #deadlines: Deadlines;
  readonly #open: OpenStreams = new Set();
  /** By the first segment of their paths. */
  readonly #doors: ReadonlyMap<string, Provider>;
  readonly #respondDeps: ConnectionDeps;
  #active = 0;
  #server: Bun.Server<Connection> | undefined;
  #stopping = false;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    this.#doors = new Map([...deps.providers.values()].flatMap((each) => each.doors.map((door) => [door, each])));
    this.#bodies = new BodyReader(deps.settings, deps.book.clock);
    this.#deadlines = new Deadlines(deps.book.clock);
    this.#respondDeps = {
      book: deps.book,
      credentials: deps.credentials,
      owners: new Owners(),
      foreign: new ForeignReasoning(),
      send,
      proxy: deps.proxy ?? null,
      bodies: this.#bodies,
      histories: { free: deps.settings.bodiesInFlightBytes },
      settings: deps.settings,
      random: deps.random,
      deadlines: this.#deadlines,
      open: this.#open,
      bug: (error) => deps.log.bug(error),
      refused: (ask, provider, problem) => this.#refused(ask, provider, problem),
      begun: () => void (this.#active += 1),
      finished: (exchange, outcome) => this.#finished(exchange, outcome),
    };
  }

  /** Listens and returns the port. Throws the system's error when it cannot. */
  start(address: { hostname: string; port: number }): number {
    this.#server = Bun.serve({
      ...address,
      idleTimeout: 0,
      development: false,
      // Without `development` Bun shares the port with any other listener of this user that does the same.
      reusePort: false,
      // Bodies are bounded by BodyReader, whose answer is in the provider's shape.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request) => this.#handle(request),
      websocket: socketHandler(this.#deps.settings),
      error: (error) => this.#internal(error),
    });
    this.#deadlines.start();
    return this.#server.port ?? address.port;
  }

  /** Takes no new requests, gives open ones the grace time, then breaks them. */
  async stop(): Promise<void> {
    if (this.#server === undefined) return;
    this.#stopping = true;
    for (const each of [...this.#open]) each.drain?.();
    const server = this.#server;
    // Resolves when the last bytes are out, which is later than the end of the last request here.
    await within(this.#deps.settings.stopGraceMs, server.stop(false));
    for (const body of [...this.#open]) body.cancel('stopped');
    await server.stop(true);
    this.#deadlines.stop();
    this.#server = undefined;
  }

  /** Requests that have not been answered to their last byte. */
  get active(): number {
    return this.#active;
  }

  async #handle(request: Request): Promise<Response | undefined> {
    const { pathname, search } = splitUrl(request.url);
    const door = firstSegment(pathname);
    const provider = this.#doors.get(door);
    if (provider === undefined)
      return new Response(`Stint serves agents under ${this.#doorList()}.\n`, { status: 404 });
    const ask: Ask = { door, method: request.method, path: pathname.slice(door.length + 1), search };
    const route = provider.route(ask);
    if (route === 'local') return provider.answerLocal(ask, request.headers);
    try {
      const phantom = this.#authenticate(provider, ask, request.headers);
      if (this.#stopping) throw stopping();
      if (route === null)
        throw new Problem('not_found', `Stint does not pass ${ask.method} ${ask.path.slice(0, 200)} on.`);
      return await this.#serve(request, { provider, route, phantom, ask });
    } catch (error) {
      // A client that goes away while it sends its body is nobody's fault.
      if (request.signal.aborted) return new Response(null, { status: 499 });
      if (!(error instanceof Problem)) return this.#internal(error, provider);
      this.#refused(ask, provider, error);
      return problemResponse(provider, error, this.#deps.book.clock());
    }
  }

  async #serve(request: Request, admitted: Admitted): Promise<Response | undefined> {
    const arrivedAt = this.#deps.book.clock();
    const body = await this.#bodies.read(request);
    const pool = this.#deps.book.pool(admitted.phantom.pool);
    if (pool === undefined) {
      body.release();
      throw new Problem('forbidden', `Stint: pool ${admitted.phantom.pool} no longer exists.`, {
        hint: 'Start the agent again.',
      });
    }
    const exchange = exchangeOf(request, admitted, { body, arrivedAt, pool });
    this.#respondDeps.foreign.leaveOut(admitted.provider, exchange.wanted.session, body);
    this.#active += 1;
    try {
      return await (asksForSocket(request) ? this.#upgrade(request, exchange) : respond(this.#respondDeps, exchange));
    } catch (error) {
      this.#finished(exchange, 'internal');
      throw error;
    }
  }

  /** Only a provider that speaks on WebSockets is asked for one; any other answers such a request as it likes. */
  #upgrade(request: Request, exchange: Exchange): Promise<Response | undefined> {
    const { provider, ask } = exchange;
    const { socket } = provider;
    if (socket?.covers(ask) !== true) return respond(this.#respondDeps, exchange);
    return acceptSocket(this.#respondDeps, {
      ...{ exchange, socket },
      admit: () => void this.#authenticate(provider, ask, request.headers),
      accept: (headers, connection) => this.#server?.upgrade(request, { headers, data: connection }) ?? false,
    });
  }

  #authenticate(provider: Provider, ask: Ask, headers: Headers): Phantom {
    const token = provider.phantomOf(headers, ask);
    const phantom = token === null ? undefined : findPhantom(this.#deps.book, token);
    if (phantom !== undefined && phantom.provider === provider.id) return phantom;
    throw new Problem(
      'unauthorized',
      token === null ? 'Stint: the request has no token.' : 'Stint: this token is unknown, expired or revoked.',
      {
        hint: 'Start the agent with Stint again, as in `stint claude`, or take new settings from `stint env`.',
      },
    );
  }

  #doorList(): string {
    return [...this.#doors.keys()].map((door) => `/${door}`).join(', ');
  }

  #finished(exchange: Exchange, outcome: string): void {
    exchange.body.release();
    const { record } = exchange;
    record.outcome = outcome;
    record.totalMs = this.#deps.book.clock() - exchange.arrivedAt;
    this.#deps.log.request(record);
    this.#active -= 1;
  }

  #refused({ method, path }: Ask, provider: Provider, { code }: Problem): void {
    this.#deps.log.refused({ provider: provider.id, method, path: path.slice(0, 200), code });
  }

  #internal(error: unknown, provider?: Provider): Response {
    this.#deps.log.bug(error);
    if (provider === undefined) return new Response('internal error\n', { status: 500 });
    return problemResponse(provider, internal(), this.#deps.book.clock());
  }
}

async function within(graceMs: number, done: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([done, late]);
  clearTimeout(timer);
}

function firstSegment(pathname: string): string {
  const end = pathname.indexOf('/', 1);
  return end === -1 ? pathname.slice(1) : pathname.slice(1, end);
}

/** Path and query as they were sent; only paths of an allow-list go on, so that nothing needs to be normalised. */
function splitUrl(url: string): { pathname: string; search: string } {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const query = url.indexOf('?', start);
  if (query === -1) return { pathname: url.slice(start), search: '' };
  return { pathname: url.slice(start, query), search: url.slice(query) };
}
