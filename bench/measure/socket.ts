import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Load } from '../load/load.ts';
import { startDaemon, type Way } from '../process/daemon.ts';
import { startUpstream } from '../process/upstream.ts';
import { responses } from '../protocol/responses.ts';
import { askSocket } from '../socket/ask.ts';
import type { SocketRan, SocketRun } from '../socket/run.ts';
import { spreadOf, type Spread } from '../statistics.ts';

/** WebSockets of the Responses API through the gateway beside ones to the upstream itself, by answers of one length. */
export type Socketed = {
  readonly case: string;
  readonly framesPerAnswer: number;
  /** At one connection, from the request to a frame of its answer: medians of each round. */
  readonly directP50Ms: Spread;
  readonly gatewayP50Ms: Spread;
  readonly addedMs: Spread;
  /** At 32 connections. */
  readonly directFramesPerSecond: Spread;
  readonly gatewayFramesPerSecond: Spread;
  readonly failures: number;
  readonly firstFailure: string | null;
};

export type SocketPlan = { readonly rounds: number; readonly warmMs: number; readonly measureMs: number };

const connections = 32;
const promptBytes = 2000;
/** A tool call or a title, and the answer of the HTTP cases. */
const lengths = [4, 400];

export async function measureSockets(
  folder: string,
  load: Load<SocketRun, SocketRan>,
  plan: SocketPlan,
): Promise<Socketed[]> {
  const home = join(folder, 'sockets');
  mkdirSync(home);
  await using started = new AsyncDisposableStack();
  const daemon = started.adopt(await startDaemon(home), (each) => each.stop());
  const measured: Socketed[] = [];
  for (const words of lengths) {
    const scenario = { credentials: [{ secret: responses.secretOf('bench-0'), name: 'bench' }] };
    const upstream = started.adopt(await startUpstream(folder, { protocol: responses, scenario, words }), (each) =>
      each.stop(),
    );
    const name = `socket-${words}`;
    const wish = { protocol: responses, name, strategy: 'sticky', labels: [name], baseUrl: upstream.url };
    const gateway = await daemon.addPool(wish);
    const direct: Way = { port: upstream.port, base: '', token: responses.secretOf('bench-0') };
    measured.push(await compare({ folder, load, plan, words, ways: { direct, gateway } }));
  }
  return measured;
}

type Comparison = {
  readonly folder: string;
  readonly load: Load<SocketRun, SocketRan>;
  readonly plan: SocketPlan;
  readonly words: number;
  readonly ways: Readonly<Record<'direct' | 'gateway', Way>>;
};

async function compare({ folder, load, plan, words, ways }: Comparison): Promise<Socketed> {
  const frames = await askSocket(ways.direct, words);
  const expected = join(folder, `expected frames ${words}`);
  writeFileSync(expected, Buffer.concat(frames));
  const run = (way: Way, count: number): Promise<SocketRan> =>
    load.run({ way, promptBytes, expected, connections: count, warmMs: plan.warmMs, measureMs: plan.measureMs });

  const ran = { direct: { one: [], many: [] }, gateway: { one: [], many: [] } } as Record<
    keyof typeof ways,
    { one: SocketRan[]; many: SocketRan[] }
  >;
  for (let round = 0; round < plan.rounds; round += 1) {
    const order = round % 2 === 0 ? (['direct', 'gateway'] as const) : (['gateway', 'direct'] as const);
    for (const name of order) ran[name].one.push(await run(ways[name], 1));
    for (const name of order) ran[name].many.push(await run(ways[name], connections));
  }
  const all = Object.values(ran).flatMap(({ one, many }) => [...one, ...many]);
  const p50 = (name: keyof typeof ways): number[] => ran[name].one.map(({ frameP50Ms }) => frameP50Ms);
  const rate = (name: keyof typeof ways): Spread =>
    spreadOf(ran[name].many.map(({ framesPerSecond }) => framesPerSecond));
  const direct = p50('direct');
  return {
    case: `WebSocket, ${words} deltas`,
    framesPerAnswer: frames.length,
    directP50Ms: spreadOf(direct),
    gatewayP50Ms: spreadOf(p50('gateway')),
    addedMs: spreadOf(p50('gateway').map((ms, round) => ms - (direct[round] ?? NaN))),
    directFramesPerSecond: rate('direct'),
    gatewayFramesPerSecond: rate('gateway'),
    failures: all.reduce((sum, { failures }) => sum + failures, 0),
    firstFailure: all.find(({ firstFailure }) => firstFailure !== null)?.firstFailure ?? null,
  };
}
