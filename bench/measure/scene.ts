import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { ScenarioInput } from '../../src/simulator/anthropic/scenario.ts';
import { startDaemon, type Daemon } from '../process/daemon.ts';
import { startUpstream, type Upstream } from '../process/upstream.ts';

/** An upstream with real quotas and a daemon of its own, for one measurement. */
export type Scene = { readonly upstream: Upstream; readonly daemon: Daemon; [Symbol.asyncDispose](): Promise<void> };

export const secretOf = (name: string): string => `sk-ant-oat01-test-${name}`;

/** Starts both, with a credential for each of these names. */
export async function setScene(
  folder: string,
  names: readonly string[],
  rest: Partial<ScenarioInput> = {},
): Promise<Scene> {
  await using started = new AsyncDisposableStack();
  const credentials = names.map((name) => ({
    name,
    secret: secretOf(name),
    windows: [{ name: 'five_hour' as const, limit: 1_000_000 }],
  }));
  const upstream = started.adopt(await startUpstream(folder, { scenario: { credentials, ...rest } }), (each) =>
    each.stop(),
  );
  const home = join(mkdtempSync(join(folder, 'scene-')), 'home');
  mkdirSync(home);
  const daemon = started.adopt(await startDaemon(home), (each) => each.stop());
  const all = started.move();
  return { upstream, daemon, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

export function accountsNamed(names: readonly string[]): { label: string; secret: string }[] {
  return names.map((label) => ({ label, secret: secretOf(label) }));
}

/** How many deltas a streamed answer has, if it is complete; -1 when it is not. */
export function completeDeltas(body: Buffer): number {
  const text = body.toString();
  if (!text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')) return -1;
  return text.split('event: content_block_delta\n').length - 1;
}
