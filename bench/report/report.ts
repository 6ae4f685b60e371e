import type { Rate } from '../measure/throughput.ts';
import type { Spread } from '../statistics.ts';
import { parkedRows, runningRows } from './jobs.ts';
import type { Result } from './result.ts';
import { table } from './table.ts';
import { targetsOf } from './target.ts';

/** Renders a result for people: every figure as a median with its spread. */
export function report(result: Result): string {
  const { machine, versions } = result;
  const parts = [
    `${machine.cores} cores (${machine.processor}), load ${machine.loadBefore.toFixed(2)} before and ${machine.loadAfter.toFixed(2)} after, Bun ${versions.bun}, ${versions.nginx ?? 'nginx is not installed: ratios not measured'}`,
    'Load generator, upstream and proxy share these cores; every byte of every answer was compared with the upstream’s own.',
    section(
      'Requests per second at 32 connections: median (min..max); processor time is per request',
      ratesTable(result),
    ),
    section(
      'One connection: time to the last byte, median of the rounds’ medians (min..max), and what it has more than direct',
      latencyTable(result),
    ),
    section(
      'WebSocket: from a request to a frame of its answer at one connection, median of the rounds’ medians; frames per second at 32',
      socketsTable(result),
    ),
    section('One at a time', othersTable(result)),
    section(
      'Jobs',
      table(['what', 'measured'], [...parkedRows(result.parkedJobs), ...runningRows(result.runningJobs)]),
    ),
    section('Targets', targetsTable(result)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(title: string, body: string): string {
  return `${title}\n\n${body}`;
}

function ratesTable({ rates }: Result): string {
  const header = [
    'case',
    'variant',
    'requests/s',
    'of nginx',
    'p50 ms',
    'p99 ms',
    'proxy µs',
    'upstream µs',
    'generator µs',
  ];
  const rows = rates.map((rate) => [
    rate.case,
    rate.variant,
    `${spread(rate.requestsPerSecond, 0)}${isGeneratorBusy(rate) ? ' *' : '  '}`,
    rate.ofNginx === null ? '-' : spread(rate.ofNginx, 2),
    rate.p50Ms.median.toFixed(2),
    rate.p99Ms.median.toFixed(2),
    ...[rate.processorUs.proxy, rate.processorUs.upstream, rate.processorUs.generator].map((us) => String(us ?? '-')),
  ]);
  return `${table(header, rows)}\n\n* the load generator itself used a whole core: the way there may be faster`;
}

/** Says that a rate is the load generator's limit as much as that of what it measures. */
function isGeneratorBusy({ processorUs, requestsPerSecond }: Rate): boolean {
  return ((processorUs.generator ?? 0) * requestsPerSecond.median) / 1e6 > 0.9;
}

function latencyTable({ latency }: Result): string {
  const rows = latency.map((each) => [each.case, each.variant, spread(each.p50Ms, 3), spread(each.addedMs, 3)]);
  return table(['case', 'variant', 'p50 ms', 'added ms'], rows);
}

function socketsTable({ sockets }: Result): string {
  const header = [
    'case',
    'frames an answer',
    'direct ms',
    'gateway ms',
    'added ms',
    'direct frames/s',
    'gateway frames/s',
  ];
  const rows = sockets.map((each) => [
    each.case,
    String(each.framesPerAnswer),
    spread(each.directP50Ms, 3),
    spread(each.gatewayP50Ms, 3),
    spread(each.addedMs, 3),
    spread(each.directFramesPerSecond, 0),
    spread(each.gatewayFramesPerSecond, 0),
  ]);
  return table(header, rows);
}

function othersTable({ failovers, streams, herd, startUp }: Result): string {
  const rows: [string, string][] = [
    ...failovers.flatMap(({ protocol, faultFreeMs, failoverMs, refusalMs }): [string, string][] => [
      [`${protocol}: request without a fault`, `${spread(faultFreeMs, 2)} ms`],
      [`${protocol}: request with one failover`, `${spread(failoverMs, 2)} ms`],
      [`${protocol}: the refusal alone, from the upstream`, `${spread(refusalMs, 2)} ms`],
    ]),
    [`daemon before ${streams.streams} slow streams`, `${megabytes(streams.beforeBytes)} MB`],
    ['daemon with all open, and at most', `${megabytes(streams.openBytes)} MB, ${megabytes(streams.peakBytes)} MB`],
    ['memory per stream', `${Math.round((streams.peakBytes - streams.beforeBytes) / streams.streams / 1000)} kB`],
    ['streams open at once, lost', `${streams.openAtOnce}, ${streams.lost}`],
    [
      `herd of ${herd.requests}: reached the account that had just closed`,
      `${herd.reachedClosed}, of them ${herd.reachedLate} after its 429 was read`,
    ],
    [`herd: of ${herd.followers} asked after the first answer, to the closed account`, String(herd.followersToClosed)],
    ['herd: first and last served', `${herd.firstServedMs.toFixed(0)} ms, ${herd.servedMs.toFixed(0)} ms`],
    ['stint up until /healthz answers', `${spread(startUp.readyMs, 0)} ms`],
    ['stint status', `${spread(startUp.statusMs, 0)} ms`],
  ];
  return table(['what', 'measured'], rows);
}

function targetsTable(result: Result): string {
  return table(
    ['what', 'target', 'measured', ''],
    targetsOf(result).map(({ what, target, measured, verdict }) => [what, target, measured, verdict]),
  );
}

function spread({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
