import { hash, randomBytes } from 'node:crypto';
import { asPhantomId, type Label, type PhantomId, type ProviderId } from '../core/ids.ts';
import { dayMs } from '../core/time.ts';
import type { Book } from './book.ts';
import type { Phantom } from './ports.ts';

const envLifeMs = 30 * dayMs;

type Wish = {
  readonly provider: ProviderId;
  readonly pool: Label;
  readonly origin: Phantom['origin'];
  readonly holdMs: number;
};

/** Issues a phantom of 128 random bits. The token is returned once and kept nowhere; the book keeps its hash. */
export async function issuePhantom(book: Book, wish: Wish): Promise<{ token: string; phantom: Phantom }> {
  const token = `stint-${randomBytes(16).toString('base64url')}`;
  const tokenHash = hashOf(token);
  const now = book.clock();
  const phantom: Phantom = {
    ...wish,
    id: asPhantomId(tokenHash.slice(0, 16)),
    hash: tokenHash,
    createdAt: now,
    // A wrapper revokes its own at its end; one that was killed leaves it to expire.
    expiresAt: now + envLifeMs,
  };
  book.state.phantoms.set(tokenHash, phantom);
  await book.journal.write(`phantom:${phantom.id}`, () => book.store.savePhantom(phantom));
  return { token, phantom };
}

/** The phantom of a token; undefined when it is unknown, revoked or expired. */
export function findPhantom(book: Book, token: string): Phantom | undefined {
  const phantom = book.state.phantoms.get(hashOf(token));
  if (phantom === undefined || phantom.expiresAt === null || phantom.expiresAt > book.clock()) return phantom;
  void revokePhantom(book, phantom.id);
  return undefined;
}

export async function revokePhantom(book: Book, id: PhantomId): Promise<void> {
  for (const phantom of book.state.phantoms.values()) {
    if (phantom.id === id) book.state.phantoms.delete(phantom.hash);
  }
  await book.journal.write(`phantom:${id}`, () => book.store.removePhantoms([id]));
}

function hashOf(token: string): string {
  return hash('sha256', token, 'hex');
}
