import { formatDuration, minuteMs, type EpochMs } from '../time.ts';
import type { Action } from '../watch/action.ts';

/** How long an agent has to have done nothing for a limit on its screen to be believed. */
const stuckMs = 3 * minuteMs;

/** What is known where a screen shows the words of a limit. */
export type ScreenFacts = {
  readonly line: string;
  /** When the agent said or did something last, by its structured events. */
  readonly lastWordAt: EpochMs;
  /** Its last request to the gateway; null for none that is known. */
  readonly requestAt: EpochMs | null;
  /** One of them is under way, or waits in the gateway; also where that cannot be told. */
  readonly isAnswered: boolean;
  /** Nobody says a word while a tool runs. */
  readonly hasTool: boolean;
  /** The state of its account says by itself that it is closed. */
  readonly isClosed: boolean;
};

/**
 * What is done about a limit on a screen. Anything may stand there, a file that the agent prints too: what it shows counts
 * only with a second witness, which is the account's own state, or that the agent has done nothing for three minutes.
 */
export function screenLimit(facts: ScreenFacts, now: EpochMs): Action | null {
  const { line, lastWordAt, requestAt, isAnswered, hasTool, isClosed } = facts;
  const silentMs = hasTool ? 0 : now - Math.max(lastWordAt, requestAt ?? 0);
  if (isAnswered || (!isClosed && silentMs < stuckMs)) return null;
  const witness = isClosed ? 'its account is closed' : `it has done nothing for ${formatDuration(silentMs)}`;
  return {
    ...{ rule: 'limited-stuck', deed: 'resume', facts },
    why: `its screen shows a limit, and ${witness} (${line})`,
    says: 'You were interrupted by a usage limit.',
  };
}
