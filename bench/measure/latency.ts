import type { HttpLoad } from '../load/run.ts';
import { spreadOf, type Spread } from '../statistics.ts';
import { smallestBytes, type Stage } from './stage.ts';

/** How much later a request is complete than one sent to the upstream itself, at one connection: medians of each round. */
export type Added = {
  readonly case: string;
  readonly variant: string;
  readonly addedMs: Spread;
  readonly p50Ms: Spread;
  readonly failures: number;
};

export type LatencyPlan = { readonly rounds: number; readonly measureMs: number };

export async function measureLatency(
  stage: Stage,
  load: HttpLoad,
  { rounds, measureMs }: LatencyPlan,
): Promise<Added[]> {
  const cells = stage.cases
    .filter(({ bytes }) => bytes === smallestBytes)
    .map((of) => of.variants.map((variant) => ({ of, variant, p50Ms: [] as number[], failures: 0 })));
  for (let round = 0; round < rounds; round += 1) {
    for (const cell of cells.flat()) {
      const { of, variant } = cell;
      const { protocol, streamed, expected, bytes } = of;
      const ran = await load.run({
        protocol: protocol.name,
        way: variant.way,
        streamed,
        expected,
        promptBytes: bytes,
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
