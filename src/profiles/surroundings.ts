import type { Writable } from 'node:stream';

/** Where an agent runs: what this process has of the terminal, and may do to others. */
export type Surroundings = {
  readonly cwd: string;
  /** Whether a person sits in front of it: stdin and stdout are a terminal. */
  readonly terminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly signals: Pick<NodeJS.Process, 'on' | 'off'>;
  /** Sends a signal to a process, or with a negative number to a group of them. Throws when there is none. */
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
  /** How long nothing may follow a line that tells of a long wait, before it is believed. */
  readonly silenceMs?: number;
};
