import { randomBytes } from 'node:crypto';
import { Problem } from '../core/problem.ts';
import { createHomeFile, readHomeFile } from './home-file.ts';
import type { Home } from './open-home.ts';

/** The token of the API: 256 random bits as 64 hex digits, made the first time that it is asked for. */
export async function ensureToken(home: Home): Promise<string> {
  const known = await readToken(home);
  if (known !== undefined) return known;
  const token = randomBytes(32).toString('hex');
  if (await createHomeFile(home.token, `${token}\n`)) return token;
  const made = await readToken(home);
  // A link to nothing can neither be read nor replaced.
  if (made === undefined) throw damagedToken(home);
  return made;
}

/** The token of the API; undefined when none was made yet. */
export async function readToken(home: Home): Promise<string | undefined> {
  const text = await readHomeFile(home.token);
  if (text === undefined) return undefined;
  const token = text.trim();
  if (/^[0-9a-f]{64}$/.test(token)) return token;
  throw damagedToken(home);
}

function damagedToken(home: Home): Problem {
  return new Problem('unavailable', `The API token in ${home.token} is damaged.`, {
    hint: 'Delete the file and restart: Stint makes a new token.',
  });
}
