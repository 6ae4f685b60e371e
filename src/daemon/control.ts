import { chmod } from 'node:fs/promises';
import { restApp, type RestDeps, type RestEnv } from '../surfaces/rest/rest.ts';
import { Throttle } from '../surfaces/rest/throttle.ts';
import { listen } from './listen.ts';
import type { TlsPair } from './tls-files.ts';
import type { ControlTokens } from './tokens.ts';

export type ControlDeps = Pick<RestDeps, 'operations' | 'context' | 'version' | 'bug' | 'mcp' | 'keepAliveMs'> & {
  readonly tokens: ControlTokens;
};

export type ControlAddress = {
  readonly hostname: string;
  readonly port: number;
  readonly socket: string;
  readonly tls?: TlsPair | undefined;
};

/** An operation may take long, as the command that resets an agent’s login does. */
const idleTimeoutSeconds = 255;
/** Bun ends what is silent for ten seconds on a Unix socket too; its types do not know the option there. */
const patient: object = { idleTimeout: 0 };
/** An answer that a client does not read is not waited for. */
const stopGraceMs = 5000;

/** The control listener: the API on a TCP port, with a token, and on the control socket, which only its owner can open. */
export class Control {
  readonly #deps: ControlDeps;
  readonly #stopped = new AbortController();
  #servers: Bun.Server<undefined>[] = [];

  constructor(deps: ControlDeps) {
    this.#deps = deps;
  }

  /** Listens on both and returns the port. Throws a Problem `conflict` when it is taken. */
  async start({ hostname, port, socket, tls }: ControlAddress): Promise<number> {
    const deps: RestDeps = {
      ...this.#deps,
      hostname,
      secure: tls !== undefined,
      browsers: this.#deps.tokens.browsers,
      throttle: new Throttle(this.#deps.context.clock),
      stopped: this.#stopped.signal,
    };
    // Without `development` Bun shares the port with any other listener of this user that does the same.
    const tcp = listen({ name: 'control', hostname, port }, () =>
      Bun.serve({
        ...{ development: false, reusePort: false, idleTimeout: idleTimeoutSeconds, hostname, port },
        ...(tls === undefined ? {} : { tls }),
        fetch: answering(restApp(deps, 'tcp')),
      }),
    );
    this.#servers.push(tcp);
    this.#servers.push(
      Bun.serve({ development: false, unix: socket, ...patient, fetch: answering(restApp(deps, 'socket')) }),
    );
    await chmod(socket, 0o600);
    return tcp.port ?? port;
  }

  /** Ends streams at once, and the rest when what is being answered has been answered. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const servers = this.#servers.splice(0);
    await Promise.all(servers.map(stopServer));
  }
}

type Answering = (request: Request, server: Bun.Server<undefined>) => Response | Promise<Response>;

function answering(app: ReturnType<typeof restApp>): Answering {
  return (request, server) => {
    const env: RestEnv['Bindings'] = { keepOpen: () => server.timeout(request, 0) };
    return app.fetch(request, env);
  };
}

async function stopServer(server: Bun.Server<undefined>): Promise<void> {
  const late = setTimeout(() => void server.stop(true), stopGraceMs);
  await server.stop(false);
  clearTimeout(late);
}
