import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const launcher = join(import.meta.dir, '..', 'bin', 'stint.mjs');

export type Environment = Readonly<Record<string, string>>;
type Started = { readonly cwd: string; readonly env: Environment; readonly stdin?: string };

/** How a command ended. A code over 128 stands for a signal that its program died of. */
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** A command that runs in a process group of its own, as a shell starts its jobs. */
export type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Sends a signal to all of the group, as a terminal does. */
  signal(name: NodeJS.Signals): void;
};

/** Starts `stint` from this repository, by its launcher. */
export function startStint(args: readonly string[], started: Started): Running {
  return startCommand(['node', launcher, ...args], started);
}

/** Starts a program with its arguments. */
export function startCommand([program = '', ...args]: readonly string[], { cwd, env, stdin }: Started): Running {
  const stdio: StdioOptions = [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
  const child = spawn(program, args, { cwd, env, stdio, detached: true });
  if (stdin !== undefined) child.stdin?.end(stdin);
  return {
    child,
    ended: endOf(child),
    signal: (name) => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, name);
    },
  };
}

/** Runs a command that has to succeed, and returns what it printed. */
export async function runStint(args: readonly string[], started: Started): Promise<string> {
  const { code, stdout, stderr } = await startStint(args, started).ended;
  if (code !== 0) throw new Error(`stint ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('its output is piped');
  const [[code], out, errors] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(stdout),
    text(stderr),
  ]);
  return { code, stdout: out, stderr: errors };
}
