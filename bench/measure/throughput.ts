import type { HttpLoad } from '../load/run.ts';
import type { Ran } from '../load/run.ts';
import { processorMs } from '../process/child.ts';
import { spreadOf, type Spread } from '../statistics.ts';
import type { Case, Stage, Variant } from './stage.ts';

export type Rate = {
  readonly case: string;
  readonly variant: string;
  readonly requestsPerSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** Processor time per request of the proxy, the upstream and the load generator, in µs; null where it is unknown. */
  readonly processorUs: Readonly<Record<'proxy' | 'upstream' | 'generator', number | null>>;
  /** Requests per second as a share of nginx's in the same round; null when nginx was not measured. */
  readonly ofNginx: Spread | null;
  readonly failures: number;
  readonly firstFailure: string | null;
  readonly checked: number;
};

export type ThroughputPlan = { readonly rounds: number; readonly warmMs: number; readonly measureMs: number };

type Sample = Ran & { readonly processorUs: Rate['processorUs'] };
type Cell = { readonly of: Case; readonly variant: Variant; readonly samples: Sample[] };

const connections = 32;

/** Measures every case with every variant, round after round; who begins moves on by one each round. */
export async function measureThroughput(stage: Stage, load: HttpLoad, plan: ThroughputPlan): Promise<Rate[]> {
  const cells: Cell[][] = stage.cases.map((of) => of.variants.map((variant) => ({ of, variant, samples: [] })));
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const row of cells) {
      const first = round % row.length;
      for (const cell of [...row.slice(first), ...row.slice(0, first)])
        cell.samples.push(await sample(cell, load, plan));
    }
  }
  return cells.flatMap((row) =>
    row.map((cell) =>
      rateOf(
        cell,
        row.find(({ variant }) => variant.name === 'nginx'),
      ),
    ),
  );
}

async function sample({ of, variant }: Cell, load: HttpLoad, plan: ThroughputPlan): Promise<Sample> {
  const pids = { proxy: variant.pid, upstream: of.upstreamPid, generator: load.pid };
  const before = processorOf(pids);
  const { protocol, streamed, expected, bytes } = of;
  const ran = await load.run({
    protocol: protocol.name,
    way: variant.way,
    streamed,
    expected,
    promptBytes: bytes,
    connections,
    warmMs: plan.warmMs,
    measureMs: plan.measureMs,
  });
  const after = processorOf(pids);
  const share = (name: keyof typeof pids): number | null => {
    const [from, to] = [before[name], after[name]];
    return from === undefined || to === undefined ? null : Math.round(((to - from) * 1000) / ran.checked);
  };
  return { ...ran, processorUs: { proxy: share('proxy'), upstream: share('upstream'), generator: share('generator') } };
}

function processorOf(
  pids: Record<'proxy' | 'upstream' | 'generator', number | undefined>,
): Record<keyof typeof pids, number | undefined> {
  const of = (pid: number | undefined): number | undefined => (pid === undefined ? undefined : processorMs(pid));
  return { proxy: of(pids.proxy), upstream: of(pids.upstream), generator: of(pids.generator) };
}

function rateOf({ of, variant, samples }: Cell, nginx: Cell | undefined): Rate {
  const perSecond = ({ requests, elapsedMs }: Ran): number => (requests * 1000) / elapsedMs;
  const ratios = samples.flatMap((each, round) => {
    const other = nginx?.samples[round];
    return other === undefined ? [] : [perSecond(each) / perSecond(other)];
  });
  const processor = (name: keyof Rate['processorUs']): number | null => {
    const known = samples.flatMap(({ processorUs }) => processorUs[name] ?? []);
    return known.length === 0 ? null : Math.round(spreadOf(known).median);
  };
  return {
    case: of.name,
    variant: variant.name,
    requestsPerSecond: spreadOf(samples.map(perSecond)),
    p50Ms: spreadOf(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: spreadOf(samples.map(({ p99Ms }) => p99Ms)),
    processorUs: { proxy: processor('proxy'), upstream: processor('upstream'), generator: processor('generator') },
    ofNginx: ratios.length === 0 ? null : spreadOf(ratios),
    failures: samples.reduce((sum, { failures }) => sum + failures, 0),
    firstFailure: samples.find(({ firstFailure }) => firstFailure !== null)?.firstFailure ?? null,
    checked: samples.reduce((sum, { checked }) => sum + checked, 0),
  };
}
