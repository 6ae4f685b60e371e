import type { PhantomId, ProviderId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { Book } from '../book/book.ts';
import { describeFileError } from '../lib/atomic-file.ts';
import { findPhantom } from '../book/phantoms.ts';
import type { Phantom } from '../book/ports.ts';
import type { PoolState } from '../book/state.ts';
import type { Ask, Provider } from '../providers/provider.ts';
import { exchangeOf, type Admitted } from './arrival.ts';
import { BodyReader } from './body.ts';
import { Deadlines } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import { ForeignReasoning } from './foreign.ts';
import { Owners } from './owners.ts';
import type { Credentials, GatewayLog, GatewaySettings, OpenRequest } from './ports.ts';
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
  /** Answers what is under `/mcp`: the tools of agents that work on jobs. */
  readonly tools?: (request: Request) => Promise<Response>;
};

const toolDoor = 'mcp';

export type GatewayAddress = {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** A Unix socket on which it listens as well. */
  readonly socket?: string | undefined;
};

const mostPhantoms = 10_000;

/** The agent listener: takes an agent's requests and serves them from the accounts of its phantom's pool. */
export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #bodies: BodyReader;
  readonly #deadlines: Deadlines;
  readonly #open: OpenStreams = new Set();
  /** By the first segment of their paths. */
  readonly #doors: ReadonlyMap<string, Provider>;
  readonly #respondDeps: ConnectionDeps;
  readonly #exchanges = new Set<Exchange>();
  /** When each phantom was used last. */
  readonly #askedAt = new Map<PhantomId, EpochMs>();
  #servers: Bun.Server<Connection>[] = [];
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
      begun: (exchange) => void this.#exchanges.add(exchange),
      finished: (exchange, outcome) => this.#finished(exchange, outcome),
    };
  }

  /** Listens, on a Unix socket as well where one is named, and returns the port. Throws the system's error when it cannot. */
  start({ hostname, port, tls, socket }: GatewayAddress): number {
    // Without `development` Bun shares the port with any other listener of this user that does the same.
    const tcp = Bun.serve({
      hostname,
      port,
      reusePort: false,
      ...this.#serving(),
      ...(tls === undefined ? {} : { tls }),
    });
    this.#servers.push(tcp);
    if (socket !== undefined) this.#servers.push(this.#serveOn(socket));
    this.#deadlines.start();
    return tcp.port ?? port;
  }

  #serveOn(socket: string): Bun.Server<Connection> {
    try {
      return Bun.serve({ unix: socket, ...this.#serving() });
    } catch (error) {
      throw new Problem('invalid', `Nothing can listen on ${socket} for agents: ${describeFileError(error)}.`, {
        hint: 'Set agent.socket in config.toml to a path in a folder that is there.',
        cause: error,
      });
    }
  }

  #serving() {
    // Bun takes it for a Unix socket too, and ends what is silent for ten seconds without it; its types do not say so.
    const patient: object = { idleTimeout: 0 };
    return {
      ...patient,
      development: false as const,
      // Bodies are bounded by BodyReader, whose answer is in the provider's shape.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request: Request, server: Bun.Server<Connection>) => this.#handle(request, server),
      websocket: socketHandler(this.#deps.settings),
      error: (error: Error) => this.#internal(error),
    };
  }

  /** Takes no new requests, gives open ones the grace time, then breaks them. */
  async stop(): Promise<void> {
    const servers = this.#servers.splice(0);
    if (servers.length === 0) return;
    this.#stopping = true;
    for (const each of [...this.#open]) each.drain?.();
    // Resolves when the last bytes are out, which is later than the end of the last request here.
    await within(this.#deps.settings.stopGraceMs, Promise.all(servers.map((each) => each.stop(false))));
    for (const body of [...this.#open]) body.cancel('stopped');
    await Promise.all(servers.map((each) => each.stop(true)));
    this.#deadlines.stop();
  }

  /** Requests that have not been answered to their last byte. */
  get active(): number {
    return this.#exchanges.size;
  }

  /** What each of them is at. */
  openRequests(): readonly OpenRequest[] {
    return [...this.#exchanges].map(({ record, arrivedAt, wanted, progress }) => ({
      id: record.id,
      // By the names of today.
      account: record.account === null ? null : (this.#deps.book.find(record.account)?.account.id ?? record.account),
      session: record.session,
      pool: wanted.pool.pool.name,
      model: record.model,
      path: record.path,
      since: arrivedAt,
      streamed: record.streamed,
      heldUntil: progress.heldUntil,
    }));
  }

  /** What an agent with this phantom asks, and asked since the start. */
  requestsOf(phantom: PhantomId): { readonly lastAt: EpochMs | null; readonly open: number; readonly held: number } {
    const own = [...this.#exchanges].filter((each) => each.record.phantom === phantom);
    const held = own.filter(({ progress }) => progress.heldUntil !== null).length;
    return { lastAt: this.#askedAt.get(phantom) ?? null, open: own.length, held };
  }

  /** The latest come last; those that have not asked for the longest are forgotten. */
  #asked(phantom: PhantomId): void {
    this.#askedAt.delete(phantom);
    this.#askedAt.set(phantom, this.#deps.book.clock());
    if (this.#askedAt.size <= mostPhantoms) return;
    const [oldest] = this.#askedAt.keys();
    if (oldest !== undefined) this.#askedAt.delete(oldest);
  }

  async #handle(request: Request, server: Bun.Server<Connection>): Promise<Response | undefined> {
    const { pathname, search } = splitUrl(request.url);
    const door = firstSegment(pathname);
    const provider = this.#doors.get(door);
    // After the providers, whose requests are not to wait for it.
    if (provider === undefined && pathname === `/${toolDoor}` && this.#deps.tools !== undefined)
      return this.#deps.tools(request);
    if (provider === undefined)
      return new Response(`Stint serves agents under ${this.#doorList()}.\n`, { status: 404 });
    const ask: Ask = { door, method: request.method, path: pathname.slice(door.length + 1), search };
    const route = provider.route(ask);
    if (route === 'local') return provider.answerLocal(ask, request.headers);
    try {
      const phantom = this.#authenticate(provider, ask, request.headers);
      this.#asked(phantom.id);
      if (this.#stopping) throw stopping();
      if (route === null)
        throw new Problem('not_found', `Stint does not pass ${ask.method} ${ask.path.slice(0, 200)} on.`);
      return await this.#serve(request, { provider, route, phantom, ask }, server);
    } catch (error) {
      // A client that goes away while it sends its body is nobody's fault.
      if (request.signal.aborted) return new Response(null, { status: 499 });
      if (!(error instanceof Problem)) return this.#internal(error, provider);
      this.#refused(ask, provider, error);
      return problemResponse(provider, error, this.#deps.book.clock());
    }
  }

  async #serve(request: Request, admitted: Admitted, server: Bun.Server<Connection>): Promise<Response | undefined> {
    const arrivedAt = this.#deps.book.clock();
    const body = await this.#bodies.read(request);
    const pool = this.#poolOf(admitted.phantom);
    if (pool === undefined) {
      body.release();
      throw new Problem('forbidden', `Stint: pool ${admitted.phantom.pool} no longer exists.`, {
        hint: 'Start the agent again.',
      });
    }
    const exchange = exchangeOf(request, admitted, { body, arrivedAt, pool });
    this.#respondDeps.foreign.leaveOut(admitted.provider, exchange.wanted.session, body);
    this.#exchanges.add(exchange);
    try {
      return await (asksForSocket(request)
        ? this.#upgrade(request, exchange, server)
        : respond(this.#respondDeps, exchange));
    } catch (error) {
      this.#finished(exchange, 'internal');
      throw error;
    }
  }

  /** Its pool may have got another name while its body was read. */
  #poolOf({ pool, hash }: Phantom): PoolState | undefined {
    const { book } = this.#deps;
    return book.pool(pool) ?? book.pool(book.state.phantoms.get(hash)?.pool ?? pool);
  }

  /** Only a provider that speaks on WebSockets is asked for one; any other answers such a request as it likes. */
  #upgrade(request: Request, exchange: Exchange, server: Bun.Server<Connection>): Promise<Response | undefined> {
    const { provider, ask } = exchange;
    const { socket } = provider;
    if (socket?.covers(ask) !== true) return respond(this.#respondDeps, exchange);
    return acceptSocket(this.#respondDeps, {
      ...{ exchange, socket },
      admit: () => void this.#authenticate(provider, ask, request.headers),
      accept: (headers, connection) => server.upgrade(request, { headers, data: connection }),
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
    this.#exchanges.delete(exchange);
    this.#asked(record.phantom);
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
