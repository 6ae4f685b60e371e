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

/** The share of a window above which the provider warns. */
export const warningThreshold = 0.9;

export interface WindowState {
  readonly name: WindowName;
  readonly used: number;
  readonly limit: number;
  readonly utilization: number;
  readonly resetAt: number;
}

interface WindowChange {
  readonly limit?: number | undefined;
  readonly used?: number | 'all' | undefined;
  readonly resetAt?: number | undefined;
}

/** A counter that starts again at each reset; the clock alone moves it, nothing has to fire. */
export class QuotaWindow {
  readonly name: WindowName;
  private readonly periodMs: number;
  private limit: number;
  private used: number;
  private resetAt: number;
  /** Shown in place of used/limit where the scenario says nothing of this window. */
  private readonly assumedUtilization: number | undefined;

  constructor(options: WindowOptions, now: number, assumedUtilization?: number) {
    this.name = options.name;
    this.periodMs = options.periodMs ?? periodsMs[options.name];
    this.limit = options.limit;
    this.used = options.used;
    this.resetAt = options.resetAt ?? now + this.periodMs;
    this.assumedUtilization = assumedUtilization;
  }

  /** Whether `amount` more goes beyond the limit. */
  refuses(amount: number, now: number): boolean {
    this.roll(now);
    return this.used + amount > this.limit;
  }

  spend(amount: number, now: number): void {
    this.roll(now);
    this.used = Math.min(this.limit, this.used + amount);
  }

  change(change: WindowChange): void {
    if (change.limit !== undefined) this.limit = change.limit;
    if (change.used !== undefined) this.used = change.used === 'all' ? this.limit : change.used;
    if (change.resetAt !== undefined) this.resetAt = change.resetAt;
  }

  state(now: number): WindowState {
    this.roll(now);
    const share = this.limit === 0 ? 1 : Math.min(1, this.used / this.limit);
    const unlimited = this.limit === Number.MAX_SAFE_INTEGER;
    return {
      name: this.name,
      used: this.used,
      limit: this.limit,
      utilization: unlimited && this.assumedUtilization !== undefined ? this.assumedUtilization : round(share),
      resetAt: this.resetAt,
    };
  }

  private roll(now: number): void {
    if (now < this.resetAt) return;
    const periods = Math.floor((now - this.resetAt) / this.periodMs) + 1;
    this.resetAt += periods * this.periodMs;
    this.used = 0;
  }
}

/** The two windows that every subscription has, without a limit, where the scenario leaves them out. */
export function standardWindows(named: readonly QuotaWindow[], now: number): QuotaWindow[] {
  // A week that has just begun must not show much use: Claude Code then warns of the pace by itself.
  const standard: readonly [SubscriptionWindowName, number, number][] = [
    ['five_hour', 0.1, now + 5 * hourMs],
    ['seven_day', 0.31, now + 4 * dayMs],
  ];
  return standard
    .filter(([name]) => !named.some((window) => window.name === name))
    .map(([name, utilization, resetAt]) => {
      const options = { name, limit: Number.MAX_SAFE_INTEGER, used: 0, resetAt };
      return new QuotaWindow(options, now, utilization);
    });
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
