import { spawn } from 'node:child_process';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptId } from '../core/ids.ts';
import type { Reached } from '../core/job/commit-point.ts';
import { secondMs } from '../core/time.ts';
import { pause } from '../lib/pause.ts';
import { isOfThisBoot, processStart } from '../lib/process-start.ts';
import type { Exit, Known, Launch, OutputLine, Processes, RunFiles } from '../supervisor/ports.ts';
import { readOutput } from './output.ts';
import { commandOf, environmentOf, runAndTell, writeFiles } from './prepare.ts';
import { processesOf, type FoundProcess } from './process-table.ts';

const lookMs = 100;
/** How often it is asked whether a process lives whose end nobody wrote down. */
const livesMs = secondMs;

export type ProcessOptions = {
  /** Holds a folder per attempt. */
  readonly folder: string;
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
  /** Between being asked to end and being killed. */
  readonly graceMs?: number;
  readonly reached?: Reached;
};

/** Processes of agents in groups of their own, with stdin, stdout and stderr in files, which outlive the daemon. */
export function agentProcesses({ folder, kill, graceMs = 5 * secondMs, reached }: ProcessOptions): Processes {
  const filesOf = (attempt: AttemptId): RunFiles => {
    const own = join(folder, attempt);
    return {
      folder: own,
      prompt: join(own, 'prompt'),
      stdout: join(own, 'stdout'),
      stderr: join(own, 'stderr'),
      exit: join(own, 'exit'),
      screen: join(own, 'screen'),
    };
  };
  const living = async ({ id, pid, birth }: Known): Promise<readonly number[]> => {
    // A pid that was given to another process since names another group.
    const leader = pid === null ? undefined : await processStart(pid);
    const isOurs = pid !== null && (birth === null || leader === birth);
    // The leader may be gone while its group goes on: until the machine is started anew no other can have its number.
    const isLeft = leader === undefined && birth !== null && (await isOfThisBoot(birth));
    const group = isOurs || isLeft ? pid : null;
    const found = await processesOf(id, group);
    const isLeader = (each: FoundProcess): number => (each.pid === each.group ? 0 : 1);
    return found.toSorted((a, b) => isLeader(a) - isLeader(b) || a.pid - b.pid).map((each) => each.pid);
  };
  /** Of attempts whose end is waited for: whether nothing of them is left. */
  const awaited = new Map<AttemptId, boolean>();
  const signalAll = (pids: readonly number[], name: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        kill(pid, name);
      } catch {
        // It has ended.
      }
    }
  };
  return {
    filesOf,
    spawn: (launch) => start(launch, reached),
    living,
    wasStarted: async (attempt) => (await stat(filesOf(attempt).stdout).catch(() => undefined)) !== undefined,
    async end(attempt, signal = new AbortController().signal) {
      const until = performance.now() + graceMs;
      let asked = new Set<number>();
      for (;;) {
        const pids = await living(attempt);
        if (pids.length === 0) return void (awaited.has(attempt.id) && awaited.set(attempt.id, true));
        signal.throwIfAborted();
        const isOver = performance.now() > until;
        signalAll(isOver ? pids : pids.filter((pid) => !asked.has(pid)), isOver ? 'SIGKILL' : 'SIGTERM');
        reached?.(isOver ? 'end.killed' : 'end.asked');
        asked = new Set(pids);
        // One that cannot be ended must not keep us busy as well.
        await pause(performance.now() < until + graceMs ? lookMs / 2 : livesMs, signal);
      }
    },
    async ended(attempt, signal) {
      const { exit } = filesOf(attempt.id);
      awaited.set(attempt.id, false);
      try {
        for (let looks = 0; ; looks += 1) {
          signal.throwIfAborted();
          const written = await readExit(exit);
          if (written !== null) return written;
          const isDue = awaited.get(attempt.id) === true || (looks * lookMs) % livesMs === 0;
          const isGone = isDue && !(await leads(attempt)) && (await living(attempt)).length === 0;
          // The file may have been written between the two looks.
          if (isGone) return (await readExit(exit)) ?? { code: null, at: null };
          await Bun.sleep(lookMs);
        }
      } finally {
        awaited.delete(attempt.id);
      }
    },
    lines: (attempt, ended, signal): AsyncIterable<OutputLine> => readOutput(filesOf(attempt), ended, signal),
    note: (attempt, name) => readFile(join(filesOf(attempt).folder, name), 'utf8').catch(() => null),
    forget: (attempt) => rm(filesOf(attempt).folder, { recursive: true, force: true }),
    terminal: () => Promise.resolve(undefined),
  };
}

/** Whether its wrapper lives: with fifty agents it is too dear to look at every process of the machine. */
export async function leads({ pid, birth }: Known): Promise<boolean> {
  return pid !== null && birth !== null && birth !== '' && (await processStart(pid)) === birth;
}

async function start(launch: Launch, reached?: Reached): Promise<{ pid: number; birth: string }> {
  const { files, directory } = launch;
  const command = await commandOf(launch);
  await writeFiles(launch);
  const [input, output, errors] = await Promise.all([
    open(files.prompt, 'r'),
    open(files.stdout, 'a', 0o600),
    open(files.stderr, 'a', 0o600),
  ]);
  try {
    reached?.('process.files');
    const child = spawn('/bin/sh', ['-c', runAndTell, 'stint', files.exit, ...command], {
      cwd: directory,
      env: environmentOf(launch),
      stdio: [input.fd, output.fd, errors.fd],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    reached?.('process.started');
    const pid = child.pid as number;
    return { pid, birth: (await processStart(pid)) ?? '' };
  } finally {
    await Promise.all([input.close(), output.close(), errors.close()]);
  }
}

export async function readExit(path: string): Promise<Exit | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, code, at] = /^(\d{1,3}) (\d{1,12})\n$/.exec(text) ?? [];
  return code === undefined ? null : { code: Number(code), at: Number(at) * secondMs };
}
