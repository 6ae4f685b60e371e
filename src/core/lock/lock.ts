import type { JobId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/**
 * A job's word that nobody else is to write below this path until then, whatever attempt works on it. Advisory: nothing
 * enforces it. Absolute, without `.`, `..` or a `/` at its end; that of a folder is of everything in it.
 */
export type Lock = {
  readonly path: string;
  readonly holder: JobId;
  readonly reason: string | null;
  readonly since: EpochMs;
  readonly until: EpochMs;
};

export type LockWish = {
  readonly holder: JobId;
  readonly paths: readonly string[];
  readonly reason: string | null;
  readonly until: EpochMs;
};

/** Whether one path is the other, or lies below it. */
export function overlaps(a: string, b: string): boolean {
  return a === b || isBelow(a, b) || isBelow(b, a);
}

/** Those that have not run out. */
export function livingLocks(locks: readonly Lock[], now: EpochMs): readonly Lock[] {
  return locks.filter(({ until }) => until > now);
}

/** The locks of others that are in the way. */
function blockersOf(
  locks: readonly Lock[],
  { holder, paths }: Pick<LockWish, 'holder' | 'paths'>,
  now: EpochMs,
): readonly Lock[] {
  return livingLocks(locks, now).filter(
    (lock) => lock.holder !== holder && paths.some((path) => overlaps(path, lock.path)),
  );
}

/** All locks after a wish came true: all of its paths, or none. One that its holder has already lasts from here on. */
export function lockedWith(
  locks: readonly Lock[],
  wish: LockWish,
  now: EpochMs,
):
  | { readonly kind: 'locked'; readonly locks: readonly Lock[] }
  | { readonly kind: 'blocked'; readonly by: readonly Lock[] } {
  const by = blockersOf(locks, wish, now);
  if (by.length > 0) return { kind: 'blocked', by };
  const { holder, reason, until } = wish;
  const paths = [...new Set(wish.paths)];
  const living = livingLocks(locks, now);
  const rest = living.filter((lock) => !paths.includes(lock.path));
  const since = (path: string): EpochMs => living.find((lock) => lock.path === path)?.since ?? now;
  return {
    kind: 'locked',
    locks: [...rest, ...paths.map((path) => ({ path, holder, reason, since: since(path), until }))],
  };
}

/** All locks after a holder let go of those at these paths and below them; null for all of its own. */
export function lockedWithout(locks: readonly Lock[], holder: JobId, paths: readonly string[] | null): readonly Lock[] {
  const goes = ({ path }: Lock): boolean =>
    paths === null || paths.some((each) => each === path || isBelow(path, each));
  return locks.filter((lock) => lock.holder !== holder || !goes(lock));
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
