import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askOnce } from '../http/client.ts';
import type { Target } from '../http/connection.ts';
import { messageRequest, words } from '../http/message-request.ts';
import { startDaemon, type Daemon, type Way } from '../process/daemon.ts';
import { startNginx, type Nginx } from '../process/nginx.ts';
import { startUpstream, type Upstream } from '../process/upstream.ts';

/** One body size: its upstream gives each request the same answer of so many words. */
export type Size = {
  readonly name: string;
  readonly bytes: number;
  readonly upstream: Upstream;
  readonly ways: Readonly<Record<string, Way>>;
};

/** A kind of request that all variants are measured with. */
export type Case = {
  readonly name: string;
  readonly size: Size;
  readonly streamed: boolean;
  readonly expected: string;
};

/** A way for a request to reach the upstream. */
export type Variant = { readonly name: string; readonly pid: number | undefined; way(of: Case): Way };

/** Everything that throughput and latency are measured with: upstreams, nginx where it is installed, a daemon. */
export type Stage = {
  readonly cases: readonly Case[];
  readonly variants: readonly Variant[];
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

export async function setStage(folder: string): Promise<Stage> {
  await using started = new AsyncDisposableStack();
  const keep = <Item extends { stop(): Promise<void> }>(item: Item): Item => started.adopt(item, (each) => each.stop());
  const upstreams: Upstream[] = [];
  for (const { bytes } of sizes) {
    const scenario = {
      credentials: [
        {
          secret: 'sk-ant-api03-test-bench',
          name: 'bench',
          windows: [{ name: 'five_hour' as const, limit: 1_000_000_000 }],
        },
      ],
    };
    upstreams.push(keep(await startUpstream(folder, { scenario, words: bytes / 5 })));
  }
  const nginx = await startNginx(folder, upstreams);
  if (nginx !== undefined) keep(nginx);
  const home = join(folder, 'home');
  mkdirSync(home);
  const daemon = keep(await startDaemon(home));
  const filled = await Promise.all(sizes.map((size, index) => fill(daemon, size, upstreams[index] as Upstream)));
  const cases: Case[] = [];
  for (const size of filled) {
    for (const streamed of [false, true]) cases.push(await caseOf(folder, size, streamed));
  }
  const all = started.move();
  return {
    cases,
    variants: variantsOf(filled, nginx, daemon),
    nginx: nginx?.version ?? null,
    stop: () => all.disposeAsync(),
  };
}

async function fill(daemon: Daemon, { name, bytes }: (typeof sizes)[number], upstream: Upstream): Promise<Size> {
  const ways: Record<string, Way> = {};
  for (const pool of pools) {
    const short = `n${pool.accounts}-${bytes}`;
    const accounts = Array.from({ length: pool.accounts }, (_, index) => ({
      label: `${short}-${index}`,
      secret: `sk-ant-oat01-test-${short}-${index}`,
    }));
    ways[pool.name] = await daemon.addPool({ name: short, strategy: pool.strategy, accounts, baseUrl: upstream.url });
  }
  return { name, bytes, upstream, ways };
}

function variantsOf(filled: readonly Size[], nginx: Nginx | undefined, daemon: Daemon): Variant[] {
  const plain = (port: number): Way => ({ target: { port, path: '/v1/messages' }, token: 'sk-ant-oat01-test-direct' });
  const direct: Variant = { name: 'direct', pid: undefined, way: ({ size }) => plain(size.upstream.port) };
  const gateways = pools.map(({ name }): Variant => ({
    name,
    pid: daemon.file.pid,
    way: ({ size }) => size.ways[name] as Way,
  }));
  if (nginx === undefined) return [direct, ...gateways];
  const proxied: Variant = {
    name: 'nginx',
    pid: nginx.workerPid,
    way: ({ size, streamed }) => {
      const route = nginx.routes[filled.indexOf(size)];
      return plain((streamed ? route?.streamed : route?.whole) ?? 0);
    },
  };
  return [direct, proxied, ...gateways];
}

/** Keeps the upstream's own answer, after a look at whether it is complete: all variants must give these bytes. */
async function caseOf(folder: string, size: Size, streamed: boolean): Promise<Case> {
  const target: Target = { port: size.upstream.port, path: '/v1/messages' };
  const request = messageRequest(target, {
    streamed,
    prompt: words(size.bytes),
    token: 'sk-ant-oat01-test-direct',
    session: 'reference',
  });
  const { status, body } = await askOnce(target.port, request);
  const said = body.toString().split('word ').length - 1;
  const whole = streamed
    ? body.toString().endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')
    : body.toString().endsWith('}');
  if (status !== 200 || said !== size.bytes / 5 || !whole)
    throw new Error(`the upstream itself answers ${status} with ${said} words`);
  const name = `${size.name}${streamed ? ' streamed' : ''}`;
  const expected = join(folder, `expected ${name}`);
  writeFileSync(expected, body);
  return { name, size, streamed, expected };
}
