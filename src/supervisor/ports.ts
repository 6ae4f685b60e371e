import type { Account } from '../core/account/account.ts';
import type { AccountId, AttemptId, JobId, Label } from '../core/ids.ts';
import type { Attempt, Conversation, Job } from '../core/job/job.ts';
import type { Transport } from '../core/job/transport.ts';
import type { Effect, Transition } from '../core/job/transition.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { Selection } from '../core/pool/selection.ts';
import type { EpochMs } from '../core/time.ts';

/** An effect that was written with its transition and has not been done, or not surely. */
export type OpenEffect = { readonly id: string; readonly job: JobId; readonly effect: Effect };

/** Jobs on the disk. A write is durable when its promise resolves, and rejects when it is not. */
export interface JobStore {
  loadJobs(): Promise<{
    readonly jobs: readonly Job[];
    readonly attempts: readonly Attempt[];
    readonly effects: readonly OpenEffect[];
  }>;
  /** All of them or none. */
  addJobs(jobs: readonly Job[]): Promise<void>;
  /**
   * Job, attempt and effects in one transaction. Resolves with the effects; null, and nothing is written, where the
   * stored job has another fence than `before`.
   */
  saveTransition(before: Job, after: Transition): Promise<readonly OpenEffect[] | null>;
  effectDone(id: string): Promise<void>;
  /** What was not done up to now. */
  openEffects(): Promise<readonly OpenEffect[]>;
  /** Removes those of them that ended before a time, with their attempts, and says which they were. */
  removeJobs(ids: readonly JobId[], before: EpochMs): Promise<readonly JobId[]>;
}

/** Where a process is written to: all files of one attempt are in one folder. */
export type RunFiles = {
  readonly folder: string;
  readonly prompt: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Written by the wrapper when the process has ended: exit code and time. */
  readonly exit: string;
  /** Of one on a terminal: what was shown, the latest of it. */
  readonly screen: string;
};

export type Launch = {
  readonly attempt: AttemptId;
  readonly files: RunFiles;
  /** Goes to its stdin. */
  readonly prompt: string;
  /** A name on the PATH of its environment, or an absolute path. */
  readonly executable: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly nice: number;
  /** More files of its folder, by their names; `agent` names the agent. */
  readonly notes?: Readonly<Record<string, string>>;
  /** `pipe` when absent. On a terminal nothing goes to its stdin; its hooks write to `stdout`. */
  readonly transport?: Transport;
};

export type Exit = {
  readonly code: number | null;
  readonly at: EpochMs | null;
  /** Its terminal went away with the daemon that held it. */
  readonly lost?: true;
};

/** A process by its pid and when that was born; null where it was not written down before a crash. */
export type Known = Pick<Attempt, 'id' | 'pid' | 'birth'>;

/** Processes of agents, which outlive the daemon. */
export interface Processes {
  filesOf(attempt: AttemptId): RunFiles;
  /**
   * Starts one in a process group of its own with STINT_ATTEMPT in its environment. Throws a Problem `invalid` where the
   * executable or the directory is missing.
   */
  spawn(launch: Launch): Promise<{ readonly pid: number; readonly birth: string }>;
  /** The living processes of an attempt: those of its group, its leader first, and whatever else carries its id. Zombies are none. */
  living(attempt: Known): Promise<readonly number[]>;
  /** Whether it was started once, by what it has left; a crash may have come before its pid was written down. */
  wasStarted(attempt: AttemptId): Promise<boolean>;
  /** Ends them: asked, after a grace killed. Resolves when none lives; rejects when `signal` aborts before that. */
  end(attempt: Known, signal?: AbortSignal): Promise<void>;
  /** Resolves when the attempt has ended, with what the wrapper wrote; nulls where it could not. Rejects when `signal` aborts. */
  ended(attempt: Known, signal: AbortSignal): Promise<Exit>;
  /** The lines of its output, those of the past first; ends when `ended` has resolved and all was read, or `signal` aborts. */
  lines(attempt: AttemptId, ended: Promise<unknown>, signal: AbortSignal): AsyncIterable<OutputLine>;
  /** What one of the notes of its launch says; null where there is none. */
  note(attempt: AttemptId, name: string): Promise<string | null>;
  /** Removes its files. */
  forget(attempt: AttemptId): Promise<void>;
  /** The terminal of one that has one and lives; undefined for any other. */
  terminal(attempt: AttemptId): Promise<JobTerminal | undefined>;
}

