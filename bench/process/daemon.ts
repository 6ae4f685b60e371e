import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonFile } from '../../src/home/daemon-file.ts';
import { socketClient } from '../../src/operations/client.ts';
import type { Target } from '../http/connection.ts';
import { endChild } from './child.ts';

/** How an agent of a pool reaches the gateway. */
export type Way = { readonly target: Target; readonly token: string };

/** A daemon that runs as a user's does: started by the launcher, spoken to over its control socket. */
export type Daemon = {
  readonly home: string;
  readonly file: DaemonFile;
  call(operation: string, input: object): Promise<unknown>;
  /** Creates accounts of a pool at this base URL; their labels are the pool's name and a number. */
  addPool(pool: PoolWish): Promise<Way>;
  stop(): Promise<void>;
};

export type PoolWish = {
  readonly name: string;
  readonly strategy: string;
  readonly accounts: readonly { readonly label: string; readonly secret: string }[];
  readonly baseUrl: string;
};

export const launcher = join(import.meta.dir, '../../bin/stint.mjs');

/** The environment of a user without any settings of Stint, in this home. */
export function userOf(home: string): Record<string, string | undefined> {
  return { ...process.env, STINT_HOME: home, STINT_CONTROL_PORT: '0', STINT_AGENT_PORT: '0' };
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
  return {
    home,
    file,
    call,
    addPool: (wish) => addPool(call, wish),
    // A second SIGTERM ends the daemon at once; SIGKILL would end its launcher alone.
    stop: () => endChild(child, 'SIGTERM'),
  };
}

async function addPool(call: Daemon['call'], { name, strategy, accounts, baseUrl }: PoolWish): Promise<Way> {
  for (const { label, secret } of accounts)
    await call('account.add', { provider: 'anthropic', label, secret, baseUrl });
  await call('pool.create', { pool: name, accounts: accounts.map(({ label }) => label), strategy });
  // A wrapper's phantom: its requests are held, as those of `stint claude` are.
  const issued = (await call('phantom.issue', { agent: 'claude', pool: name, origin: 'wrapper' })) as {
    token: string;
    environment: Record<string, string>;
  };
  const url = new URL(issued.environment['ANTHROPIC_BASE_URL'] ?? '');
  return { token: issued.token, target: { port: Number(url.port), path: `${url.pathname}/v1/messages` } };
}
