/** A command and where it is to run. */
export type Target = {
  /** Name of the container or machine; empty where there is none, for the machine itself. */
  readonly container: string;
  /** The program and its arguments, which no shell ever sees. */
  readonly command: readonly string[];
  /** As whom, `10000:10000`; absent for whom the container is set up for. */
  readonly user?: string | undefined;
  readonly timeoutMs: number;
};

/** How a command ended by itself. A code over 128 stands for a signal that it died of. */
export type Ended = {
  readonly exitCode: number;
  /** Both of its outputs as they came, of a long one the end. */
  readonly output: string;
};

/** Runs commands where agents live. */
export interface Containers {
  /** Rejects with a Problem where the command could not be run, took too long, or `signal` aborted. */
  exec(target: Target, signal: AbortSignal): Promise<Ended>;
}
