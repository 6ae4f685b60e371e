import type { AccountId } from '../core/ids.ts';
import { clearLimit, isClosed, slotOf, type Limit } from '../core/limit/limit.ts';
import { closeByHand } from '../core/limit/observe.ts';
import type { Book } from './book.ts';
import { episodesOpened } from './episode.ts';
import { afterThis } from './roster.ts';

/** Closes a window of one account by the operator's word. It is his account alone, whatever quota it shares. */
export async function closeLimit(
  book: Book,
  id: AccountId,
  wanted: Pick<Limit, 'window' | 'family' | 'until'>,
): Promise<Limit> {
  const state = book.account(id);
  const known = state.limits.get(slotOf({ ...wanted, overage: false }));
  const limit = closeByHand({ ...wanted, account: id, evidence: 'set by hand' }, known, book.clock());
  book.setLimit(state, known, limit);
  book.noteClosed(id, null);
  await book.journal.written();
  // Who waits for it may have to go elsewhere, or wait for less.
  book.wake();
  return limit;
}

/**
 * Opens the windows of an account that `concerns` names, and those that share their quota with them but for what an
 * operator has closed there. Returns those of the account itself that were closed.
 */
export async function openLimits(book: Book, id: AccountId, concerns: (limit: Limit) => boolean): Promise<Limit[]> {
  const state = book.account(id);
  const now = book.clock();
  const cleared: Limit[] = [];
  for (const each of book.sharers(state)) {
    for (const limit of each.limits.values()) {
      if (limit.until === 0 || !concerns(limit) || (each !== state && limit.source === 'operator')) continue;
      if (each === state && isClosed(limit, now)) cleared.push(limit);
      book.setLimit(each, limit, clearLimit(limit, now));
    }
  }
  // An answer that is under way may still tell of what has just been cleared.
  if (cleared.length > 0) state.secretSince = Math.max(state.secretSince, afterThis(book));
  book.edges.endSilently(episodesOpened(book.state, id, now));
  await book.journal.written();
  book.wake();
  return cleared;
}
