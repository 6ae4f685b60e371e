import { z } from 'zod';

/** The share of a window above which the provider warns. */
export const warningThreshold = 0.9;

/** The fields of a window in a scenario, besides its name. */
export const windowFields = {
  /** Requests; tokens for a window that counts tokens. */
  limit: z.int().nonnegative(),
  /** Already spent when the simulator starts. */
  used: z.int().nonnegative().default(0),
  periodMs: z.int().positive().optional(),
  /** Epoch ms of the first reset; a period from the start when absent. */
  resetAt: z.int().positive().optional(),
};

/** What a change at run time may say of a window, besides its name. */
export const windowChangeFields = {
  limit: z.int().nonnegative().optional(),
  used: z.union([z.int().nonnegative(), z.literal('all')]).optional(),
  resetAt: z.int().positive().optional(),
};

export interface WindowState<Name extends string> {
  readonly name: Name;
  readonly used: number;
  readonly limit: number;
  readonly utilization: number;
  readonly resetAt: number;
}

interface WindowOptions<Name extends string> {
  readonly name: Name;
  readonly periodMs: number;
  readonly limit: number;
  readonly used: number;
  readonly resetAt?: number | undefined;
  /** Shown in place of used/limit where the window has no limit. */
  readonly assumedUtilization?: number | undefined;
  /** When a window ends that begins at the given time, where no fixed period says it: a calendar day. */
  readonly endOf?: ((start: number) => number) | undefined;
}

interface WindowChange {
  readonly limit?: number | undefined;
  readonly used?: number | 'all' | undefined;
  readonly resetAt?: number | undefined;
}

/** The limit of a window that has none. */
export const unlimited = Number.MAX_SAFE_INTEGER;

/** A counter that starts again at each reset; the clock alone moves it, nothing has to fire. */
export class QuotaWindow<Name extends string = string> {
  readonly name: Name;
  readonly periodMs: number;
  private limit: number;
  private used: number;
  private resetAt: number;
  private readonly assumedUtilization: number | undefined;
  private readonly endOf: ((start: number) => number) | undefined;

  constructor(options: WindowOptions<Name>, now: number) {
    this.name = options.name;
    this.periodMs = options.periodMs;
    this.limit = options.limit;
    this.used = options.used;
    this.endOf = options.endOf;
    this.resetAt = options.resetAt ?? this.endOf?.(now) ?? now + this.periodMs;
    this.assumedUtilization = options.assumedUtilization;
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

  state(now: number): WindowState<Name> {
    this.roll(now);
    const share = this.limit === 0 ? 1 : Math.min(1, this.used / this.limit);
    return {
      name: this.name,
      used: this.used,
      limit: this.limit,
      utilization: this.limit === unlimited ? (this.assumedUtilization ?? round(share)) : round(share),
      resetAt: this.resetAt,
    };
  }

  private roll(now: number): void {
    if (now < this.resetAt) return;
    const periods = Math.floor((now - this.resetAt) / this.periodMs) + 1;
    this.resetAt = this.endOf?.(now) ?? this.resetAt + periods * this.periodMs;
    this.used = 0;
  }
}

/** Guesses tokens from bytes: about four bytes a token. */
export function estimateTokens(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 4);
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
