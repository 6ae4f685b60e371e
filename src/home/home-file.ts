import { Problem } from '../core/problem.ts';
import { describeFileError, readPrivateFile } from '../lib/atomic-file.ts';

/** Reads a file of the home; undefined when it does not exist. Throws a Problem when it cannot be read. */
export async function readHomeFile(path: string): Promise<string | undefined> {
  try {
    return await readPrivateFile(path);
  } catch (error) {
    throw new Problem('unavailable', `${path} cannot be read: ${describeFileError(error)}.`, { cause: error });
  }
}
