import { slotOf } from '../core/limit/limit.ts';
import { dayMs, type EpochMs } from '../core/time.ts';
import type { Book } from './book.ts';
import { forgetPhantoms } from './phantoms.ts';
import { forgetSessions } from './session.ts';
import type { AccountState } from './state.ts';

/** Since it was seen last. */
const sessionLifeMs = 30 * dayMs;
/** Since its beginning, whether it has ended or nobody asked for its model again. */
const episodeLifeMs = 60 * dayMs;
/** Of a limit since its end or its clear, of a reading since its window's reset: windows may be those of one model. */
const windowLifeMs = dayMs;

/** Removes from memory and store what has outlived its use, and phantoms that have expired. */
export async function forgetOld(book: Book): Promise<void> {
  const { state } = book;
  const now = book.clock();
  for (const account of state.accounts.values()) {
    forgetLimits(book, account, now - windowLifeMs);
    forgetReadings(account, now - windowLifeMs);
  }
  const sessions = [...state.sessions.values()].filter((each) => each.seenAt < now - sessionLifeMs);
  forgetSessions(
    book,
    sessions.map((each) => each.id),
  );
  forgetPhantoms(
    book,
    [...state.phantoms.values()].filter((each) => each.expiresAt <= now),
  );
  forgetEpisodes(book, now - episodeLifeMs);
  await book.journal.written();
}

function forgetLimits(book: Book, { account, limits }: AccountState, before: EpochMs): void {
  const old = [...limits.values()].filter((each) => Math.max(each.until, each.observedAt) < before).map(slotOf);
  if (old.length === 0) return;
  for (const slot of old) {
    limits.delete(slot);
    book.journal.forget(`limit:${account.id}|${slot}`);
  }
  void book.journal.write(`limits:${crypto.randomUUID()}`, () =>
    book.store.removeLimits(
      account.id,
      old.filter((slot) => !limits.has(slot)),
    ),
  );
}

function forgetReadings({ readings }: AccountState, before: EpochMs): void {
  for (const [window, { at, resetsAt }] of readings) if (Math.max(at, resetsAt ?? 0) < before) readings.delete(window);
}

function forgetEpisodes(book: Book, before: EpochMs): void {
  book.edges.forget({ before });
  void book.journal.write('episodes:old', () => book.store.removeEpisodes(before));
}
