import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { describeFileError, hasCode, refuseForeignOwner } from '../lib/atomic-file.ts';
import { removeHomeFile } from './home-file.ts';
import type { Home } from './open-home.ts';

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing zero included (unix(4), unix(7)). */
const longestSocketPathBytes = 103;

/**
 * Says where the control socket of a home is to be and makes the place ready: a folder that only its owner enters,
 * without the socket of a daemon before. Only the daemon that has claimed the home may call this.
 */
export async function prepareControlSocket(home: Home, temporaryFolder = tmpdir()): Promise<string> {
  const path = controlSocketPath(home, temporaryFolder);
  if (dirname(path) !== home.folder) await openOwnFolder(dirname(path));
  await removeHomeFile(path);
  return path;
}

/** In the home, or for a home whose path is too long in a folder named by its hash. */
function controlSocketPath(home: Home, temporaryFolder: string): string {
  const name = `stint-${createHash('sha256').update(home.folder).digest('hex').slice(0, 16)}`;
  const candidates = [home.folder, join(temporaryFolder, name), join('/tmp', name)].map((folder) =>
    join(folder, 'control.sock'),
  );
  const path = candidates.find((candidate) => Buffer.byteLength(candidate) <= longestSocketPathBytes);
  // The last candidate is short by construction.
  return path ?? join('/tmp', name, 'control.sock');
}

/** Others can write to the temporary folder too, and may have laid a trap under this name. */
async function openOwnFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch(ignoreExisting);
    const found = await lstat(folder);
    if (!found.isDirectory()) throw new Error('it is not a directory');
    refuseForeignOwner(found, folder);
    await chmod(folder, 0o700);
  } catch (error) {
    throw new Problem('unavailable', `${folder} cannot hold the control socket: ${describeFileError(error)}.`, {
      hint: 'Choose a home with a shorter path: STINT_HOME=<folder>',
      cause: error,
    });
  }
}

function ignoreExisting(error: unknown): void {
  if (!hasCode(error, 'EEXIST')) throw error;
}
