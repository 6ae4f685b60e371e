import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonFile } from '../../src/home/daemon-file.ts';
import { socketClient } from '../../src/operations/client.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { endChild } from './child.ts';

/** How a request reaches who answers it: the gateway, nginx or the provider; `base` stands before the provider’s own paths. */
export type Way = { readonly port: number; readonly base: string; readonly token: string };

/** A daemon that runs as a user's does: started by the launcher, spoken to over its control socket. */
export type Daemon = {
  readonly home: string;
  readonly file: DaemonFile;
  call(operation: string, input: object): Promise<unknown>;
  /** Creates a pool of new accounts at this base URL. */
  addPool(pool: PoolWish): Promise<Way>;
  /** How another agent of the protocol reaches a pool that there is. */
  wayTo(protocol: Protocol, pool: string): Promise<Way>;
  stop(): Promise<void>;
};

export type PoolWish = {
  readonly protocol: Protocol;
  readonly name: string;
  readonly strategy: string;
  readonly labels: readonly string[];
  readonly baseUrl: string;
};

export const launcher = join(import.meta.dir, '../../bin/stint.mjs');

/** The environment of a user without any settings of Stint, in this home. */
export function userOf(home: string): Record<string, string | undefined> {
  // An agent's phantom may come with links to files in the user's home.
  return { ...process.env, HOME: home, STINT_HOME: home, STINT_CONTROL_PORT: '0', STINT_AGENT_PORT: '0' };
}

export async function startDaemon(home: string): Promise<Daemon> {
  const child = Bun.spawn(['node', launcher, 'up'], { env: userOf(home), stdio: ['ignore', 'ignore', 'inherit'] });
  const path = join(home, 'daemon.json');
  while (!existsSync(path)) {
    if (child.exitCode !== null) throw new Error('the daemon ended at once');
    await Bun.sleep(10);
  }
  const file = JSON.parse(readFileSync(path, 'utf8')) as DaemonFile;
  const client = socketClient(file.controlSocket);
  const call: Daemon['call'] = (operation, input) => client.call(operation, input);
  const wayTo: Daemon['wayTo'] = async ({ agent, door }, pool) => {
    // A wrapper's phantom: its requests are held, as those of `stint claude` are.
    const issued = (await call('phantom.issue', { agent, pool, origin: 'wrapper' })) as { token: string };
    return { port: file.agentPort, base: door, token: issued.token };
  };
  return {
    home,
    file,
    call,
    wayTo,
    addPool: async ({ protocol, name, strategy, labels, baseUrl }) => {
      const { provider } = protocol;
      for (const label of labels)
        await call('account.add', { provider, label, secret: protocol.secretOf(label), baseUrl });
      await call('pool.create', { pool: name, accounts: labels.map((label) => `${provider}/${label}`), strategy });
      return wayTo(protocol, name);
    },
    // A second SIGTERM ends the daemon at once; SIGKILL would end its launcher alone.
    stop: () => endChild(child, 'SIGTERM'),
  };
}
