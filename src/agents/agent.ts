import type { ProviderId } from '../core/ids.ts';
import type { JobMode } from './job-mode.ts';
import type { ProfileMode } from './profile.ts';

/** A setting of the agent's own that keeps it from the gateway, whatever is in its environment. */
export type Obstacle = {
  /** Where it is set: a path, or the flag that gives it. */
  readonly file: string;
  readonly name: string;
  /** What it does, as one sentence with its name and file. */
  readonly says: string;
  /** How to take it away, as one sentence. */
  readonly hint: string;
};

/** How an agent is about to be started. */
export type Start = {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
  /** Port of the gateway; undefined while none listens. */
  readonly gatewayPort: number | undefined;
};

/** Where an agent in gateway mode finds the gateway. */
export type Gate = {
  /** Origin of the gateway: `http://127.0.0.1:4610`. */
  readonly url: string;
  readonly phantom: string;
  /** A folder of Stint's for files that this agent has to be given; it exists, and is the user's alone. */
  readonly folder: string;
  /** A file with the certificate of the gateway as PEM, where the agent does not trust that anyway. */
  readonly caFile?: string;
  /** Of the user who starts it, where that is known: an agent may have to be told where its own files are. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Its environment leads to the tools of a job: see `toolUrlVariable`. */
  readonly hasTools?: boolean;
};

/** What an agent is started with. */
export type Launch = {
  /** Before the user's own arguments. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

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
  /** What it has to be started with to reach the gateway with its phantom. May write files into `gate.folder`. */
  launch(gate: Gate): Promise<Launch>;
  /** What in its own settings would keep it from the gateway. Never rejects: what cannot be read is no obstacle. */
  obstacles(start: Start): Promise<readonly Obstacle[]>;
  /** How it is used with logins of its own, one directory an account. */
  readonly profile: ProfileMode;
  /** How it is run for a job, without a terminal. */
  readonly job: JobMode;
}
