import type { ChildProcess } from 'node:child_process';

const patienceMs = 1500;
const graceMs = 5000;

type How = {
  /** It leads a process group, which ends with it. */
  readonly group: boolean;
  /** It is about to end by itself, and may have something left to write. */
  readonly patient: boolean;
};

/** Ends a process: asks it, and after five seconds does not ask any more. Resolves when it has ended. */
export async function stopProcess(child: ChildProcess, { group, patient }: How): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return endGroup(child, group);
  const ended = new Promise<true>((resolve) => child.once('exit', () => resolve(true)));
  if (patient && (await within(ended, patienceMs))) return endGroup(child, group);
  send(child, group, 'SIGTERM');
  if (await within(ended, graceMs)) return endGroup(child, group);
  send(child, group, 'SIGKILL');
  await ended;
}

/** What it started and left behind would go on with an account that is not to be used. */
function endGroup(child: ChildProcess, group: boolean): void {
  if (group) send(child, true, 'SIGKILL');
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function within(ended: Promise<true>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}

function send({ pid }: ChildProcess, group: boolean, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(group ? -pid : pid, signal);
  } catch {
    // It has ended.
  }
}
