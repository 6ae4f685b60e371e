import { QuotaWindow, unlimited } from '../provider/quota-window.ts';
import type { WindowName, WindowOptions } from './scenario.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const periodsMs: Readonly<Record<WindowName, number>> = {
  primary: 5 * hourMs,
  secondary: 7 * dayMs,
  bengalfox_primary: 5 * hourMs,
  bengalfox_secondary: 7 * dayMs,
  requests: minuteMs,
  tokens: minuteMs,
};

/** A window of its own limit family: these models spend it and no other. */
export const modelFamily = {
  prefix: 'bengalfox_',
  limitId: 'codex_bengalfox',
  limitName: 'gpt-5.3-codex-spark',
  model: 'spark',
};

/** A window that also knows what it counts. */
export class CountingWindow extends QuotaWindow<WindowName> {
  readonly counts: WindowOptions['counts'];

  constructor(options: WindowOptions & { assumedUtilization?: number }, now: number) {
    super({ ...options, periodMs: options.periodMs ?? periodsMs[options.name] }, now);
    this.counts = options.name === 'tokens' ? 'tokens' : options.counts;
  }

  /** Whether the request of this model spends it. */
  covers(model: string): boolean {
    if (this.name === 'requests' || this.name === 'tokens') return true;
    return this.name.startsWith(modelFamily.prefix) === model.includes(modelFamily.model);
  }

  amountOf(demand: Demand): number {
    return this.counts === 'tokens' ? demand.tokens : 1;
  }
}

/** What a request would take out of the windows. */
export interface Demand {
  readonly model: string;
  readonly tokens: number;
}

/** The two windows that every plan has, without a limit, where the scenario leaves them out. */
export function standardWindows(named: readonly CountingWindow[], now: number): CountingWindow[] {
  const standard: readonly [WindowName, number, number][] = [
    ['primary', 0.1, now + 5 * hourMs],
    ['secondary', 0.31, now + 4 * dayMs],
  ];
  return standard
    .filter(([name]) => !named.some((window) => window.name === name))
    .map(([name, assumedUtilization, resetAt]) => {
      return new CountingWindow(
        { name, counts: 'requests', limit: unlimited, used: 0, resetAt, assumedUtilization },
        now,
      );
    });
}

/** The windows that the request finds used up, the one that opens last first. */
export function usedUp(windows: readonly CountingWindow[], demand: Demand, now: number): CountingWindow[] {
  return windows
    .filter((window) => window.covers(demand.model) && window.refuses(window.amountOf(demand), now))
    .toSorted((a, b) => b.state(now).resetAt - a.state(now).resetAt);
}

export function spend(windows: readonly CountingWindow[], demand: Demand, now: number): void {
  for (const window of windows) if (window.covers(demand.model)) window.spend(window.amountOf(demand), now);
}
