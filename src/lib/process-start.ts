import { readFile } from 'node:fs/promises';
import { platform } from 'node:os';

/**
 * Tells two processes with the same pid apart: when a process started, as the system writes it, or undefined when
 * there is no such process. Only good for comparing.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  return platform() === 'linux' ? linuxStart(pid) : psStart(pid);
}

/** Whether a start that was told by `processStart` lies in the time since the machine was started; true where nobody knows. */
export async function isOfThisBoot(start: string): Promise<boolean> {
  return platform() !== 'linux' || start.startsWith(`${await bootId()}/`);
}

/** Ticks since the boot, and the boot: after another one the same number means nothing. */
async function linuxStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The command name in parentheses may hold anything, spaces and parentheses too (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  return `${await bootId()}/${fields[19] ?? ''}`;
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}

async function psStart(pid: number): Promise<string | undefined> {
  const ps = Bun.spawn(['/bin/ps', '-o', 'lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stderr: 'ignore',
  });
  const start = (await new Response(ps.stdout).text()).trim();
  return start === '' ? undefined : start;
}
