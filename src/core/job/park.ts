import type { Selection } from '../pool/selection.ts';
import { hourMs, secondMs, type EpochMs } from '../time.ts';
import type { Park } from './job.ts';

const leastMarginMs = 2 * secondMs;
const mostMarginMs = 60 * secondMs;

/**
 * How long a job is parked that no rung of its ladder takes, from what selection said of each: until the first opens, a
 * tenth of the wait later (2 to 60 s), and up to as much again by `random` in [0, 1), since clocks differ and others
 * wait for the same. An hour, as a guess, where nobody says; until a person mends it where that alone helps.
 */
export function parkFor(selections: readonly Selection[], now: EpochMs, random: number): Park {
  const waits = selections.flatMap((each) => (each.kind === 'wait' ? [each.until] : []));
  const skipped = selections.flatMap((each) => each.skipped);
  const detail = [...new Set(skipped.map(({ account, reason, window }) => `${account} ${window ?? reason}`))].join(
    ', ',
  );
  if (waits.length > 0) {
    const until = Math.min(...waits);
    const marginMs = marginOf(until - now);
    const estimated = skipped.some((each) => each.until === until && each.estimated === true);
    return { reason: 'limit', dueAt: Math.ceil(until + marginMs * (1 + random)), estimated, detail };
  }
  const mendable =
    skipped.length > 0 && skipped.every(({ reason }) => reason === 'needs-login' || reason === 'disabled');
  if (mendable || skipped.length === 0)
    return { reason: 'login', dueAt: null, estimated: false, detail: detail || 'no account' };
  return { reason: 'limit', dueAt: Math.ceil(now + hourMs * (1 + random / 10)), estimated: true, detail };
}

/** Whether what opened now is most likely the very thing that is waited for, and only the margin is left. */
export function isInMargin({ dueAt, estimated, since }: Park & { since: EpochMs }, now: EpochMs): boolean {
  return dueAt !== null && !estimated && dueAt - now <= 2 * marginOf(dueAt - since);
}

function marginOf(waitMs: number): number {
  return Math.min(Math.max(waitMs / 10, leastMarginMs), mostMarginMs);
}
