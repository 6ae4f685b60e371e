import { randomBytes } from 'node:crypto';
import { Problem } from '../core/problem.ts';
import { createHomeFile, readHomeFile, writeHomeFile } from './home-file.ts';

/** The token in a file of the home: 256 random bits as 64 hex digits, made the first time that it is asked for. */
export async function ensureToken(path: string): Promise<string> {
  const known = await readToken(path);
  if (known !== undefined) return known;
  const token = freshToken();
  if (await createHomeFile(path, `${token}\n`)) return token;
  const made = await readToken(path);
  // A link to nothing can neither be read nor replaced.
  if (made === undefined) throw damagedToken(path);
  return made;
}

/** The token in a file of the home; undefined when none was made yet. */
export async function readToken(path: string): Promise<string | undefined> {
  const text = await readHomeFile(path);
  if (text === undefined) return undefined;
  const token = text.trim();
  if (/^[0-9a-f]{64}$/.test(token)) return token;
  throw damagedToken(path);
}

/** Puts another token in the place of the one in a file, which lasts when the promise resolves. */
export async function replaceToken(path: string): Promise<string> {
  const token = freshToken();
  await writeHomeFile(path, `${token}\n`);
  return token;
}

function freshToken(): string {
  return randomBytes(32).toString('hex');
}

function damagedToken(path: string): Problem {
  return new Problem('unavailable', `The API token in ${path} is damaged.`, {
    hint: 'Delete the file and restart: Stint makes a new token.',
  });
}
