import type { Failover } from '../measure/failover.ts';
import type { Herd } from '../measure/herd.ts';
import type { ParkedJobs, RunningJobs } from '../measure/jobs.ts';
import type { Added } from '../measure/latency.ts';
import type { Socketed } from '../measure/socket.ts';
import type { StartUp } from '../measure/start-up.ts';
import type { Streams } from '../measure/streams.ts';
import type { Rate } from '../measure/throughput.ts';

/** Everything that one run found out; what is written to bench-results/. */
export type Result = {
  readonly startedAt: string;
  readonly quick: boolean;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly loadBefore: number;
    readonly loadAfter: number;
  };
  readonly versions: { readonly bun: string; readonly nginx: string | null };
  readonly rates: readonly Rate[];
  readonly latency: readonly Added[];
  readonly failovers: readonly Failover[];
  readonly streams: Streams;
  readonly sockets: readonly Socketed[];
  readonly herd: Herd;
  readonly startUp: StartUp;
  readonly parkedJobs: ParkedJobs;
  readonly runningJobs: RunningJobs;
};

/** What is broken, whatever the figures: answers that were wrong or incomplete, and requests or streams lost. */
export function breakages(result: Result): string[] {
  const { rates, latency, failovers, streams, sockets, herd, parkedJobs } = result;
  const found = rates
    .filter(({ failures }) => failures > 0)
    .map(
      (rate) =>
        `${rate.case}, ${rate.variant}: ${rate.failures} of ${rate.checked} answers wrong or lost: ${rate.firstFailure}`,
    );
  for (const each of latency)
    if (each.failures > 0) found.push(`latency, ${each.case}, ${each.variant}: ${each.failures} answers wrong or lost`);
  for (const { protocol, wrong } of failovers)
    if (wrong > 0) found.push(`failover, ${protocol}: ${wrong} rounds were not served as planned`);
  for (const each of sockets)
    if (each.failures > 0) found.push(`${each.case}: ${each.failures} answers wrong or lost: ${each.firstFailure}`);
  if (streams.lost > 0)
    found.push(`streams: ${streams.lost} of ${streams.streams} without their end or with too few deltas`);
  if (streams.openAtOnce < streams.streams)
    found.push(`streams: only ${streams.openAtOnce} of ${streams.streams} were open at once`);
  if (herd.failed > 0) found.push(`herd: ${herd.failed} answers wrong`);
  found.push(...parkedJobs.wrong.map((each) => `parked jobs: ${each}`));
  return found;
}
