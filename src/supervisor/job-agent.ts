import type { JobMode } from '../agents/job-mode.ts';
import type { Transport } from '../core/job/transport.ts';

/** How an agent is run for jobs. */
export type JobAgent = {
  readonly id: string;
  /** A name on the PATH, or an absolute path. */
  readonly executable: string;
  readonly mode: JobMode;
  /** Names that must not be in its environment. */
  readonly withheld: readonly string[];
};

/** The same mode, as it listens to an agent on a transport. */
export function modeOn(mode: JobMode, transport: Transport): JobMode {
  const { terminal } = mode;
  return transport === 'pipe' || terminal === undefined ? mode : { ...mode, listen: (now) => terminal.listen(now) };
}
