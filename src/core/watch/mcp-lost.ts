import { formatDuration, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { toolsLostMs } from './numbers.ts';

export type ToolFacts = {
  readonly seenSince: EpochMs;
  /** Its last call of one of Stint's own tools; null for one that never used them. */
  readonly toolAt: EpochMs | null;
  /** When it was told that the connection to them is lost. */
  readonly lostAt: EpochMs | null;
};

/** An agent that works with Stint's tools cannot finish without them: it is resumed, which connects it anew. */
export function toolsLost({ seenSince, toolAt, lostAt }: ToolFacts, now: EpochMs): Action | null {
  if (toolAt === null || lostAt === null || toolAt > lostAt) return null;
  const since = Math.max(lostAt, seenSince);
  if (now - since < toolsLostMs) return null;
  return {
    ...{ rule: 'mcp-lost', deed: 'resume', facts: { seenSince, toolAt, lostAt } },
    why: `it lost its connection to Stint’s tools ${formatDuration(now - lostAt)} ago and has not found it again`,
    says: 'You were stopped because your connection to Stint’s tools was lost. It was made anew.',
  };
}
