import { QuotaWindow, unlimited } from '../provider/quota-window.ts';
import type { SubscriptionWindowName, WindowName, WindowOptions } from './scenario.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const periodsMs: Readonly<Record<WindowName, number>> = {
  five_hour: 5 * hourMs,
  seven_day: 7 * dayMs,
  seven_day_opus: 7 * dayMs,
  seven_day_sonnet: 7 * dayMs,
  seven_day_overage_included: 7 * dayMs,
  requests: minuteMs,
  tokens: minuteMs,
  'input-tokens': minuteMs,
  'output-tokens': minuteMs,
};

/** A window with the period of its name, unless the scenario says another. */
export function newWindow(options: WindowOptions, now: number): QuotaWindow<WindowName> {
  return new QuotaWindow({ ...options, periodMs: options.periodMs ?? periodsMs[options.name] }, now);
}

/** The two windows that every subscription has, without a limit, where the scenario leaves them out. */
export function standardWindows(named: readonly QuotaWindow<WindowName>[], now: number): QuotaWindow<WindowName>[] {
  // A week that has just begun must not show much use: Claude Code then warns of the pace by itself.
  const standard: readonly [SubscriptionWindowName, number, number][] = [
    ['five_hour', 0.1, now + 5 * hourMs],
    ['seven_day', 0.31, now + 4 * dayMs],
  ];
  return standard
    .filter(([name]) => !named.some((window) => window.name === name))
    .map(([name, utilization, resetAt]) => {
      const periodMs = periodsMs[name];
      return new QuotaWindow(
        { name, periodMs, limit: unlimited, used: 0, resetAt, assumedUtilization: utilization },
        now,
      );
    });
}