/** The terminal that an attempt runs on. */
export interface JobTerminal {
  /** Types a text as one that was pasted, and Enter. What was typed under a name is not typed under it again. */
  paste(text: string, once: string): Promise<void>;
  /** Presses one key, and no Enter; under a name once, as above. */
  press(key: string, once: string): Promise<void>;
  /** What it shows, as text; empty where that cannot be told. */
  text(): Promise<string>;
  /** How a person gets there. */
  readonly way: TerminalWay;
}

export type TerminalWay =
  /** By a command on this machine. */
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly directory: string }
  /** Through this process. */
  | { readonly kind: 'view'; view(viewer: Viewer): TerminalView };

/** Whoever looks at a terminal. */
export type Viewer = {
  /** What it shows from the beginning of what is kept, then as it comes. */
  readonly show: (bytes: Uint8Array) => void;
  /** The terminal is gone. */
  readonly ended: () => void;
};

export type TerminalView = {
  readonly type: (bytes: Uint8Array | string) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly leave: () => void;
};

export type OutputLine = {
  readonly channel: 'stdout' | 'stderr' | 'transcript';
  readonly line: string;
  /** By when it was written at the latest: one that is read after a restart is older than that. */
  readonly by: EpochMs;
  /** Another line is known that was written after it. */
  readonly more?: true;
};

/** What the supervisor knows of accounts, and tells of them. */
export interface AccountPort {
  defaultPool(agent: string): Label;
  /** Whom a request of this conversation for this model would use. */
  select(want: {
    readonly pool: Label;
    readonly session: string | null;
    readonly model: string | null;
    readonly exclude: readonly AccountId[];
  }): Selection;
  /** `profile`: its accounts are logins of the genuine CLI. */
  modeOf(pool: Label): 'gateway' | 'profile';
  account(id: AccountId): Account | undefined;
  observe(seen: {
    readonly account: AccountId;
    readonly model: string | null;
    readonly sentAt: EpochMs;
    readonly signals: readonly Signal[];
    readonly served: boolean;
  }): Promise<void>;
  /** The token and settings with which an agent reaches the gateway; revoked by its attempt. */
  phantom(want: {
    readonly agent: string;
    readonly pool: Label;
    readonly attempt: AttemptId;
    /** Its environment leads to tools as well. */
    readonly hasTools: boolean;
  }): Promise<{ readonly args: readonly string[]; readonly environment: Readonly<Record<string, string>> }>;
  revoke(attempt: AttemptId): Promise<void>;
  /** What the end of an attempt without an account told, null where it was served; remembered of an agent that has a login of its own. */
  concluded(
    attempt: { readonly agent: string; readonly model: string | null; readonly at: EpochMs },
    signal: Signal | null,
  ): void;
  /** Makes a profile ready for an attempt. `holds`: the conversation is there to be gone on with. */
  profile(want: {
    readonly agent: string;
    readonly account: AccountId;
    readonly conversation: Conversation | null;
  }): Promise<{
    readonly args: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
    readonly holds: boolean;
  }>;
  /** Calls back whenever something opened: a limit was cleared, an account added. Returns how to stop that. */
  onOpened(listener: () => void): () => void;
}

/** Where a job works. */
export interface Workspace {
  /**
   * Why the work is not wanted any more, such as a directory that is gone; null when it is. `since` is when the job was
   * added, for one that goes on by itself; null for one that begins, or that a person has asked for.
   */
  unwanted(directory: string, since: EpochMs | null): Promise<string | null>;
  /** What an agent that takes over has to know of it: its git state. */
  describe(directory: string): Promise<string>;
}

/** The tools that agents have for their own jobs. */
export interface ToolAccess {
  /** A new token for an attempt, in place of any before; null where agents are to have no tools. */
  grant(attempt: AttemptId): Promise<{ readonly url: string; readonly token: string } | null>;
}
