import { hash, randomBytes } from 'node:crypto';
import { asPhantomId, type Label, type PhantomId, type ProviderId } from '../core/ids.ts';
import { dayMs } from '../core/time.ts';
import type { Book } from './book.ts';
import type { Phantom } from './ports.ts';

/** Of a wrapper's since its last use, which is kept to the day; of one for the environment since it was issued. */
const lifeMs = 30 * dayMs;

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
    expiresAt: now + lifeMs,
  };
  await savePhantom(book, phantom);
  return { token, phantom };
}

/** The phantom of a token that is used; undefined when it is unknown, revoked or expired. */
export function findPhantom(book: Book, token: string): Phantom | undefined {
  const phantom = book.state.phantoms.get(hashOf(token));
  if (phantom === undefined) return undefined;
  const now = book.clock();
  if (phantom.expiresAt <= now) {
    forgetPhantoms(book, [phantom]);
    return undefined;
  }
  if (phantom.origin === 'wrapper' && phantom.expiresAt - now < lifeMs - dayMs) {
    void savePhantom(book, { ...phantom, expiresAt: now + lifeMs });
  }
  return phantom;
}

export async function revokePhantom(book: Book, id: PhantomId): Promise<void> {
  forgetPhantoms(
    book,
    [...book.state.phantoms.values()].filter((each) => each.id === id),
  );
  await book.journal.written();
}

/** Removes phantoms from memory and store. */
export function forgetPhantoms(book: Book, phantoms: readonly Phantom[]): void {
  for (const { id, hash: tokenHash } of phantoms) {
    book.state.phantoms.delete(tokenHash);
    void book.journal.write(`phantom:${id}`, () => book.store.removePhantoms([id]));
  }
}

function savePhantom(book: Book, phantom: Phantom): Promise<void> {
  book.state.phantoms.set(phantom.hash, phantom);
  return book.journal.write(`phantom:${phantom.id}`, () => book.store.savePhantom(phantom));
}

function hashOf(token: string): string {
  return hash('sha256', token, 'hex');
}
