import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon, type Daemon } from '../process/daemon.ts';
import { startUpstream, type Upstream } from '../process/upstream.ts';
import type { Protocol } from '../protocol/protocol.ts';

/** An upstream with real quotas and a daemon of its own, for one measurement. */
export type Scene = { readonly upstream: Upstream; readonly daemon: Daemon; [Symbol.asyncDispose](): Promise<void> };

type Wish = { readonly protocol: Protocol; readonly names: readonly string[]; readonly deltaDelayMs?: number };

/** Starts both, with a credential for each of these names. */
export async function setScene(folder: string, { protocol, names, deltaDelayMs = 0 }: Wish): Promise<Scene> {
  await using started = new AsyncDisposableStack();
  const credentials = names.map((name) => ({
    name,
    secret: protocol.secretOf(name),
    windows: [{ name: protocol.window, limit: 1_000_000 }],
  }));
  const scenario = { credentials, deltaDelayMs };
  const upstream = started.adopt(await startUpstream(folder, { protocol, scenario }), (each) => each.stop());
  const home = join(mkdtempSync(join(folder, 'scene-')), 'home');
  mkdirSync(home);
  const daemon = started.adopt(await startDaemon(home), (each) => each.stop());
  const all = started.move();
  return { upstream, daemon, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
