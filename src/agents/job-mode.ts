import type { FailureKind } from '../core/job/failure-kind.ts';
import type { Abilities } from '../core/job/abilities.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { Usage } from '../core/spend/usage.ts';
import type { Channel } from './profile.ts';

/** What an agent that works on a job tells, from its structured output; text of models and tools is never read for it. */
export type AgentEvent =
  | { readonly kind: 'session'; readonly id: string }
  /** The model that it works with. */
  | { readonly kind: 'model'; readonly model: string }
  /** The conversation that it was to go on with does not exist. */
  | { readonly kind: 'session-missing' }
  /** The account that serves it told something; the turn goes on. */
  | { readonly kind: 'signal'; readonly signal: Signal }
  /** The turn ends, or sleeps, because of it. */
  | { readonly kind: 'limited'; readonly signal: Signal; readonly waits: boolean }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly name: string; readonly summary: string }
  /** A call of a tool is under way, and has no result yet. */
  | { readonly kind: 'tool-begun'; readonly id: string; readonly name: string }
  | { readonly kind: 'tool-ended'; readonly id: string }
  /** The agent asks again by itself. */
  | { readonly kind: 'retrying'; readonly detail: string }
  | { readonly kind: 'turn-completed' }
  /** The agent's last word: what it has to say, or why it failed. */
  | { readonly kind: 'result'; readonly text: string }
  | { readonly kind: 'error'; readonly failure: FailureKind; readonly detail: string; readonly until: number | null }
  /** What a tool gave: `call` and `result` are digests of what went in and what came out, to be compared and nothing else. */
  | {
      readonly kind: 'tool-result';
      /** As its call began with; absent where that was not told. */
      readonly id?: string;
      readonly name: string;
      readonly call: string;
      readonly result: string;
    }
  /** What this attempt has spent up to now, in the agent's own figures. */
  | { readonly kind: 'usage'; readonly usage: Usage }
  /** On a terminal: the agent has ended its turn, well or not, and waits for the next prompt. */
  | { readonly kind: 'turn-ended' }
  /** On a terminal: its turn has ended so as well, and what it has started goes on beside it, whose end may wake it. */
  | { readonly kind: 'rests'; readonly text: string }
  /** On a terminal: it waits for somebody to allow or to choose something. */
  | {
      readonly kind: 'asks';
      readonly question: string;
      /** It shows a dialog, in which this key is yes and Escape is no; absent where it takes a text. */
      readonly yes?: string;
    }
  /** On a terminal: it was given a prompt, or allowed what it asked for. */
  | { readonly kind: 'going' };

/** A person has stopped it in the middle of its turn. */
export const interrupted: AgentEvent = { kind: 'asks', question: 'It was interrupted, and waits for you.' };

/** Reads the lines of one attempt in their order. `now` makes a date of a time of day. */
export type JobListener = (channel: Channel, line: string) => readonly AgentEvent[];

export type JobStart = {
  /** `first` begins a conversation, `resume` goes on with `session`. */
  readonly kind: 'first' | 'resume';
  /** The conversation; of a first one the id that the agent is to take, where it can. */
  readonly session: string;
  readonly model: string | null;
  /** The user's own arguments for the agent. */
  readonly args: readonly string[];
  /** Folders besides its own that it has to read. */
  readonly reads?: readonly string[];
  /** The file with the prompt, for one that takes it as an argument. */
  readonly prompt?: string;
};

/** The variables of every attempt that lead to its tools: the address of the server, and the token that it wants as a bearer. */
export const toolUrlVariable = 'STINT_MCP_URL';
export const toolTokenVariable = 'STINT_JOB_TOKEN';

/** What agents call the server; `stint` is what a person calls that of the control API. */
export const toolServerName = 'stint-job';

/** An MCP server with tools for one job; the token is in the environment and nowhere else. */
export type ToolServer = {
  readonly url: string;
  /** A folder of the attempt's own, for files that name the server. */
  readonly folder: string;
};

export type ToolSettings = {
  /** Before the arguments of `args`. */
  readonly args: readonly string[];
  /** Files of the folder by their names. */
  readonly files?: Readonly<Record<string, string>>;
};

/** How an agent is run for a job: without a terminal, the prompt on stdin, events on stdout. */
export interface JobMode {
  /** Arguments; the prompt comes on stdin from a file, never as an argument. */
  args(start: JobStart): readonly string[];
  /** Besides what gateway or profile mode sets: the agent's own waiting and updating switched off. */
  readonly environment: Readonly<Record<string, string>>;
  listen(now: () => number): JobListener;
  /** What stands on the error channel of one that ended without a word on stdout; `text` is its last 8 KiB. */
  readStderr(
    text: string,
    exitCode: number | null,
    now: number,
  ): { readonly failure: FailureKind; readonly detail: string; readonly until: number | null };
  /** Models by what is tried after what, best first. */
  readonly chain: readonly string[];
  readonly abilities: Abilities;
  /** How it is told of the tools that Stint has for it; absent where it can only find them in its environment. */
  readonly tools?: (server: ToolServer) => ToolSettings;
  /** How it is run on a terminal; none where it cannot be. */
  readonly terminal?: TerminalMode;
}

export type TerminalStart = JobStart & {
  /** What it is told first: a short line. */
  readonly says: string;
  /** A script that takes an event of its hooks on stdin. */
  readonly hook: string;
};

/** How an agent is run for a job on a terminal, as a person runs it. */
export interface TerminalMode {
  /** It tells of no end of a turn: only a person knows when it is finished. */
  readonly silent: boolean;
  /** A line of its screen that is there only where it takes a text, for one that is silent: what else it shows is a dialog. */
  readonly takesText?: RegExp;
  args(start: TerminalStart): readonly string[];
  /** Reads what its hooks were told, which comes as stdout, and its transcripts. */
  listen(now: () => number): JobListener;
  /** Lines of a screen that show a limit. */
  readonly limits: readonly RegExp[];
}
