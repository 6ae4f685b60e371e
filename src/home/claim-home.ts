import { Database } from 'bun:sqlite';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import { hasCode } from '../lib/atomic-file.ts';
import { parseJson } from '../lib/parse-json.ts';
import { readHomeFile, removeHomeFile, writeHomeFile } from './home-file.ts';
import type { Home } from './open-home.ts';
import { processStart } from '../lib/process-start.ts';

export type Claimant = { readonly pid: number; readonly version: string; readonly now: EpochMs };

/** The daemon that owns a home, as `holder.json` says. */
export type Holder = z.infer<typeof holderSchema>;

/** The right to run in a home. The operating system takes it back when the process dies, however it dies. */
export type HomeClaim = {
  /** Removes what tells of the daemon and lets the next one in. May be called again. */
  release(): Promise<void>;
};

const holderWaitMs = 500;

const holderSchema = z.object({
  pid: z.int().positive(),
  version: z.string(),
  since: z.iso.datetime(),
  /** What `processStart` said of the pid. */
  start: z.string(),
});

/**
 * Claims a home for this process, and throws a Problem that names the holder when a daemon runs in it. The claim is a
 * lock that the kernel keeps; `holder.json` only tells commands who holds it, and `stint.pid` tells others whom to
 * signal: what a killed daemon left of them stands in nobody's way.
 */
export async function claimHome(home: Home, claimant: Claimant): Promise<HomeClaim> {
  const lock = takeLock(join(home.folder, 'stint.lock'));
  if (lock === undefined) throw await alreadyRunning(home);
  try {
    await removeHomeFile(home.daemon);
    await writeHomeFile(home.holder, await describeHolder(claimant));
    await writeHomeFile(home.pid, `${claimant.pid}\n`);
  } catch (error) {
    freeLock(lock);
    throw error;
  }
  let released: Promise<void> | undefined;
  return { release: () => (released ??= release(home, lock)) };
}

/** The daemon that runs in a home, if one does: a pid that another process has by now does not count. */
export async function readHolder(home: Home): Promise<Holder | undefined> {
  const text = await readHomeFile(home.holder);
  const holder = text === undefined ? undefined : parseHolder(text);
  if (holder === undefined) return undefined;
  return (await processStart(holder.pid)) === holder.start ? holder : undefined;
}

/** Keeps the locks of this process from the garbage collector, which closes a database and so gives its lock away. */
const heldLocks = new Set<Database>();

/**
 * An exclusive lock of SQLite's on an empty file: a POSIX lock that dies with the process, and that SQLite, unlike the
 * bare lock, also keeps between two connections of one process.
 */
function takeLock(path: string): Database | undefined {
  let lock: Database | undefined;
  try {
    // Nothing but SQLite may open the file: a POSIX lock ends as soon as its process closes any handle of the file.
    lock = new Database(path, { readwrite: true, create: true });
    lock.run('BEGIN EXCLUSIVE');
    heldLocks.add(lock);
    return lock;
  } catch (error) {
    lock?.close();
    if (hasCode(error, 'SQLITE_BUSY')) return undefined;
    const reason = hasCode(error, 'SQLITE_NOTADB') ? 'it is not of Stint' : 'it cannot be opened as a file';
    throw new Problem('unavailable', `${path} cannot be the lock of the home: ${reason}.`, {
      hint: 'Move it away, then start Stint again',
      cause: error,
    });
  }
}

async function release(home: Home, lock: Database): Promise<void> {
  for (const path of [home.daemon, home.pid, home.holder]) await rm(path, { force: true });
  freeLock(lock);
}

function freeLock(lock: Database): void {
  heldLocks.delete(lock);
  lock.close();
}

async function describeHolder({ pid, version, now }: Claimant): Promise<string> {
  const since = Temporal.Instant.fromEpochMilliseconds(Math.round(now)).toString({ smallestUnit: 'second' });
  const holder: Holder = { pid, version, since, start: (await processStart(pid)) ?? '' };
  return `${JSON.stringify(holder)}\n`;
}

function parseHolder(text: string): Holder | undefined {
  return holderSchema.safeParse(parseJson(text)).data;
}

/** The other one may have the lock and not yet have said who it is: it is about to. */
async function awaitHolder(home: Home): Promise<Holder | undefined> {
  const until = performance.now() + holderWaitMs;
  for (;;) {
    const holder = await readHolder(home).catch(() => undefined);
    if (holder !== undefined || performance.now() > until) return holder;
    await Bun.sleep(10);
  }
}

async function alreadyRunning(home: Home): Promise<Problem> {
  const holder = await awaitHolder(home);
  const who = holder === undefined ? '' : ` as process ${holder.pid} since ${holder.since}`;
  return new Problem('conflict', `Stint is already running in ${home.folder}${who}.`, {
    hint: 'Stop it with: stint down',
  });
}
