import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';

export type FoundProcess = { readonly pid: number; readonly group: number };

const marker = 'STINT_ATTEMPT';

/**
 * The living processes that belong to an attempt: those of a group, and those that carry the attempt's id in their
 * environment, since helpers of Codex leave the group. Zombies are none: nothing runs in them.
 */
export async function processesOf(attempt: string, group: number | null): Promise<readonly FoundProcess[]> {
  return platform() === 'linux' ? fromProc(attempt, group) : fromPs(attempt, group);
}

async function fromProc(attempt: string, group: number | null): Promise<FoundProcess[]> {
  const names = await readdir('/proc');
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => inspect(pid, attempt, group)));
  return found.filter((each) => each !== null);
}

async function inspect(pid: number, attempt: string, group: number | null): Promise<FoundProcess | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The command name in parentheses may hold anything, spaces and parentheses too (proc(5)).
  const [state, , ownGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === '' || state === 'Z' || state === 'X') return null;
  if (group !== null && Number(ownGroup) === group) return { pid, group };
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return hasMarker(environment.split('\0'), attempt) ? { pid, group: Number(ownGroup) } : null;
}

/** `-E` shows the environment after the command, of the user's own processes. */
async function fromPs(attempt: string, group: number | null): Promise<FoundProcess[]> {
  const ps = Bun.spawn(['/bin/ps', '-E', '-x', '-o', 'pid=,pgid=,stat=,command='], { stderr: 'ignore' });
  const lines = (await new Response(ps.stdout).text()).split('\n');
  return lines.flatMap((line) => {
    const [, pid, ownGroup, state = '', rest = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith('Z')) return [];
    const isOurs = Number(ownGroup) === group || hasMarker(rest.split(' '), attempt);
    return isOurs ? [{ pid: Number(pid), group: Number(ownGroup) }] : [];
  });
}

function hasMarker(words: readonly string[], attempt: string): boolean {
  return words.includes(`${marker}=${attempt}`);
}
