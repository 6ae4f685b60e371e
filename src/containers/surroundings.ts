/** What commands take over from the daemon, and what it may do to them. */
export type Surroundings = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Sends a signal to a process, or with a negative number to a group of them. Throws when there is none. */
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
};
