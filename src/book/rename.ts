import type { Account } from '../core/account/account.ts';
import { accountId, type AccountId, type Label } from '../core/ids.ts';
import { slotOf, type Limit } from '../core/limit/limit.ts';
import { Problem } from '../core/problem.ts';
import type { Book } from './book.ts';
import type { Phantom, Session } from './ports.ts';
import { candidatesOf, type AccountState } from './state.ts';

/**
 * Gives an account another label. Its state goes on as the same object, so that requests under way, which know its old
 * id, end on it. `moveSecret` puts its secret under the new id before anything else says so, and is awaited.
 */
export async function renameAccount(
  book: Book,
  { id, label }: { id: AccountId; label: Label },
  moveSecret: (to: AccountId) => Promise<{ done: () => Promise<void>; undo: () => Promise<void> }>,
): Promise<AccountId> {
  const state = book.account(id);
  const to = accountId(state.account.provider, label);
  refuseDegraded(book);
  refuseBusyName(book, to, state);
  // A renewed login is written under the name that it was asked for: it comes before the new name, or after it.
  book.renaming.add(id);
  try {
    await book.renewals.get(id)?.catch(() => undefined);
    await book.journal.written();
    const known = knownOf(book, state);
    const secret = await moveSecret(to);
    try {
      await book.store.renameAccount(id, { ...state.account, id: to, label });
    } catch (error) {
      await secret.undo();
      throw error;
    }
    adopt(book, state, to);
    saveChanged(book, state, known);
    await book.journal.written();
    // What is left behind has no account, and is never used.
    await secret.done().catch(() => undefined);
  } finally {
    book.renaming.delete(id);
  }
  book.wake();
  return to;
}

/** Gives a pool another name, with its sessions, episodes and phantoms. Requests under way hold on to its state. */
export async function renamePool(book: Book, name: Label, to: Label): Promise<void> {
  refuseDegraded(book);
  await book.journal.written();
  const { pools, sessions, phantoms } = book.state;
  const pool = pools.get(name);
  if (pool === undefined) throw new Error(`pool ${name} is not in the book`);
  const known = { sessions: new Set(sessions.values()), phantoms: new Set(phantoms.values()), current: pool.current };
  await book.store.renamePool(name, to);
  pools.delete(name);
  pools.set(to, pool);
  pool.pool = { ...pool.pool, name: to };
  book.journal.forget(`current:${name}`);
  if (pool.current !== null && pool.current !== known.current) {
    const { current } = pool;
    void book.journal.write(`current:${to}`, () => book.store.saveCurrent(to, current));
  }
  for (const [id, session] of sessions) {
    if (session.pool !== name) continue;
    const moved: Session = { ...session, pool: to };
    sessions.set(id, moved);
    // Seen while the store was asked: it has written that one with the name of before.
    if (!known.sessions.has(session)) void book.journal.write(`session:${id}`, () => book.store.saveSession(moved));
  }
  for (const [hash, phantom] of phantoms) {
    if (phantom.pool !== name) continue;
    const moved: Phantom = { ...phantom, pool: to };
    phantoms.set(hash, moved);
    if (!known.phantoms.has(phantom))
      void book.journal.write(`phantom:${moved.id}`, () => book.store.savePhantom(moved));
  }
  book.edges.rename(name, to);
  await book.journal.written();
  book.wake();
}

/** What fails to be written is written later, under the names of before. */
function refuseDegraded({ journal }: Book): void {
  if (journal.degraded === null) return;
  throw new Problem(
    'unavailable',
    `Nothing is renamed while the store cannot be written (${journal.degraded.reason}).`,
    {
      hint: 'See: stint status',
    },
  );
}

/** A request that knows an account by its name of before must not end on another of that name. */
export function refuseBusyName({ state }: Book, id: AccountId, but?: AccountState): void {
  const before = state.renamed.get(id);
  if (before === undefined || before.state === but || before.inFlight === 0) return;
  throw new Problem('conflict', `Requests that know ${before.state.account.id} as ${id} are still under way.`, {
    hint: `Choose another label, or try again when they have ended: stint account activity ${before.state.account.id}`,
  });
}

type Known = {
  readonly account: Account;
  readonly limits: ReadonlySet<Limit>;
  readonly sessions: ReadonlySet<Session>;
  readonly currents: ReadonlyMap<Label, AccountId | null>;
};

/** What the store has, to be compared with what there is when it has moved that. */
function knownOf(book: Book, state: AccountState): Known {
  return {
    account: state.account,
    limits: new Set(state.limits.values()),
    sessions: new Set(book.state.sessions.values()),
    currents: new Map([...book.state.pools].map(([name, pool]) => [name, pool.current])),
  };
}

/** In memory, in one turn: everything that names the account names it anew. */
function adopt({ state: book, journal }: Book, state: AccountState, to: AccountId): void {
  const { id } = state.account;
  const { provider } = state.account;
  const label = to.slice(provider.length + 1) as Label;
  for (const slot of state.limits.keys()) journal.forget(`limit:${id}|${slot}`);
  journal.forget(`account:${id}`);
  book.accounts.delete(id);
  state.account = { ...state.account, id: to, label };
  book.accounts.set(to, state);
  noteRenamed(book, state, { from: id, to });
  for (const [slot, limit] of state.limits) state.limits.set(slot, { ...limit, account: to });
  for (const [session, known] of book.sessions)
    if (known.account === id) book.sessions.set(session, { ...known, account: to });
  for (const pool of book.pools.values()) {
    // It may have left the pool and still be where that goes on from.
    if (pool.current === id) pool.current = to;
    if (!pool.pool.accounts.includes(id)) continue;
    const accounts = pool.pool.accounts.map((each) => (each === id ? to : each));
    pool.pool = { ...pool.pool, accounts, pinned: pool.pool.pinned === id ? to : pool.pool.pinned };
    pool.candidates = candidatesOf(book, pool.pool);
  }
}

/** So many requests end by the name of before; those of an earlier one are counted there. */
function noteRenamed(
  { renamed }: Book['state'],
  state: AccountState,
  { from, to }: { from: AccountId; to: AccountId },
): void {
  renamed.delete(to);
  const earlier = [...renamed.values()].filter((each) => each.state === state);
  const inFlight = state.inFlight - earlier.reduce((sum, each) => sum + each.inFlight, 0);
  renamed.set(from, { state, inFlight });
}

/** What changed while the store moved the account was written for a name that was gone. */
function saveChanged(book: Book, state: AccountState, known: Known): void {
  const { account } = state;
  const { id } = account;
  if (account.standing !== known.account.standing)
    void book.journal.write(`account:${id}`, () => book.store.saveAccount(account));
  for (const limit of state.limits.values()) {
    const same = [...known.limits].find((each) => slotOf(each) === slotOf(limit));
    if (same?.version === limit.version && same.until === limit.until && same.source === limit.source) continue;
    void book.journal.write(`limit:${id}|${slotOf(limit)}`, () => book.store.saveLimits([limit]));
  }
  const before = new Map([...known.sessions].map((each) => [each.id, each]));
  for (const session of book.state.sessions.values()) {
    if (session.account !== id) continue;
    const same = before.get(session.id);
    if (same?.account === known.account.id && same.seenAt === session.seenAt && same.pool === session.pool) continue;
    void book.journal.write(`session:${session.id}`, () => book.store.saveSession(session));
  }
  for (const [name, pool] of book.state.pools) {
    if (pool.current !== id || known.currents.get(name) === known.account.id) continue;
    void book.journal.write(`current:${name}`, () => book.store.saveCurrent(name, id));
  }
}
