import type { EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { apartMs, mostRepeats, waitingCallMs } from './numbers.ts';

export type RepeatFacts = {
  readonly tool: string;
  /** Calls in a row that were the same and gave the same; 0 for none. */
  readonly times: number;
  readonly lastAt: EpochMs | null;
  /** Loops of this job that were broken before. */
  readonly loops: number;
};

/** Calls in a row that were the same and gave the same, at the pace of the model. */
export type Repeats = Omit<RepeatFacts, 'loops'> & { /** Call and result, to be compared. */ readonly is: string };

export const noRepeats: Repeats = { tool: '', is: '', times: 0, lastAt: null };

/** What a call gave, and when; `begunAt` null where that was not told. */
export type Result = Pick<Repeats, 'tool' | 'is'> & { readonly begunAt: EpochMs | null; readonly at: EpochMs };

/**
 * Counts a result. A loop goes on as fast as the model speaks; one that looks again for something that takes its time waits,
 * in the call or before it, and its row begins anew. Results that were heard in one moment count once: that is how an
 * output is heard again, which says nothing of its pace.
 */
export function afterResult(before: Repeats, { tool, is, begunAt, at }: Result): Repeats {
  const { lastAt, times } = before;
  if (before.is !== is || lastAt === null) return { tool, is, times: 1, lastAt: at };
  if (at === lastAt) return before;
  const since = begunAt ?? at;
  const hasWaited = at - since >= waitingCallMs || since - lastAt >= apartMs;
  return { tool, is, times: hasWaited ? 1 : times + 1, lastAt: at };
}

/** An agent that does the same again and again without another result is told so once; then a person has to look. */
export function contentLoop(facts: RepeatFacts): Action | null {
  const { tool, times, loops } = facts;
  if (times < mostRepeats) return null;
  const did = `it called ${tool} ${times} times in a row in the same way, with the same result`;
  if (loops > 0)
    return { ...{ rule: 'content-loop', deed: 'block', facts }, why: `${did}, and not for the first time` };
  return {
    ...{ rule: 'content-loop', deed: 'resume', facts, why: did },
    says: `You were stopped because you called ${tool} ${times} times in a row in the same way, and the result was the same each time. Doing it once more changes nothing: look at what it says, try something else, or say what keeps you from finishing. If you wait for something, let a while pass before you look again.`,
  };
}
