import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** What this process holds and should give back, by name, process id and inode. */
export type Held = {
  readonly files: readonly string[];
  readonly children: readonly string[];
  readonly sockets: readonly string[];
};

export function held(): Held {
  return { files: entries(tmpdir()), children: children(), sockets: sockets() };
}

/**
 * Names what was not there before, after a moment for what is just ending: a killed child needs one to be gone. Timers are
 * not seen, since Bun has no way to list them; children and sockets only where there is a /proc.
 */
export async function leakedSince(before: Held): Promise<string[]> {
  const deadline = performance.now() + 500;
  for (;;) {
    const leaked = difference(before, held());
    if (leaked.length === 0 || performance.now() > deadline) return leaked;
    await Bun.sleep(5);
  }
}

function difference(before: Held, after: Held): string[] {
  const isNew = (kind: keyof Held) => after[kind].filter((one) => !before[kind].includes(one));
  return [
    ...isNew('files').map((name) => `temporary file ${name}`),
    ...isNew('children').map((pid) => `child process ${pid} (${commandOf(pid)})`),
    ...listening(isNew('sockets')).map((address) => `listening socket ${address}`),
  ];
}

function children(): string[] {
  return entries('/proc/self/task')
    .flatMap((thread) => read(`/proc/self/task/${thread}/children`).split(' '))
    .filter((pid) => pid !== '' && !isZombie(pid));
}

function commandOf(pid: string): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

/** A zombie has ended and only waits to be collected. */
function isZombie(pid: string): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

function sockets(): string[] {
  return entries('/proc/self/fd').flatMap((fd) => socketOf(`/proc/self/fd/${fd}`) ?? []);
}

/**
 * Says where those of the sockets that listen do so. The columns are those of proc_net_tcp: 0A is LISTEN; in /proc/net/unix
 * the flag 00010000 says that a socket accepts.
 */
function listening(inodes: readonly string[]): string[] {
  // The kernel needs a millisecond to write such a table, which is too long for every test.
  if (inodes.length === 0) return [];
  const tcp = [...rows('/proc/self/net/tcp'), ...rows('/proc/self/net/tcp6')]
    .filter((columns) => columns[3] === '0A' && inodes.includes(columns[9] ?? ''))
    .map((columns) => `on TCP port ${portOf(columns[1] ?? '')}`);
  const unix = rows('/proc/self/net/unix')
    .filter((columns) => columns[3] === '00010000' && inodes.includes(columns[6] ?? ''))
    .map((columns) => `at ${columns[7] ?? 'an unnamed path'}`);
  return [...tcp, ...unix];
}

function rows(file: string): string[][] {
  return read(file)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
}

function portOf(hexAddress: string): number {
  return Number.parseInt(hexAddress.split(':')[1] ?? '', 16);
}

function socketOf(link: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
  } catch {
    return undefined;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Reads as empty what is not there, so that a system without /proc has nothing to report. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
