import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { socketClient, type Client } from '../operations/client.ts';
import { startDaemonProcess } from './daemon-process.ts';
import type { Start } from './keep.ts';
import { demoLabels, type DemoProvider, type DemoSimulator } from './provider/provider.ts';

/** How an agent reaches the gateway: what `stint claude` would give it. */
export type Access = {
  /** Before all other arguments. */
  readonly args: readonly string[];
  readonly withheld: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/** Everything the demo needs, running in a temporary folder. */
export type Stage = AsyncDisposable & {
  readonly folder: string;
  readonly home: string;
  readonly provider: DemoProvider;
  readonly simulator: DemoSimulator;
  readonly client: Client;
  readonly access: Access;
};

/** Who plays: an agent as `stint` names it, and its provider, which pauses before each piece of an answer. */
export type Cast = { readonly agent: string; readonly provider: DemoProvider; readonly paceMs: number };

/** Starts provider and daemon, and adds the accounts. When it throws, nothing is left behind. */
export async function setStage(
  { stintCommand, environment }: Start,
  { agent, provider, paceMs }: Cast,
  signal: AbortSignal,
): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.adopt(await makeFolder(), (path) => rm(path, { recursive: true, force: true }));
  const simulator = opened.adopt(provider.start(Date.now(), paceMs), (each) => each.stop());
  const home = join(folder, 'home');
  const userHome = join(folder, 'user');
  for (const each of [home, userHome]) await mkdir(each, { mode: 0o700 });
  // What an agent is started with may name or link files in its user's home.
  const env = { ...environment, ...directLoopback, HOME: userHome, GEMINI_CLI_HOME: userHome };
  const started = await startDaemonProcess(stintCommand, home, { environment: env, signal });
  const daemon = opened.adopt(started, (each) => each.stop());
  const client = socketClient(daemon.controlSocket);
  for (const label of demoLabels) {
    const secret = provider.secretOf(label);
    await client.call('account.add', { provider: provider.id, label, secret, baseUrl: simulator.url });
  }
  const access = (await client.call('phantom.issue', { agent, origin: 'wrapper' })) as Access;
  const resources = opened.move();
  return { folder, home, provider, simulator, client, access, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Provider and gateway are reached past any proxy of the user's. */
export const directLoopback = { NO_PROXY: '127.0.0.1,localhost', no_proxy: '127.0.0.1,localhost' };

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'stint-demo-'));
  } catch (cause) {
    throw new Problem('unavailable', `The demo cannot make a folder in ${tmpdir()}.`, {
      hint: 'Name another place with: TMPDIR=<folder> stint demo',
      cause,
    });
  }
}
