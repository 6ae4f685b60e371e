import type { Signal } from '../core/limit/signal.ts';

/** Where a line came from: the CLI's own output, its error channel, or the transcript that it writes. */
export type Channel = 'stdout' | 'stderr' | 'transcript';

/**
 * What a line of a CLI tells about its account.
 *
 * - `session`: the conversation it works on.
 * - `signal`: something to remember about the account; the turn goes on.
 * - `stopped`: the turn has ended, or waits, because of what the signal says.
 * - `supposed`: what an exit code that says the same would confirm; alone it is no more than words.
 * - `served`: a turn came to its end.
 */
export type Told =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'signal'; readonly signal: Signal }
  /** `waits`: the CLI goes on waiting, for hours perhaps, instead of ending by itself. */
  | { readonly kind: 'stopped'; readonly signal: Signal; readonly waits?: true }
  | { readonly kind: 'supposed'; readonly signal: Signal }
  | { readonly kind: 'served' };

export type Heard = {
  readonly told: readonly Told[];
  /** A line that would tell a reader of the output that all is over: kept back until that is certain. */
  readonly hold: boolean;
};

export const nothingHeard: Heard = { told: [], hold: false };

/** Reads the lines of one attempt, in the order in which they arrive. Reads structured events only, never prose. */
export type Listener = (channel: Channel, line: string) => Heard;

/** How an attempt is started. */
export type AttemptStart = {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * What becomes of a channel: `inherit` gives it the terminal, `lines` passes each line on after it was read, `whole`
 * keeps it until the attempt has ended, because it holds nothing but the answer.
 */
export type Plumbing = 'inherit' | 'lines' | 'whole';

/** What is known of a command line before it is run. */
export type Plan = AttemptStart & {
  /** False for a command that has no conversation: it runs on any account. */
  readonly converses: boolean;
  /** The conversation, where the command line or we choose it. */
  readonly session: string | null;
  /** Whether that conversation exists already. */
  readonly resumes: boolean;
  readonly model: string | null;
  /** The folder that the conversation begins in, where the command line names one. */
  readonly folder?: string | undefined;
  readonly interactive: boolean;
  /** Whether its prompts keep coming on stdin; else stdin is a part of the first prompt only. */
  readonly fed: boolean;
  readonly stdout: Plumbing;
  readonly stderr: Plumbing;
  /** How another account takes the conversation over; null where the command line does not allow that. */
  readonly takeover: ((session: string) => AttemptStart) | null;
};

/** Where a CLI writes its conversations down. */
export type Transcripts = {
  /** Folders below a profile that hold conversations, and nothing of an account. */
  readonly folders: readonly string[];
  /** A file in a folder of the first level that says which project it is of; null where the folder's name does. */
  readonly marker: string | null;
  /** Whether a file name is that of a conversation. */
  fileOf(session: string, name: string): boolean;
  /** The conversation that a file of which this is the first line belongs to, when it began in this folder. */
  begunIn(firstLine: string, cwd: string): string | null;
  /** Whether a line holds what only the account that made it can read, and a conversation can do without. */
  readonly isForeign?: (line: string) => boolean;
  /** The conversation that a running process works on, where the CLI writes that down; else null. */
  current(folder: string, pid: number): Promise<string | null>;
};

/** Something of the user's own that every profile has as well. Paths are below the folder that `own` names. */
export type Shared =
  | { readonly kind: 'link'; readonly path: string }
  /** JSON of which the user's part is laid over the profile's own at every start; `pick` leaves out credentials. */
  | {
      readonly kind: 'merge';
      readonly path: string;
      readonly from?: string;
      readonly pick: (own: object, theirs: object) => object;
    };

/** How the genuine CLI is used with a login directory for each account. */
export interface ProfileMode {
  /** Makes the CLI use a directory. */
  environment(folder: string): Readonly<Record<string, string>>;
  /** Arguments before all others; none when absent. */
  readonly args?: readonly string[];
  /** Names that must not be in its environment: they would take the place of the login. */
  readonly withheld: readonly string[];
  /** Arguments with which the CLI logs in. */
  readonly login: readonly string[];
  /** What to tell people before that; null where the CLI says all of it. */
  readonly loginHint: string | null;
  /** The user's own directory, by their environment. */
  own(environment: Readonly<Record<string, string | undefined>>): string;
  readonly shared: readonly Shared[];
  /** Whether a directory holds a login. Never rejects. */
  hasLogin(folder: string): Promise<boolean>;
  readonly transcripts: Transcripts;
  plan(args: readonly string[], given: { terminal: boolean; newSession: () => string }): Plan;
  /** The exit code for a limit, of a CLI that may wait for its end instead. */
  readonly limitCode?: number;
  /** What an exit code tells, where nothing else did, with what was supposed before. */
  exitSignal(code: number, supposed: Signal | null): Signal | null;
  /** Reads one attempt. `now` is asked when a time of day has to become a date. */
  listen(now: () => number): Listener;
}
