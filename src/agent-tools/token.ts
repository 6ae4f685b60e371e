import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { asAttemptId, type AttemptId } from '../core/ids.ts';

/** What an agent shows to use its tools, and what is kept of that. */
export type IssuedToken = { readonly token: string; readonly hash: string };

/** A token of 128 random bits. It names its attempt, so that only one hash has to be looked at. */
export function issueToken(attempt: AttemptId): IssuedToken {
  const token = `stjob_${attempt}_${randomBytes(16).toString('base64url')}`;
  return { token, hash: hashOf(token) };
}

/** The attempt that a token says it is of; null for what is no such token. */
export function attemptNamed(token: string): AttemptId | null {
  const attempt = /^stjob_([a-z0-9-]{1,64}\.\d{1,9})_[\w-]{22}$/.exec(token)?.[1];
  return attempt === undefined ? null : asAttemptId(attempt);
}

/** Whether this is the token of which that hash was kept; takes as long whatever is wrong. */
export function isTokenOf(token: string, kept: string): boolean {
  const [given, known] = [Buffer.from(hashOf(token)), Buffer.from(kept.trim())];
  return given.length === known.length && timingSafeEqual(given, known);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
