import { readdirSync, readFileSync } from 'node:fs';
import type { Surroundings } from './surroundings.ts';

/**
 * Ends a process of a container, and what it has started. The Engine API has no call for that, only the process id: it
 * counts where it is one of this machine, and of that container by its control group. An engine in a machine of its own
 * speaks of other ids. Returns whether it was ended.
 */
export function endContainerProcess(pid: number, containerId: string, kill: Surroundings['kill']): boolean {
  if (pid <= 1 || !/^[0-9a-f]{64}$/.test(containerId)) return false;
  try {
    if (!readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId)) return false;
    // It is in the process group of whoever runs it for the engine.
    for (const each of [pid, ...descendants(pid)]) end(each, kill);
    return true;
  } catch {
    return false;
  }
}

/** What it has started, and that has started, as proc(5) has it. */
function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
    .filter((each) => each !== '')
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function end(pid: number, kill: Surroundings['kill']): void {
  try {
    kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
