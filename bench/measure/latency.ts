import type { Load } from '../load/load.ts';
import { spreadOf, type Spread } from '../statistics.ts';
import type { Stage } from './stage.ts';

/** How much later a request is complete than one sent to the upstream itself, at one connection: medians of each round. */
export type Added = {
  readonly case: string;
  readonly variant: string;
  readonly addedMs: Spread;
  readonly p50Ms: Spread;
  readonly failures: number;
};

export type LatencyPlan = { readonly rounds: number; readonly measureMs: number };

export async function measureLatency(stage: Stage, load: Load, { rounds, measureMs }: LatencyPlan): Promise<Added[]> {
  const cells = stage.cases
    .filter(({ size }) => size === stage.cases[0]?.size)
    .map((of) => stage.variants.map((variant) => ({ of, variant, p50Ms: [] as number[], failures: 0 })));
  for (let round = 0; round < rounds; round += 1) {
    for (const cell of cells.flat()) {
      const { of, variant } = cell;
      const { target, token } = variant.way(of);
      const { streamed, expected, size } = of;
      const ran = await load.run({
        target,
        token,
        streamed,
        expected,
        promptBytes: size.bytes,
        connections: 1,
        warmMs: 50,
        measureMs,
      });
      cell.p50Ms.push(ran.p50Ms);
      cell.failures += ran.failures;
    }
  }
  return cells.flatMap((row) =>
    row.map(({ of, variant, p50Ms, failures }) => ({
      case: of.name,
      variant: variant.name,
      addedMs: spreadOf(p50Ms.map((ms, round) => ms - (row[0]?.p50Ms[round] ?? NaN))),
      p50Ms: spreadOf(p50Ms),
      failures,
    })),
  );
}
