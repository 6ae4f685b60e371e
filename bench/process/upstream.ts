import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SeenRequest } from '../../src/simulator/provider/request-log.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { endChild, firstLine } from './child.ts';

/** A simulated provider in its own process. */
export type Upstream = {
  readonly port: number;
  readonly pid: number;
  readonly url: string;
  /** Sets what is used of a window of a credential. */
  use(credential: string, window: { name: string; used: number | 'all' }): Promise<void>;
  requests(): Promise<readonly SeenRequest[]>;
  stop(): Promise<void>;
};

const main = join(import.meta.dir, '../../src/simulator/main.ts');

/** Starts one; with `words` it gives every request the same answer of so many words, as fast as it can. */
export async function startUpstream(
  folder: string,
  options: { protocol: Protocol; scenario: object; words?: number },
): Promise<Upstream> {
  const file = join(folder, `scenario-${crypto.randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(options.scenario));
  const words = options.words === undefined ? [] : ['--words', String(options.words)];
  const child = Bun.spawn(
    [process.execPath, main, '--provider', options.protocol.provider, '--scenario', file, ...words],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const { url, port, pid } = JSON.parse(await firstLine(child.stdout)) as { url: string; port: number; pid: number };
  return {
    port,
    pid,
    url,
    use: (credential, window) => post(`${url}/__simulator/credentials/${credential}`, { windows: [window] }),
    requests: async () => {
      const { requests } = (await (await fetch(`${url}/__simulator/requests`)).json()) as { requests: SeenRequest[] };
      return requests;
    },
    stop: () => endChild(child),
  };
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
}
