import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { socketClient, type Client } from '../operations/client.ts';
import { startAnthropicSimulator, type Simulator } from '../simulator/anthropic/simulator.ts';
import { startDaemonProcess } from './daemon-process.ts';
import { demoAccounts, demoScenario } from './script.ts';

/** How an agent reaches the gateway: what `stint claude` would give it. */
export type Access = {
  readonly withheld: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/** Everything the demo needs, running in a temporary folder. */
export type Stage = AsyncDisposable & {
  readonly folder: string;
  readonly home: string;
  readonly simulator: Simulator;
  readonly client: Client;
  readonly access: Access;
};

type Command = readonly [string, ...string[]];

/** Starts provider and daemon, and adds the accounts; the provider pauses before each piece of an answer. When it throws, nothing is left behind. */
export async function setStage(stintCommand: Command, deltaDelayMs: number, signal: AbortSignal): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.adopt(await makeFolder(), (path) => rm(path, { recursive: true, force: true }));
  const simulator = opened.adopt(
    startAnthropicSimulator({ scenario: demoScenario(Date.now(), deltaDelayMs) }),
    (each) => each.stop(),
  );
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  const daemon = opened.adopt(await startDaemonProcess(stintCommand, home, signal), (each) => each.stop());
  const client = socketClient(daemon.controlSocket);
  for (const { label, secret } of demoAccounts) {
    await client.call('account.add', { provider: 'anthropic', label, secret, baseUrl: simulator.url });
  }
  const access = (await client.call('phantom.issue', { agent: 'claude', origin: 'wrapper' })) as Access;
  const resources = opened.move();
  return { folder, home, simulator, client, access, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

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
