import { blockTargetMs } from '../measure/jobs.ts';
import type { Spread } from '../statistics.ts';
import type { Result } from './result.ts';

/** A target of the project beside what was measured. */
export type Target = {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly verdict: 'ok' | 'MISSED' | 'not measured';
};

/** Sets every target beside this run's figures. */
export function targetsOf(result: Result): Target[] {
  const { rates, latency, failovers, streams, sockets, herd, startUp, parkedJobs } = result;
  const gateways = rates.filter(({ variant }) => variant.startsWith('gateway'));
  const added = latency.filter(({ variant }) => variant.startsWith('gateway'));
  const megabytes = (streams.peakBytes - streams.beforeBytes) / 1e6;
  return [
    ...gateways
      .filter(({ case: name }) => !name.endsWith(' 200 KB'))
      .map((rate) => shareTarget(`requests/s, ${rate.case}, ${rate.variant}`, rate.ofNginx)),
    ...added.map((each) =>
      atMost(`added p50, ${each.case}, ${each.variant}`, { limit: 0.5, value: each.addedMs.median, unit: 'ms' }),
    ),
    ...sockets.map((each) =>
      atMost(`added p50 of a frame, ${each.case}`, { limit: 0.5, value: each.addedMs.median, unit: 'ms' }),
    ),
    ...failovers.map(({ protocol, ownMs }) =>
      atMost(`failover, of our own, ${protocol}`, { limit: 1, value: ownMs, unit: 'ms' }),
    ),
    atMost(`memory of ${streams.streams} open streams`, {
      limit: (100 * streams.streams) / 2000,
      value: megabytes,
      unit: 'MB',
    }),
    atMost('herd: requests to the closed account after its first 429 was read', {
      limit: 0,
      value: herd.reachedLate + herd.followersToClosed,
      unit: '',
    }),
    atMost(`herd of ${herd.requests} served`, { limit: 3000, value: herd.servedMs, unit: 'ms' }),
    atMost('start to ready', { limit: 300, value: startUp.readyMs.median, unit: 'ms' }),
    atMost('stint status', { limit: 150, value: startUp.statusMs.median, unit: 'ms' }),
    atMost(`longest block while ${parkedJobs.jobs} jobs that are due at once go on`, {
      limit: blockTargetMs,
      value: parkedJobs.resuming.longestBlockMs,
      unit: 'ms',
    }),
  ];
}

function shareTarget(what: string, share: Spread | null): Target {
  const target = '>= 0.45 of nginx (0.6)';
  if (share === null) return { what, target, measured: '-', verdict: 'not measured' };
  return {
    what,
    target,
    measured: `${share.median.toFixed(2)} (${share.min.toFixed(2)}..${share.max.toFixed(2)})`,
    verdict: share.median >= 0.45 ? 'ok' : 'MISSED',
  };
}

function atMost(what: string, { limit, value, unit }: { limit: number; value: number; unit: string }): Target {
  const text = (number: number): string =>
    `${Number.isInteger(number) ? number : number.toFixed(number < 10 ? 2 : 0)} ${unit}`.trim();
  return { what, target: `<= ${text(limit)}`, measured: text(value), verdict: value <= limit ? 'ok' : 'MISSED' };
}
