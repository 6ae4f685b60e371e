import { constants, existsSync } from 'node:fs';
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

async function bring({ transcripts, profile, root }: Sharing, folder: string, target: string): Promise<void> {
  const place = join(profile, folder);
  await mkdir(target, { recursive: true, mode: 0o700 });
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  for (let round = 0; round < mostRounds; round += 1) {
    const known = await lstat(place).catch(() => null);
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

async function separate({ profile, root }: Sharing, folder: string): Promise<void> {
  const place = join(profile, folder);
  const known = await lstat(place).catch(() => null);
  if (known === null || !known.isSymbolicLink()) return;
  const leads = await readlink(place);
  if (relative(root, leads).startsWith('..')) return;
  // The pool's folder is gone, and what was in it.
  if (!existsSync(leads)) return unlink(place);
  const copy = `${place}.separate`;
  await rm(copy, { recursive: true, force: true });
  await cp(leads, copy, { recursive: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE });
  await unlink(place);
  await rename(copy, place);
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
  const [mine, theirs] = [await contentOf(source), await contentOf(target)];
  if (theirs === null) return move(source, target);
  if (mine === null || isBeginning(mine, theirs)) return unlink(source);
  if (isBeginning(theirs, mine)) return move(source, target);
  const end = extname(target);
  const other = `${target.slice(0, target.length - end.length)}.of-${of}${end}`;
  return absorbFile(source, other, of);
}

async function contentOf(file: string): Promise<Buffer | null> {
  return readFile(file).catch(() => null);
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
    await copyFile(source, `${target}.moving`);
    await rename(`${target}.moving`, target);
    await unlink(source);
  }
}
