import { minuteMs, type EpochMs } from '../time.ts';

/** How long an agent has to have done nothing for a limit on its screen to be believed. */
const stuckMs = 3 * minuteMs;

/** What is known where a screen shows the words of a limit. */
export type ScreenFacts = {
  /** The line; null where none shows a limit. */
  readonly line: string | null;
  /** When the agent said or did something last, by its structured events. */
  readonly lastWordAt: EpochMs;
  /** The state of its account says by itself that it is closed. */
  readonly isClosed: boolean;
};

/**
 * Whether a limit on a screen is one. Anything may stand there, a file that the agent prints too: what it shows counts only
 * with a second witness, which is the account's own state, or that the agent has done nothing for three minutes.
 */
export function isLimited({ line, lastWordAt, isClosed }: ScreenFacts, now: EpochMs): boolean {
  return line !== null && (isClosed || now - lastWordAt >= stuckMs);
}
