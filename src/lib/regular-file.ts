import { constants, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';

/** More than any file of settings, of a secret or of certificates has. */
const usualBytes = 1024 * 1024;

/** The refusal to read what is no file with a text, or one that is too long. */
class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly code: 'EISDIR' | 'ENOTFILE' | 'EFBIG';

  constructor(code: Unreadable['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads a text that somebody named or put there. What is no regular file is refused, because a FIFO or a device may
 * never end, and one that is longer than `mostBytes` too. A link to a file is as good as the file.
 */
export async function readRegularFile(path: string, mostBytes = usualBytes): Promise<string> {
  await using file = await openRegularFile(path);
  // A file of /proc says that it is empty, and one that is written to grows.
  const buffer = Buffer.allocUnsafe(Math.min((await file.stat()).size, mostBytes) + 1);
  const chunks: Buffer[] = [];
  for (let size = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8');
    size += bytesRead;
    if (size > mostBytes)
      throw new Unreadable('EFBIG', `${path} is longer than ${Math.floor(mostBytes / usualBytes)} MiB`);
    chunks.push(Buffer.from(buffer.subarray(0, bytesRead)));
  }
}

/** Opens a regular file for reading, and never waits for the other end of a FIFO. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  // Some devices do something when they are opened.
  refuseOthers(await stat(path), path);
  // The path might have been swapped since.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    refuseOthers(await file.stat(), path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function refuseOthers(found: Stats, path: string): void {
  if (found.isDirectory()) throw new Unreadable('EISDIR', `${path} is a directory`);
  if (!found.isFile()) throw new Unreadable('ENOTFILE', `${path} is no regular file`);
}
