import { chmod } from 'node:fs/promises';
import { timingSafeEqual } from 'node:crypto';
import type { AnyOperation } from '../operations/operation.ts';
import { listen } from './listen.ts';
import { restApp, type RestDeps } from '../surfaces/rest/rest.ts';

export type ControlDeps = {
  readonly operations: readonly AnyOperation[];
  readonly context: RestDeps['context'];
  readonly version: string;
  readonly token: string;
  readonly bug: (error: unknown) => void;
};

/** The control listener: the API on a TCP port, with a token, and on the control socket, which only its owner can open. */
export class Control {
  readonly #deps: ControlDeps;
  #servers: Bun.Server<undefined>[] = [];

  constructor(deps: ControlDeps) {
    this.#deps = deps;
  }

  /** Listens on both and returns the port. Throws a Problem `conflict` when it is taken. */
  async start({ hostname, port, socket }: { hostname: string; port: number; socket: string }): Promise<number> {
    const deps: RestDeps = { ...this.#deps, hostname, authorized: (token) => sameText(token, this.#deps.token) };
    // Without `development` Bun shares the port with any other listener of this user that does the same.
    const tcp = listen({ name: 'control', hostname, port }, () =>
      Bun.serve({ development: false, reusePort: false, hostname, port, fetch: restApp(deps, 'tcp').fetch }),
    );
    this.#servers.push(tcp);
    this.#servers.push(Bun.serve({ development: false, unix: socket, fetch: restApp(deps, 'socket').fetch }));
    await chmod(socket, 0o600);
    return tcp.port ?? port;
  }

  /** Ends when what is being answered has been answered. */
  async stop(): Promise<void> {
    const servers = this.#servers.splice(0);
    await Promise.all(servers.map((server) => server.stop(false)));
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
