import { Database } from 'bun:sqlite';
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import { describeFileError } from '../lib/atomic-file.ts';
import { setAside } from './set-aside.ts';

export type OpenOptions = {
  readonly now: EpochMs;
  /** The process that is known to own the home, for the sentence about a database that is in use. */
  readonly heldBy?: number | undefined;
};

export type OpenFile = { readonly database: Database; readonly setAside: string | null };

/** Long enough for a reader such as a backup to finish; from then on the file is ours alone. */
const busyTimeoutMs = 1000;

/**
 * Opens the file, creating it when there is none, and keeps every other process out until it is closed. A damaged
 * one is set aside and a new one takes its place.
 */
export function openSqliteFile(path: string, options: OpenOptions): OpenFile {
  try {
    return openOrReplace(path, options.now);
  } catch (error) {
    throw explainOpenError(error, path, options.heldBy);
  }
}

function openOrReplace(path: string, now: EpochMs): OpenFile {
  createOwnerOnly(path);
  // SQLite takes an empty file for a new database and deletes the journal, which may be all that is left of the old one.
  if (isEmptyWithJournal(path)) return replace(path, now);
  const database = new Database(path, { readwrite: true, create: false });
  try {
    configure(database);
    checkIntegrity(database);
    return { database, setAside: null };
  } catch (error) {
    // Moved while it is open: closing would delete a journal that still has its name.
    const replaced = isDamage(error) ? replace(path, now) : undefined;
    database.close();
    if (replaced === undefined) throw error;
    return replaced;
  }
}

function replace(path: string, now: EpochMs): OpenFile {
  const aside = setAside(path, now);
  return { ...openOrReplace(path, now), setAside: aside };
}

/** SQLite gives its journal the mode of the database. */
function createOwnerOnly(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function isEmptyWithJournal(path: string): boolean {
  const journalBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return statSync(path).size === 0 && journalBytes > 0;
}

function configure(database: Database): void {
  database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  // Before WAL is entered: then SQLite needs no shared memory file.
  database.run('PRAGMA locking_mode = EXCLUSIVE');
  database.run('PRAGMA journal_mode = WAL');
  database.run('PRAGMA synchronous = FULL');
  database.run('PRAGMA foreign_keys = ON');
  database.run('BEGIN EXCLUSIVE');
  database.run('COMMIT');
}

function checkIntegrity(database: Database): void {
  using statement = database.prepare<{ quick_check: string }, []>('PRAGMA quick_check(1)');
  const finding = statement.get()?.quick_check;
  if (finding !== 'ok') throw new DamagedDatabase(finding);
}

class DamagedDatabase extends Error {}

function isDamage(error: unknown): boolean {
  return error instanceof DamagedDatabase || ['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(sqliteCode(error));
}

function explainOpenError(error: unknown, path: string, heldBy: number | undefined): unknown {
  const code = sqliteCode(error);
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    const holder = heldBy === undefined ? 'another process' : `process ${heldBy}`;
    return new Problem('conflict', `The database ${path} is in use by ${holder}.`, {
      hint: 'stint down',
      cause: error,
    });
  }
  if (error instanceof Error && 'code' in error) {
    const reason = code === '' ? describeFileError(error) : error.message;
    return new Problem('unavailable', `The database ${path} cannot be opened: ${reason}.`, { cause: error });
  }
  return error;
}

/** The primary code, without the detail of an extended one: `SQLITE_CORRUPT` for `SQLITE_CORRUPT_INDEX`. */
function sqliteCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return /^SQLITE_[A-Z]+/.exec(String(error.code))?.[0] ?? '';
}
