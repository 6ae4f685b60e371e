import type { AccountId } from '../core/ids.ts';
import { asSessionId } from '../core/ids.ts';
import type { Book, Request } from './book.ts';
import type { Session } from './ports.ts';
import type { PoolState } from './state.ts';

/** The account after another in a pool's order, round the end, that takes requests for a model; null for none but itself. */
export function followerOf(
  book: Book,
  pool: PoolState,
  { account, model }: { account: AccountId; model: string | null },
): AccountId | null {
  const { accounts } = pool.pool;
  const start = accounts.indexOf(account);
  const request: Request = { pool, session: asSessionId(''), model };
  for (let step = 1; step <= accounts.length; step += 1) {
    const next = accounts[(start + step) % accounts.length];
    if (next !== undefined && next !== account && book.takes(request, next)) return next;
  }
  return null;
}

/** Makes the account after this one the pool's current one, as if this had just served: nothing is counted as in flight. */
export async function advance(
  book: Book,
  pool: PoolState,
  { account, model }: { account: AccountId; model: string | null },
): Promise<void> {
  const state = book.account(account);
  state.servedTurn = book.state.turn += 1;
  setCurrent(book, pool, followerOf(book, pool, { account, model }) ?? account);
  await book.journal.written();
}

/** Moves a pool's current account, and the sessions that stay on one, to another. Requests under way end where they are. */
export async function rotate(
  book: Book,
  pool: PoolState,
  { from, to }: { from: AccountId; to: AccountId },
): Promise<number> {
  const now = book.clock();
  book.account(from).servedTurn = book.state.turn += 1;
  setCurrent(book, pool, to);
  const staying = [...book.state.sessions.values()].filter(
    (each) => each.pool === pool.pool.name && each.account === from,
  );
  for (const session of staying) {
    const moved: Session = { ...session, account: to, movedAt: now, moves: session.moves + 1 };
    book.state.sessions.set(session.id, moved);
    book.tell({ kind: 'moved', pool: session.pool, session: session.id, from, to });
    void book.journal.write(`session:${session.id}`, () => book.store.saveSession(moved));
  }
  await book.journal.written();
  book.wake();
  return staying.length;
}

function setCurrent(book: Book, pool: PoolState, account: AccountId): void {
  if (pool.current === account) return;
  pool.current = account;
  void book.journal.write(`current:${pool.pool.name}`, () => book.store.saveCurrent(pool.pool.name, account));
}
