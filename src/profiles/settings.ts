import { lstat, mkdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import type { ProfileMode, Shared } from '../agents/profile.ts';
import { readObject } from '../agents/read-object.ts';
import { homeAt } from '../home/open-home.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';

type Place = { readonly profile: string; readonly environment: Readonly<Record<string, string | undefined>> };

/**
 * Gives a profile what the user has set up for themselves: links where the CLI only reads, merged copies where it
 * writes as well. What the profile has of its own stays, and a login is never among it.
 */
export async function shareSettings(mode: ProfileMode, { profile, environment }: Place): Promise<void> {
  const own = ownOf(mode, { profile, environment });
  if (own === resolve(profile)) return;
  for (const each of mode.shared)
    await (each.kind === 'link' ? link(each.path, own, profile) : merge(each, own, profile));
}

/** Within an agent that runs in a profile its variable names that profile, which is not the user's own directory. */
function ownOf(mode: ProfileMode, { profile, environment }: Place): string {
  const home = environment['STINT_HOME'] || join(environment['HOME'] || homedir(), '.stint');
  const { profiles } = homeAt(home);
  const users = { ...environment };
  for (const name of Object.keys(mode.environment(profile)))
    if (isBelow(profiles, resolve(users[name] ?? ''))) delete users[name];
  return resolve(mode.own(users));
}

async function link(path: string, own: string, profile: string): Promise<void> {
  const [target, place] = [join(own, path), join(profile, path)];
  const wanted = await exists(target);
  const known = await lstat(place).catch(() => null);
  if (known !== null) {
    if (!known.isSymbolicLink()) return;
    if ((await readlink(place)) === target && wanted) return;
    // Only ours: somebody's own link leads elsewhere.
    if (!isBelow(own, await readlink(place))) return;
    await rm(place);
  }
  if (!wanted) return;
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  await symlink(target, place);
}

async function merge(
  { path, from, pick }: Extract<Shared, { kind: 'merge' }>,
  own: string,
  profile: string,
): Promise<void> {
  const place = join(profile, path);
  const inside = await readObject(join(own, path));
  const mine = Object.keys(inside).length === 0 && from !== undefined ? await readObject(join(own, from)) : inside;
  if (Object.keys(mine).length === 0) return;
  const theirs = await readObject(place);
  const merged = JSON.stringify(pick(mine, theirs), null, 2);
  if (merged === JSON.stringify(theirs, null, 2)) return;
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  await writeFileAtomic(place, `${merged}\n`);
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
