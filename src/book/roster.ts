import type { Account } from '../core/account/account.ts';
import type { AccountId, Label, ProviderId } from '../core/ids.ts';
import { clearLimit } from '../core/limit/limit.ts';
import type { Pool } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import type { Book } from './book.ts';
import { accountState, poolState, type AccountState, type PoolState } from './state.ts';

/** The name of a provider's default pool, which holds all its accounts as they were added. */
function defaultPool(provider: ProviderId): Label {
  return provider as string as Label;
}

/** Adds an account and appends it to its provider's default pool. */
export async function addAccount(book: Book, account: Account): Promise<void> {
  await book.store.saveAccount(account);
  book.state.accounts.set(account.id, accountState(account));
  const name = defaultPool(account.provider);
  const pool = book.pool(name)?.pool ?? newPool(name, account.provider);
  await savePool(book, { ...pool, accounts: [...pool.accounts, account.id] });
}

/** Replaces what is known of an account, in memory and in the store. */
export async function saveAccount(book: Book, account: Account): Promise<void> {
  await book.store.saveAccount(account);
  requireAccount(book, account.id).account = account;
  book.wake();
}

/** Removes an account with its limits and its place in pools and sessions. Requests in flight run to their end. */
export async function removeAccount(book: Book, id: AccountId): Promise<void> {
  await book.store.removeAccount(id);
  book.state.accounts.delete(id);
  for (const [session, { account }] of book.state.sessions) if (account === id) book.state.sessions.delete(session);
  for (const state of book.state.pools.values()) {
    if (!state.pool.accounts.includes(id)) continue;
    const pool = {
      ...state.pool,
      accounts: state.pool.accounts.filter((each) => each !== id),
      pinned: state.pool.pinned === id ? null : state.pool.pinned,
    };
    const current = state.current === id ? followerOf(state, id) : state.current;
    const moved = current !== null && current !== state.current;
    Object.assign(state, poolState(book.state, pool, current));
    if (moved) void book.journal.write(`current:${pool.name}`, () => book.store.saveCurrent(pool.name, current));
  }
  await book.journal.written();
  book.wake();
}

/** Opens every window of an account, and takes a refused credential for good again. Returns how many were closed. */
export async function clearAccount(book: Book, id: AccountId): Promise<number> {
  const state = requireAccount(book, id);
  const now = book.clock();
  let cleared = 0;
  for (const limit of state.limits.values()) {
    if (limit.until === 0) continue;
    if (limit.until > now) cleared += 1;
    book.setLimit(state, limit, clearLimit(limit, now));
  }
  state.restUntil = 0;
  if (state.account.standing === 'needs-login')
    await saveAccount(book, { ...state.account, standing: 'enabled', standingReason: null });
  await book.journal.written();
  book.wake();
  return cleared;
}

export async function savePool(book: Book, pool: Pool): Promise<void> {
  await book.store.savePool(pool);
  book.state.pools.set(pool.name, poolState(book.state, pool, book.pool(pool.name)?.current ?? null));
  book.wake();
}

export async function removePool(book: Book, name: Label): Promise<void> {
  await book.store.removePool(name);
  book.state.pools.delete(name);
}

function newPool(name: Label, provider: ProviderId): Pool {
  return { name, provider, accounts: [], strategy: 'sticky', overage: 'forbid', pinned: null };
}

function requireAccount(book: Book, id: AccountId): AccountState {
  const state = book.state.accounts.get(id);
  if (state === undefined)
    throw new Problem('not_found', `There is no account ${id}.`, { hint: 'List them with: stint account list' });
  return state;
}

export function requirePool(book: Book, name: Label): PoolState {
  const state = book.pool(name);
  if (state === undefined)
    throw new Problem('not_found', `There is no pool ${name}.`, { hint: 'List them with: stint pool list' });
  return state;
}

/** Where a sticky pool goes on when its current account is removed: with the one after it, as if it had closed. */
function followerOf(state: PoolState, id: AccountId): AccountId | null {
  const { accounts } = state.pool;
  const follower = accounts[(accounts.indexOf(id) + 1) % accounts.length];
  return follower === undefined || follower === id ? null : follower;
}
