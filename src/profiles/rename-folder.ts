import { existsSync } from 'node:fs';
import { lstat, readdir, rename, rmdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Between a pool's two names its folder has this one: no pool has a name with a dot. */
function betweenOf(from: string, to: string): string {
  return `${from}.renamed-to.${to}`;
}

/**
 * Begins to give the folder of a pool's conversations the pool's new name. Until `settleRenamed` says which name the
 * pool has in the end, which a crash may decide, both CLIs that run and profiles find it by the old one.
 */
export async function beginRename(root: string, from: string, to: string): Promise<void> {
  const known = join(root, from);
  if (!existsSync(known)) return;
  const between = join(root, betweenOf(from, to));
  await rename(known, between);
  await symlink(between, known);
}

/** Ends renames that were begun: the folder goes to whichever of its two pools there is. */
export async function settleRenamed(root: string, pools: readonly string[]): Promise<void> {
  const names: readonly string[] = await readdir(root).catch(() => []);
  for (const name of names) {
    const [, from, to] = /^([^.]+)\.renamed-to\.([^.]+)$/.exec(name) ?? [];
    if (from === undefined || to === undefined) continue;
    const pool = pools.includes(to) ? to : from;
    if (await isLink(join(root, from))) await unlink(join(root, from));
    // Nothing is in it, or it would be the pool's own already.
    await rmdir(join(root, pool)).catch(() => undefined);
    if (!existsSync(join(root, pool))) await rename(join(root, name), join(root, pool));
  }
}

async function isLink(path: string): Promise<boolean> {
  const known = await lstat(path).catch(() => null);
  return known?.isSymbolicLink() === true;
}
