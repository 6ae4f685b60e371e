import { readFile } from 'node:fs/promises';
import { platform } from 'node:os';

/**
 * Tells two processes with the same pid apart: when a process started, as the system writes it, or undefined when
 * there is no such process. Only good for comparing.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  return platform() === 'linux' ? linuxStart(pid) : psStart(pid);
}

/** Ticks since the boot, and the boot: after another one the same number means nothing. */
async function linuxStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The command name in parentheses may hold anything, spaces and parentheses too (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()}/${fields[19] ?? ''}`;
}

async function psStart(pid: number): Promise<string | undefined> {
  const ps = Bun.spawn(['/bin/ps', '-o', 'lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stderr: 'ignore',
  });
  const start = (await new Response(ps.stdout).text()).trim();
  return start === '' ? undefined : start;
}
