import type { EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { mostRepeats } from './numbers.ts';

export type RepeatFacts = {
  readonly tool: string;
  /** Calls in a row that were the same and gave the same; 0 for none. */
  readonly times: number;
  readonly lastAt: EpochMs | null;
  /** Loops of this job that were broken before. */
  readonly loops: number;
};

/** An agent that does the same again and again without another result is told so once; then a person has to look. */
export function contentLoop(facts: RepeatFacts): Action | null {
  const { tool, times, loops } = facts;
  if (times < mostRepeats) return null;
  const did = `it called ${tool} ${times} times in a row in the same way, with the same result`;
  if (loops > 0)
    return { ...{ rule: 'content-loop', deed: 'block', facts }, why: `${did}, and not for the first time` };
  return {
    ...{ rule: 'content-loop', deed: 'resume', facts, why: did },
    says: `You were stopped because you called ${tool} ${times} times in a row in the same way, and the result was the same each time. Doing it once more changes nothing: look at what it says, try something else, or say what keeps you from finishing.`,
  };
}
