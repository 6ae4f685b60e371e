import { constants, existsSync, type Stats } from 'node:fs';
import {
  copyFile,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import type { Transcripts } from '../agents/profile.ts';

/** Attempts to empty a folder into which a running CLI may write meanwhile. */
const mostRounds = 5;

export type Sharing = {
  readonly transcripts: Transcripts;
  readonly profile: string;
  /** Holds a folder for each pool that shares. */
  readonly root: string;
  /** The pool whose conversations this profile has; null for its own alone. */
  readonly pool: string | null;
};

/**
 * Puts the transcripts of a profile where they belong: into its pool's folder, which takes in what the profile had, or
 * into the profile itself, which keeps a copy of what it could resume up to then. Loses nothing, and may be repeated.
 */
export async function arrangeTranscripts(sharing: Sharing): Promise<void> {
  for (const folder of sharing.transcripts.folders) {
    if (sharing.pool === null) await separate(sharing, folder);
    else await bring(sharing, folder, join(sharing.root, sharing.pool, folder));
  }
}

async function bring(sharing: Sharing, folder: string, target: string): Promise<void> {
  const { transcripts, profile, root } = sharing;
  const place = join(profile, folder);
  await mkdir(target, { recursive: true, mode: 0o700 });
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  await recover(sharing, place);
  for (let round = 0; round < mostRounds; round += 1) {
    const known = await lookAt(place);
    if (known === null) return symlink(target, place);
    if (known.isSymbolicLink()) {
      const leads = await readlink(place);
      // Somebody's own link leads elsewhere.
      if (leads === target || relative(root, leads).startsWith('..')) return;
      // Another pool's conversations stay with that pool.
      await unlink(place);
      continue;
    }
    await absorb({ from: place, into: target, of: basename(profile), marker: transcripts.marker });
    // A CLI that runs has written meanwhile: once more.
    await rmdir(place).catch(() => undefined);
  }
  throw new Error(`${place} could not be emptied`);
}

async function separate(sharing: Sharing, folder: string): Promise<void> {
  const { profile, root } = sharing;
  const place = join(profile, folder);
  await recover(sharing, place);
  const known = await lstat(place).catch(() => null);
  if (known === null || !known.isSymbolicLink()) return;
  const leads = await readlink(place);
  if (relative(root, leads).startsWith('..')) return;
  // The pool's folder is gone, and what was in it.
  if (!existsSync(leads)) return unlink(place);
  const copy = copyOf(place);
  await cp(leads, copy, { recursive: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE });
  await unlink(place);
  await rename(copy, place);
}

/** Beside a place, while its profile gets conversations of its own. */
function copyOf(place: string): string {
  return `${place}.separate`;
}

/** Ends what a crash has interrupted: a copy without the link that it replaces is whole; beside the link it may not be. */
async function recover({ transcripts, profile }: Sharing, place: string): Promise<void> {
  const copy = copyOf(place);
  if (!existsSync(copy)) return;
  const known = await lookAt(place);
  if (known === null) return rename(copy, place);
  // A CLI that ran meanwhile has begun a folder of its own.
  if (known.isDirectory()) await absorb({ from: copy, into: place, of: basename(profile), marker: transcripts.marker });
  await rm(copy, { recursive: true, force: true });
}

/** Takes the folders of pools that share no longer out of the way, so that no other pool of the name finds them. */
export async function putAside(root: string, sharing: readonly string[]): Promise<void> {
  const names: readonly string[] = await readdir(root).catch(() => []);
  // A pool's name has no dot: what has one is put aside already.
  for (const name of names.filter((each) => !each.includes('.') && !sharing.includes(each))) {
    let number = 1;
    while (names.includes(`${name}.ended-${number}`)) number += 1;
    await rename(join(root, name), join(root, `${name}.ended-${number}`));
  }
}

type Absorbing = {
  readonly from: string;
  readonly into: string;
  /** The profile's name, for a file that both have. */
  readonly of: string;
  readonly marker: string | null;
};

/** Moves everything of a folder into another one. Of two copies of a conversation the one that goes on wins. */
async function absorb({ from, into, of, marker }: Absorbing): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (!entry.isDirectory()) {
      await absorbFile(source, join(into, entry.name), of);
      continue;
    }
    const target = join(into, marker === null ? entry.name : await nameOf(source, into, marker));
    await mkdir(target, { recursive: true, mode: 0o700 });
    await absorb({ from: source, into: target, of, marker: null });
    await rmdir(source).catch(() => undefined);
  }
}

/** The folder of the same project among others: the one with its mark, else one of its name, numbered where it is taken. */
async function nameOf(source: string, into: string, marker: string): Promise<string> {
  const mark = await readMark(source, marker);
  const wanted = basename(source);
  const names = await readdir(into);
  if (mark === null) return wanted;
  for (const name of names) if ((await readMark(join(into, name), marker)) === mark) return name;
  let name = wanted;
  for (let number = 1; names.includes(name); number += 1) name = `${wanted}-${number}`;
  return name;
}

async function readMark(folder: string, marker: string): Promise<string | null> {
  const text = await readFile(join(folder, marker), 'utf8').catch(() => null);
  return text === null ? null : text.trim();
}

async function absorbFile(source: string, target: string, of: string): Promise<void> {
  if ((await lookAt(target)) === null) return move(source, target);
  const [mine, theirs] = [await contentOf(source), await contentOf(target)];
  if (mine !== null && theirs !== null) {
    if (isBeginning(mine, theirs)) return unlink(source);
    if (isBeginning(theirs, mine)) return move(source, target);
  }
  const end = extname(target);
  const other = `${target.slice(0, target.length - end.length)}.of-${of}${end}`;
  return absorbFile(source, other, of);
}

/** What a file holds; null for what is no file. One that cannot be read rejects: it must not be taken for an empty one. */
async function contentOf(file: string): Promise<Buffer | null> {
  return (await lstat(file)).isFile() ? readFile(file) : null;
}

/** What is at a path; null for nothing. */
async function lookAt(path: string): Promise<Stats | null> {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

function isBeginning(part: Buffer, whole: Buffer): boolean {
  return part.length <= whole.length && whole.subarray(0, part.length).equals(part);
}

/** Profiles may lie on another disk than Stint's home. */
async function move(source: string, target: string): Promise<void> {
  try {
    await rename(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyWhole(source, `${target}.moving`);
    await rename(`${target}.moving`, target);
    await unlink(source);
  }
}

/** Again where a CLI has written meanwhile; what it writes later it would write into nothing. */
async function copyWhole(source: string, target: string): Promise<void> {
  for (let round = 0; round < mostRounds; round += 1) {
    const before = await lstat(source);
    await copyFile(source, target);
    const after = await lstat(source);
    if (after.size === before.size && after.mtimeMs === before.mtimeMs) return;
  }
  throw new Error(`${source} is being written to`);
}
