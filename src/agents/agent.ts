import type { ProviderId } from '../core/ids.ts';

/** A CLI product that does the work. */
export interface Agent {
  /** As people name it: `claude`. */
  readonly id: string;
  readonly provider: ProviderId;
  /** The executable on PATH. */
  readonly command: string;
  /** How to get the executable, for people who do not have it. */
  readonly install: string;
  /** Names that must not be in its environment: credentials of its own, and switches to another upstream. */
  readonly withheld: readonly string[];
  /** What it has to find in its environment to reach the gateway at `baseUrl` with its phantom. */
  environment(baseUrl: string, phantom: string): Readonly<Record<string, string>>;
}
