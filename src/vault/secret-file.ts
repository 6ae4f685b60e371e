import { Problem } from '../core/problem.ts';
import { describeFileError, readPrivateFile } from '../lib/atomic-file.ts';

/** A vault of thousands of accounts has less. */
const mostBytes = 64 * 1024 * 1024;

/** Reads the vault or its key; undefined when the file does not exist. Throws a Problem when it cannot be read. */
export async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    return await readPrivateFile(path, mostBytes);
  } catch (error) {
    throw new Problem('unavailable', `${path} cannot be read: ${describeFileError(error)}.`, {
      hint: `It must belong to you and be readable: chown "$(id -un)" '${path}' && chmod 600 '${path}'`,
      cause: error,
    });
  }
}
