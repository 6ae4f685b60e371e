import { formatDuration, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { lookMs, mostMisses } from './numbers.ts';

/** Looks in a row that found no process of an attempt. */
export type Misses = { readonly count: number; readonly firstAt: EpochMs; readonly lastAt: EpochMs };
export const noMisses: Misses = { count: 0, firstAt: 0, lastAt: 0 };

/** What a look found: `unknown` where the question could not be answered, which says nothing either way. */
export type Look = 'alive' | 'none' | 'unknown';

export function afterLook(misses: Misses, look: Look, now: EpochMs): Misses {
  if (look === 'unknown') return misses;
  if (look === 'alive') return noMisses;
  if (misses.count === 0) return { count: 1, firstAt: now, lastAt: now };
  // Two looks at one moment are one.
  return now - misses.lastAt < lookMs ? misses : { ...misses, count: misses.count + 1, lastAt: now };
}

/** A process that is missed twice is gone, and whoever listens to it has not noticed. */
export function dead({ count, firstAt, lastAt }: Misses, now: EpochMs): Action | null {
  if (count < mostMisses) return null;
  return {
    ...{ rule: 'dead', deed: 'conclude', facts: { misses: count, firstAt, lastAt } },
    why: `its process has been gone for ${formatDuration(now - firstAt)}, and nobody wrote down how it ended`,
  };
}
