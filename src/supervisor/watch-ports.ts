import type { AttemptId } from '../core/ids.ts';
import type { Action } from '../core/watch/action.ts';
import type { EpochMs } from '../core/time.ts';

/** Requests of an attempt to the gateway. */
export type Requests = {
  /** When the last one came, or ended; null for none since the daemon started. */
  readonly lastAt: EpochMs | null;
  readonly open: number;
  /** Those of them that wait in the gateway for something to open. */
  readonly held: number;
};

/** The processes of an attempt, by what they carry in their environment. */
export type Marked = { readonly attempt: AttemptId; readonly pids: readonly number[] };

/** What the watch has to know of the world. What rejects is unknown, and nothing is concluded from it. */
export interface WatchedWorld {
  /** How long an agent may give no sign of life; 0 for ever. */
  readonly idleMs: () => number;
  requests(attempt: AttemptId): Promise<Requests>;
  /** Every process on this machine that belongs to an attempt, of whatever home. */
  marked(): Promise<readonly Marked[]>;
  /** Whether the files of an attempt are in this home. */
  isOfThisHome(attempt: AttemptId): Promise<boolean>;
  /** Free on the disk of the home. */
  freeBytes(): Promise<number>;
  /** Tells what was done that is not a change of a job. */
  told(action: Action): void;
  /** Runs something again and again; returns how to stop that. */
  every(ms: number, run: () => void): () => void;
}

/** For whoever serves Stint's own tools to the agents of jobs. */
export interface ToolWitness {
  /** An agent called one of them. */
  toolCalled(attempt: AttemptId): void;
  /** A call of one of them has ended that did not only wait. */
  worked(attempt: AttemptId): void;
  /** When it last did anything with any tool but wait; null for never. */
  workedAt(attempt: AttemptId): EpochMs | null;
  /** Its connection to them has ended, and its process has not. */
  toolsLost(attempt: AttemptId): void;
  /** A call waits for other jobs; to be called when it does not any more. */
  waits(attempt: AttemptId): () => void;
}
