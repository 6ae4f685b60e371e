import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askOnce } from '../http/client.ts';
import { startDaemon, type Daemon, type Way } from '../process/daemon.ts';
import { startNginx, type Nginx, type NginxRoute } from '../process/nginx.ts';
import { startUpstream, type Upstream } from '../process/upstream.ts';
import { words, type Protocol } from '../protocol/protocol.ts';
import { protocols } from '../protocol/registry.ts';

/** A body size in one protocol: its upstream gives each request the same answer of so many words. */
type Size = { readonly protocol: Protocol; readonly name: string; readonly bytes: number; readonly upstream: Upstream };

/** A kind of request that is measured with all of its variants; the first of them goes to the upstream directly. */
export type Case = {
  readonly name: string;
  readonly protocol: Protocol;
  readonly bytes: number;
  readonly streamed: boolean;
  readonly expected: string;
  readonly upstreamPid: number;
  readonly variants: readonly Variant[];
};

/** A way for a request to reach the upstream. */
export type Variant = { readonly name: string; readonly pid: number | undefined; readonly way: Way };

/** Everything that throughput and latency are measured with: upstreams, nginx where it is installed, a daemon. */
export type Stage = {
  readonly cases: readonly Case[];
  readonly nginx: string | null;
  stop(): Promise<void>;
};

const sizes = [
  { name: '2 KB', bytes: 2000 },
  { name: '200 KB', bytes: 200_000 },
];
const pools = [
  { name: 'gateway, 1 account', accounts: 1, strategy: 'sticky' },
  // Sessions spread over all twenty, as they do when many people work.
  { name: 'gateway, 20 accounts', accounts: 20, strategy: 'round-robin' },
];

/** Bodies of this size are what latency is measured with. */
export const smallestBytes = 2000;

export async function setStage(folder: string): Promise<Stage> {
  await using started = new AsyncDisposableStack();
  const keep = <Item extends { stop(): Promise<void> }>(item: Item): Item => started.adopt(item, (each) => each.stop());
  const filled: Size[] = [];
  for (const protocol of protocols) {
    const windows = [{ name: protocol.window, limit: 1_000_000_000 }];
    const credentials = [{ secret: protocol.secretOf('bench-0'), name: 'bench', windows }];
    for (const { name, bytes } of sizes) {
      const upstream = keep(await startUpstream(folder, { protocol, scenario: { credentials }, words: bytes / 5 }));
      filled.push({ protocol, name, bytes, upstream });
    }
  }
  const nginx = await startNginx(
    folder,
    filled.map(({ upstream }) => upstream),
  );
  if (nginx !== undefined) keep(nginx);
  const home = join(folder, 'home');
  mkdirSync(home);
  const daemon = keep(await startDaemon(home));
  const cases: Case[] = [];
  for (const [index, size] of filled.entries()) {
    const gateways = await gatewaysOf(daemon, size);
    for (const streamed of [false, true]) {
      const ways = { nginx, route: nginx?.routes[index], gateways };
      cases.push(await caseOf(folder, size, { streamed, variants: variantsOf(size, ways, streamed) }));
    }
  }
  const all = started.move();
  return { cases, nginx: nginx?.version ?? null, stop: () => all.disposeAsync() };
}

async function gatewaysOf(daemon: Daemon, { protocol, bytes, upstream }: Size): Promise<Variant[]> {
  const variants: Variant[] = [];
  // What many accounts cost is the same in every protocol.
  for (const pool of protocol.name === 'messages' ? pools : pools.slice(0, 1)) {
    const name = `${protocol.name}-${bytes}-n${pool.accounts}`;
    const labels = Array.from({ length: pool.accounts }, (_, index) => `${name}-${index}`);
    const way = await daemon.addPool({ protocol, name, strategy: pool.strategy, labels, baseUrl: upstream.url });
    variants.push({ name: pool.name, pid: daemon.file.pid, way });
  }
  return variants;
}

type Ways = {
  readonly nginx: Nginx | undefined;
  readonly route: NginxRoute | undefined;
  readonly gateways: readonly Variant[];
};

function variantsOf({ protocol, upstream }: Size, { nginx, route, gateways }: Ways, streamed: boolean): Variant[] {
  const plain = (port: number): Way => ({ port, base: '', token: protocol.secretOf('bench-0') });
  const direct: Variant = { name: 'direct', pid: undefined, way: plain(upstream.port) };
  if (nginx === undefined || route === undefined) return [direct, ...gateways];
  const way = plain(streamed ? route.streamed : route.whole);
  return [direct, { name: 'nginx', pid: nginx.workerPid, way }, ...gateways];
}

/** Keeps the upstream's own answer, after a look at whether it is complete: all variants must give these bytes. */
async function caseOf(
  folder: string,
  { protocol, name: size, bytes, upstream }: Size,
  { streamed, variants }: Pick<Case, 'streamed' | 'variants'>,
): Promise<Case> {
  const direct = variants[0]?.way;
  if (direct === undefined) throw new Error('no way to the upstream');
  const request = protocol.request(direct, { streamed, prompt: words(bytes), session: 'reference' });
  const { status, body } = await askOnce(direct.port, request);
  const whole = streamed
    ? protocol.completeDeltas(body) === bytes / 5
    : body.includes(words(bytes)) && body.toString().endsWith('}');
  const name = `${protocol.title}, ${size}${streamed ? ' streamed' : ''}`;
  if (status !== 200 || !whole) throw new Error(`the upstream itself answers ${name} with ${status}, incomplete`);
  const expected = join(folder, `expected ${name}`);
  writeFileSync(expected, body);
  return { name, protocol, bytes, streamed, expected, upstreamPid: upstream.pid, variants };
}
