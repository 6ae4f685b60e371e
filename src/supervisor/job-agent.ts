import type { JobMode } from '../agents/job-mode.ts';

/** How an agent is run for jobs. */
export type JobAgent = {
  readonly id: string;
  /** A name on the PATH, or an absolute path. */
  readonly executable: string;
  readonly mode: JobMode;
  /** Names that must not be in its environment. */
  readonly withheld: readonly string[];
};
