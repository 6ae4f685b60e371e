import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import type { EpochMs } from '../core/time.ts';
import { hasCode } from '../lib/atomic-file.ts';

/**
 * Moves a damaged database with its journal to a name that nothing has yet, `<path>.damaged-<UTC time>`, and returns
 * that. The journal goes first: a new database must never meet it.
 */
export function setAside(path: string, now: EpochMs): string {
  const aside = reserveName(`${path}.damaged-${utcStamp(now)}`);
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  renameSync(path, aside);
  return aside;
}

/** Takes a free name by creating an empty file, which the rename then replaces: two cannot take the same one. */
function reserveName(base: string): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`;
    try {
      closeSync(openSync(name, 'wx', 0o600));
      return name;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}

function utcStamp(at: EpochMs): string {
  return Temporal.Instant.fromEpochMilliseconds(Math.round(at))
    .toString({ smallestUnit: 'second' })
    .replace(/[-:]/g, '');
}
