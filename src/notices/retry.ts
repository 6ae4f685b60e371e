import type { Notice } from '../core/notice.ts';
import { dayMs, hourMs, secondMs, type EpochMs } from '../core/time.ts';
import type { Delivery } from './ports.ts';

const firstDelayMs = 5 * secondMs;
const longestDelayMs = hourMs;
/** Since the notice: what is a day old helps nobody. */
const patienceMs = dayMs;
/** A machine that slept for a day has hardly tried: it gets its tries, for at most so long. */
const fewestTries = 10;
const mostPatienceMs = 3 * dayMs;

type Failed = {
  readonly notice: Notice;
  /** With the try that has just failed. */
  readonly delivery: Delivery;
  /** When the receiver wants us again. */
  readonly retryAt: EpochMs | undefined;
  /** From 0 to 1. */
  readonly random: number;
};

/** When a delivery that failed is tried again; null when it is given up. */
export function retryTime({ notice, delivery, retryAt, random }: Failed, now: EpochMs): EpochMs | null {
  const age = now - notice.at;
  if (age >= mostPatienceMs || (age >= patienceMs && delivery.attempts >= fewestTries)) return null;
  const delayMs = Math.min(firstDelayMs * 2 ** (delivery.attempts - 1), longestDelayMs);
  const next = Math.max(now + Math.round(delayMs * (0.75 + random / 2)), retryAt ?? 0);
  return next - now > patienceMs ? null : next;
}
