import type { ChildProcess } from 'node:child_process';

const ownEndMs = 1500;
const lastMs = 5000;

type Kill = (pid: number, signal: NodeJS.Signals) => void;

type How = {
  /** It leads a process group, which ends with it. */
  readonly group: boolean;
  /** It is about to end by itself, and may have something left to write. */
  readonly patient: boolean;
  readonly kill: Kill;
  readonly patienceMs?: number;
  readonly graceMs?: number;
};

/** Ends a process: asks it, and after five seconds does not ask any more. Resolves when it has ended. */
export async function stopProcess(
  child: ChildProcess,
  { group, patient, kill, patienceMs = ownEndMs, graceMs = lastMs }: How,
): Promise<void> {
  const send = (signal: NodeJS.Signals): void => sendSignal(child, { group, signal, kill });
  // What it started and left behind would go on with an account that is not to be used.
  const endGroup = (): void => (group ? send('SIGKILL') : undefined);
  if (child.pid === undefined || hasEnded(child)) return endGroup();
  const ended = new Promise<true>((resolve) => child.once('exit', () => resolve(true)));
  if (patient && (await within(ended, patienceMs))) return endGroup();
  send('SIGTERM');
  if (await within(ended, graceMs)) return endGroup();
  send('SIGKILL');
  await ended;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Whether a promise resolves in time. */
export async function within(ended: Promise<true>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a signal to a process, or to the group that it leads; one that has ended gets none. */
export function sendSignal(
  { pid }: Pick<ChildProcess, 'pid'>,
  { group, signal, kill }: Pick<How, 'group' | 'kill'> & { readonly signal: NodeJS.Signals },
): void {
  if (pid === undefined) return;
  try {
    kill(group ? -pid : pid, signal);
  } catch {
    // It has ended.
  }
}
