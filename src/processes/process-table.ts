import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import type { AttemptId } from '../core/ids.ts';
import type { Marked } from '../supervisor/watch-ports.ts';

export type FoundProcess = { readonly pid: number; readonly group: number };

const marker = 'STINT_ATTEMPT';
const emptyLooks = 6;

/**
 * The living processes that belong to an attempt: those of a group, and those that carry the attempt's id in their
 * environment, since helpers of Codex leave the group. Zombies are none: nothing runs in them.
 */
export async function processesOf(attempt: string, group: number | null): Promise<readonly FoundProcess[]> {
  return platform() === 'linux' ? fromProc(attempt, group) : fromPs(attempt, group);
}

/** Every process of the machine that carries the id of an attempt, but those of an attempt from within which `own` was started. */
export async function markedProcesses(own: number): Promise<readonly Marked[]> {
  const found = platform() === 'linux' ? await markedInProc() : await markedInPs();
  const attempts = Map.groupBy(found, ({ attempt }) => attempt);
  return [...attempts]
    .map(([attempt, processes]) => ({ attempt: attempt as AttemptId, pids: processes.map(({ pid }) => pid) }))
    .filter(({ pids }) => !pids.includes(own));
}

type One = { readonly attempt: string; readonly pid: number };

async function markedInProc(): Promise<One[]> {
  const found = await Promise.all(
    (await pidsInProc()).map(async (pid): Promise<One[]> => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      const attempt = markIn(environment.split('\0'));
      return attempt === undefined ? [] : [{ attempt, pid }];
    }),
  );
  return found.flat();
}

async function markedInPs(): Promise<One[]> {
  return (await listedByPs()).flatMap(({ pid, words }) => {
    const attempt = markIn(words);
    return attempt === undefined ? [] : [{ attempt, pid }];
  });
}

function markIn(words: readonly string[]): string | undefined {
  const mark = words.find((word) => word.startsWith(`${marker}=`))?.slice(marker.length + 1);
  return mark !== undefined && /^[\w-]+\.\d+$/.test(mark) ? mark : undefined;
}

async function pidsInProc(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function fromProc(attempt: string, group: number | null): Promise<FoundProcess[]> {
  const pids = await pidsInProc();
  const found = await Promise.all(pids.map((pid) => inspect(pid, attempt, group)));
  return found.filter((each) => each !== null);
}

async function inspect(pid: number, attempt: string, group: number | null): Promise<FoundProcess | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The command name in parentheses may hold anything, spaces and parentheses too (proc(5)).
  const [state, , ownGroup, , , , flags] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === '' || state === 'Z' || state === 'X') return null;
  if (group !== null && Number(ownGroup) === group) return { pid, group };
  const environment = isKernelThread(Number(flags)) ? '' : await environmentOf(pid);
  return hasMarker(environment.split('\0'), attempt) ? { pid, group: Number(ownGroup) } : null;
}

/** For a moment within execve(2) a process shows none: one that is just being started must not be missed. */
async function environmentOf(pid: number): Promise<string> {
  for (let looks = 1; ; looks += 1) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => null);
    if (environment !== '' || looks === emptyLooks) return environment ?? '';
    await Bun.sleep(looks);
  }
}

/** PF_KTHREAD of the kernel's sched.h: such a one never has an environment. */
function isKernelThread(flags: number): boolean {
  return (flags & 0x0020_0000) !== 0;
}

async function fromPs(attempt: string, group: number | null): Promise<FoundProcess[]> {
  const listed = await listedByPs();
  return listed.filter((each) => each.group === group || hasMarker(each.words, attempt));
}

/** Living processes of the user's own; `-E` shows the environment after the command. */
async function listedByPs(): Promise<(FoundProcess & { readonly words: readonly string[] })[]> {
  const ps = Bun.spawn(['/bin/ps', '-E', '-x', '-o', 'pid=,pgid=,stat=,command='], { stderr: 'ignore' });
  const lines = (await new Response(ps.stdout).text()).split('\n');
  return lines.flatMap((line) => {
    const [, pid, group, state = '', rest = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), group: Number(group), words: rest.split(' ') }];
  });
}

function hasMarker(words: readonly string[], attempt: string): boolean {
  return words.includes(`${marker}=${attempt}`);
}
