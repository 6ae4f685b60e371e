import type { AttemptOutcome } from './job.ts';
import { outcomeOf, type Heard } from './outcome.ts';

/** How an agent on a terminal ended. */
export type TerminalEnd = {
  readonly exitCode: number | null;
  /** Its terminal went away with the daemon that held it. */
  readonly lost: boolean;
  /** A person talked with it, and may have ended it. */
  readonly interactive: boolean;
  /** Its agent tells of no turns. */
  readonly silent: boolean;
};

/**
 * What became of an attempt on a terminal. Its process is ended when its turn has, so that its last word counts however it
 * ended; where a person talks with it, only they know when all is said, and leave it in peace.
 */
export function terminalOutcomeOf(heard: Heard, { exitCode, lost, interactive, silent }: TerminalEnd): AttemptOutcome {
  const { result, error, limit } = heard;
  const isLeft = exitCode === 0 && error === null && limit === null && (silent || result !== null);
  if (interactive && isLeft) return { kind: 'done', result: result ?? '' };
  if (lost && (interactive || result === null || error !== null))
    return { kind: 'stopped', why: 'its terminal went away with the daemon' };
  return outcomeOf(interactive ? { ...heard, result: null } : heard, exitCode);
}
