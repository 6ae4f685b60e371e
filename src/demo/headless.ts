import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AgentNews } from './agent.ts';
import { directLoopback, type Stage } from './stage.ts';

export type UserEnvironment = Readonly<Record<string, string | undefined>>;
export type Tell = (news: AgentNews) => void;

/** Reads what an agent prints, line by line. */
export type LineReader = { line(text: string): void; finished(): boolean };

/** A real agent as it is started for one prompt: its own arguments and variables. */
export type Headless = {
  readonly executable: string;
  readonly args: readonly string[];
  /** `own` is an empty folder of the agent's. */
  readonly environment: (own: string) => Readonly<Record<string, string>>;
  /** Reads its standard output. */
  readonly reader: LineReader;
};

/** What an agent works with on the stage. */
export type Surroundings = Pick<Stage, 'folder' | 'access'> & { readonly userEnvironment: UserEnvironment };

/** How many tool calls a real agent is asked for before its answer. */
export const steps = 26;

/** Makes it call its shell step by step. */
export const stepsPrompt = `Work through the steps. [[steps:${steps}]] [[say:All ${steps} steps are done.]]`;

/** Runs a real agent to its end, as `stint <agent>` would; the signal ends it early. */
export async function runHeadless(
  { executable, args, environment, reader }: Headless,
  { folder, access, userEnvironment }: Surroundings,
  signal: AbortSignal,
): Promise<boolean> {
  const [cwd, own, scratch] = [join(folder, 'work'), join(folder, 'agent'), join(folder, 'tmp')];
  for (const each of [cwd, own, scratch]) await mkdir(each, { recursive: true });
  const env: NodeJS.ProcessEnv = {
    ...userEnvironment,
    ...directLoopback,
    // What an agent leaves there goes with the folder.
    TMPDIR: scratch,
    ...access.environment,
    ...environment(own),
  };
  for (const name of access.withheld) delete env[name];
  const child = spawn(executable, [...access.args, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'], signal });
  // An abort shows as an error as well.
  const ended = once(child, 'close').catch(() => [null]);
  for await (const line of createInterface({ input: child.stdout })) reader.line(line);
  const [code] = (await ended) as [number | null];
  return code === 0 && reader.finished();
}

/** A line of JSON; one that is none, such as a warning of the runtime, says nothing. */
export function parseLine(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
