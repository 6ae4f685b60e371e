import { rm } from 'node:fs/promises';
import { Problem } from '../core/problem.ts';
import { createFileAtomic, describeFileError, readPrivateFile, writeFileAtomic } from '../lib/atomic-file.ts';

/** Reads a file of the home; undefined when it does not exist. Throws a Problem when it cannot be read. */
export function readHomeFile(path: string): Promise<string | undefined> {
  return explained(`${path} cannot be read`, () => readPrivateFile(path));
}

/** Writes a file of the home, whole or not at all. Throws a Problem when it cannot be written. */
export function writeHomeFile(path: string, content: string): Promise<void> {
  return explained(`${path} cannot be written`, () => writeFileAtomic(path, content));
}

/** Like `writeHomeFile`, but never replaces a file: false when there is one already. */
export function createHomeFile(path: string, content: string): Promise<boolean> {
  return explained(`${path} cannot be written`, () => createFileAtomic(path, content));
}

/** Removes a file of the home, whether it is there or not. Throws a Problem when it cannot be removed. */
export function removeHomeFile(path: string): Promise<void> {
  return explained(`${path} cannot be removed`, () => rm(path, { force: true }));
}

async function explained<Value>(what: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    throw new Problem('unavailable', `${what}: ${describeFileError(error)}.`, {
      hint: 'Mend it, or choose another home: STINT_HOME=<folder>',
      cause: error,
    });
  }
}
