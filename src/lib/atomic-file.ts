import { randomUUID } from 'node:crypto';
import { link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { openRegularFile, readRegularFile } from './regular-file.ts';

const ownerOnly = 0o600;

/**
 * Writes a small file that only its owner may read, or that has `mode`, whole or not at all: a crash at any point leaves
 * the old content or the new, and the new one is on the disk when the promise resolves.
 */
export async function writeFileAtomic(path: string, content: string, mode = ownerOnly): Promise<void> {
  const draft = await writeDraft(path, content, mode);
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolderOf(path);
}

/** Like `writeFileAtomic`, but never replaces a file: false when there is one already, whoever was first. */
export async function createFileAtomic(path: string, content: string): Promise<boolean> {
  const draft = await writeDraft(path, content, ownerOnly);
  try {
    await link(draft, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolderOf(path);
  return true;
}

/**
 * Reads a file that is meant for its owner only; undefined when it does not exist. One of another user is refused, and
 * what is no regular file or longer than `mostBytes`; one that others may read is closed to them first, unless it is
 * kept elsewhere and only linked.
 */
export async function readPrivateFile(path: string, mostBytes?: number): Promise<string | undefined> {
  try {
    await closeToOthers(path);
    return await readRegularFile(path, mostBytes);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The refusal to use what another user can change. */
class ForeignOwner extends Error {
  override readonly name = 'ForeignOwner';
  readonly code = 'EOWNER';
}

/** Throws when a file or folder belongs to another user; root is no exception, since its files are no secret then. */
export function refuseForeignOwner(found: { readonly uid: number }, path: string): void {
  if (found.uid !== userInfo().uid) throw new ForeignOwner(`${path} belongs to another user`);
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** The reason of a failed file operation in words, without the path that Node repeats in its message. */
export function describeFileError(error: unknown): string {
  if (hasCode(error, 'EOWNER')) return 'it belongs to another user';
  if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM')) return 'permission denied';
  if (hasCode(error, 'EROFS')) return 'the file system is read-only';
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')) return 'the disk is full';
  if (hasCode(error, 'EISDIR') || hasCode(error, 'ERR_FS_EISDIR')) return 'it is a directory';
  if (hasCode(error, 'ENOTFILE')) return 'it is no regular file';
  if (hasCode(error, 'EFBIG')) return 'it is too long';
  if (hasCode(error, 'ENOTDIR')) return 'a part of the path is not a directory';
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}

async function closeToOthers(path: string): Promise<void> {
  const linked = (await lstat(path)).isSymbolicLink();
  refuseForeignOwner(await stat(path), path);
  // chmod by handle: the path might have been swapped since the check.
  await using file = await openRegularFile(path);
  const found = await file.stat();
  refuseForeignOwner(found, path);
  // What a link leads to is somebody's arrangement.
  if (!linked && (found.mode & 0o077) !== 0) await file.chmod(ownerOnly);
}

/** The draft lies in the same folder, because a rename is atomic only within a file system. */
async function writeDraft(path: string, content: string, mode: number): Promise<string> {
  const draft = `${path}.${randomUUID()}.draft`;
  const file = await open(draft, 'wx', ownerOnly);
  try {
    // The umask may have taken something away.
    if (mode !== ownerOnly) await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return draft;
}

/** Makes the name of a file durable: a rename is that only when its folder is. */
export async function syncFolderOf(path: string): Promise<void> {
  const handle = await open(dirname(path), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
