import type { AccountId, SessionId } from '../core/ids.ts';
import { select } from '../core/pool/select.ts';
import { hourMs, type EpochMs } from '../core/time.ts';
import type { Book, Request } from './book.ts';
import type { Session } from './ports.ts';
import type { PoolState } from './state.ts';

/** Session ids come from a client's header: so many are kept, those seen last. */
const sessionsKept = 10_000;
const forgottenAtOnce = 1000;

/** Moves a pool's current account, when the one that it had takes no request for any model any more. */
export function moveCurrent(book: Book, state: PoolState, account: AccountId): void {
  const { current } = state;
  if (current === account) return;
  const now = book.clock();
  // Of accounts that all bill overage none is better than another: sessions on each must not move it to and fro.
  if (current !== null && (goesOn(state, current, now) || !goesOn(state, account, now))) return;
  state.current = account;
  void book.journal.write(`current:${state.pool.name}`, () => book.store.saveCurrent(state.pool.name, account));
}

/** Moves a session to an account. Its `seenAt` is kept to the hour, so that a busy one is not written all the time. */
export function moveSession(book: Book, { pool: { pool }, session: id }: Request, account: AccountId): void {
  const { sessions } = book.state;
  const now = book.clock();
  const known = sessions.get(id);
  const sameRun = known !== undefined && known.pool === pool.name;
  if (sameRun && known.account === account && now - known.seenAt < hourMs) return;
  const moved = !sameRun || known.account !== account;
  const session: Session = {
    id,
    pool: pool.name,
    account,
    startedAt: sameRun ? known.startedAt : now,
    movedAt: moved ? now : known.movedAt,
    seenAt: now,
    moves: sameRun ? known.moves + (moved ? 1 : 0) : 0,
  };
  if (sameRun && moved) book.tell({ kind: 'moved', pool: pool.name, session: id, from: known.account, to: account });
  // To the end of the map, whose order is that in which sessions were seen.
  sessions.delete(id);
  sessions.set(id, session);
  void book.journal.write(`session:${id}`, () => book.store.saveSession(session));
  if (sessions.size > sessionsKept) forgetSessions(book, [...sessions.keys()].slice(0, forgottenAtOnce));
}

/** Removes sessions from memory and store. */
export function forgetSessions(book: Book, ids: readonly SessionId[]): void {
  if (ids.length === 0) return;
  for (const id of ids) {
    book.state.sessions.delete(id);
    book.journal.forget(`session:${id}`);
  }
  // One that came back before a removal could be written stays.
  void book.journal.write(`sessions:${crypto.randomUUID()}`, () =>
    book.store.removeSessions(ids.filter((id) => !book.state.sessions.has(id))),
  );
}

/** Whether an account takes requests of a pool for some model, be it busy or not, and not as its last resort. */
function goesOn({ pool, candidates }: PoolState, account: AccountId, now: EpochMs): boolean {
  const overage = pool.overage === 'last' ? 'forbid' : pool.overage;
  const own = candidates.filter((each) => each.account.id === account);
  const view = { pool: { ...pool, overage }, candidates: own, current: null, affinity: null } as const;
  return select(view, { model: null, exclude: [], queuedMs: Number.POSITIVE_INFINITY }, now).kind === 'use';
}
