import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { formatDuration } from '../core/time.ts';
import { Problem } from '../core/problem.ts';
import { hasCode } from '../lib/atomic-file.ts';
import { deadline } from './deadline.ts';
import { collectOutput } from './output.ts';
import type { Containers, Ended } from './ports.ts';
import type { Surroundings } from './surroundings.ts';

type Command = {
  readonly command: readonly string[];
  readonly timeoutMs: number;
  /** What may be left of it when it was ended. */
  readonly leaves?: string;
};

/** What a command needs to be found and to speak; nothing else of the daemon is its business. */
const passed = ['PATH', 'HOME', 'LANG'];
const graceMs = 2000;
const lastWordsMs = 1000;

/** Runs commands on this machine, as the user of this process. */
export function localCommands(surroundings: Surroundings): Containers {
  return { exec: ({ command, timeoutMs }, signal) => runCommand({ command, timeoutMs }, surroundings, signal) };
}

/** Runs a program in a process group of its own, which ends with it; without input and without a shell. */
export async function runCommand(
  { command, timeoutMs, leaves = '' }: Command,
  { environment, kill }: Surroundings,
  signal: AbortSignal,
): Promise<Ended> {
  const [program = '', ...args] = command;
  using time = deadline(timeoutMs, signal);
  const output = collectOutput();
  const child = await start(program, args, environment);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.add(chunk));
  const endGroup = (how: NodeJS.Signals): void => signalGroup(child, how, kill);
  const ended = hasEnded(child);
  const stopped = await Promise.race([ended, aborted(time.signal)]);
  if (stopped === 'aborted') {
    await stop(child, ended, endGroup);
    throw unfinished(program, { timeoutMs, late: time.late, leaves });
  }
  await lastWords(child, endGroup);
  return { exitCode: exitCodeOf(child), output: output.text() };
}

type Started = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

function start(program: string, args: readonly string[], environment: Surroundings['environment']): Promise<Started> {
  const env = Object.fromEntries(passed.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      cwd: env['HOME'] ?? '/',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child.once('spawn', () => resolve(child));
    child.once('error', (error) => reject(notStarted(program, error)));
  });
}

function notStarted(program: string, error: Error): Problem {
  if (hasCode(error, 'ENOENT'))
    return new Problem('not_found', `There is no program ${program} on the PATH of the daemon.`, {
      hint: `Install it, or start the daemon where it is found: stint down; stint up`,
      cause: error,
    });
  const reason = hasCode(error, 'EACCES') ? 'may not be run by this user' : 'could not be started';
  return new Problem('forbidden', `The program ${program} ${reason}.`, {
    hint: `Look at it with: ls -l`,
    cause: error,
  });
}

function hasEnded(child: ChildProcess): Promise<'ended'> {
  return new Promise((resolve) => child.once('exit', () => resolve('ended')));
}

function aborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

type EndGroup = (how: NodeJS.Signals) => void;

async function stop(child: Started, ended: Promise<unknown>, endGroup: EndGroup): Promise<void> {
  endGroup('SIGTERM');
  const timer = setTimeout(() => endGroup('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
  await lastWords(child, endGroup);
}

/** Reads what is left in the pipes; a process that has left the group would keep them open for ever. */
async function lastWords(child: Started, endGroup: EndGroup): Promise<void> {
  endGroup('SIGKILL');
  const read = Promise.all([child.stdout, child.stderr].map(isRead));
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lastWordsMs);
  await Promise.race([read, late]);
  clearTimeout(timer);
  child.stdout.destroy();
  child.stderr.destroy();
}

function isRead(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed || stream.readableEnded) resolve();
    stream.once('close', resolve);
    stream.once('end', resolve);
  });
}

function signalGroup({ pid }: ChildProcess, how: NodeJS.Signals, kill: Surroundings['kill']): void {
  if (pid === undefined) return;
  try {
    kill(-pid, how);
  } catch {
    // All of the group has ended.
  }
}

function exitCodeOf({ exitCode, signalCode }: ChildProcess): number {
  return exitCode ?? 128 + (signalCode === null ? 0 : constants.signals[signalCode]);
}

/** What is said of a command that was ended. */
export function unfinished(
  program: string,
  { timeoutMs, late, leaves }: { timeoutMs: number; late: boolean; leaves: string },
): Problem {
  const why = late ? `did not end within ${formatDuration(timeoutMs)} and was ended` : 'was ended, since Stint stops';
  return new Problem('unavailable', `${program} ${why}${leaves}.`, {
    hint: late
      ? 'Run it by hand to see what it waits for, or raise reset.timeoutSeconds'
      : 'Start Stint with: stint up',
  });
}
