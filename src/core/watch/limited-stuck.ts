import { formatDuration, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { stuckMs } from './numbers.ts';

export type LimitedFacts = {
  readonly seenSince: EpochMs;
  /** When it first told of a limit, or that it asks again, since its last progress; null for neither. */
  readonly limitedAt: EpochMs | null;
  /** In its words. */
  readonly limit: string;
  /** The second witness: what serves it is closed for its model; null where nobody can tell. */
  readonly isClosed: boolean | null;
  /** A request of it waits in the gateway, which answers as soon as something opens. */
  readonly isHeld: boolean;
};

/** An agent that sits out a limit by itself is moved to the next rung. */
export function limitedAndStuck(facts: LimitedFacts, now: EpochMs): Action | null {
  const { seenSince, limitedAt, limit, isClosed, isHeld } = facts;
  if (limitedAt === null || isClosed !== true || isHeld) return null;
  if (now - Math.max(limitedAt, seenSince) < stuckMs) return null;
  return {
    ...{ rule: 'limited-stuck', deed: 'resume', facts },
    why: `a limit stopped it, and it has not moved for ${formatDuration(now - limitedAt)}${limit === '' ? '' : ` (${limit})`}`,
    says: 'You were interrupted by a usage limit.',
  };
}
