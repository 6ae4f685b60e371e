import type { Account } from '../core/account/account.ts';
import type { AccountId, Label, ProviderId } from '../core/ids.ts';
import { clearLimit, isClosed } from '../core/limit/limit.ts';
import { defaultPoolOf, poolDefaults, type Pool } from '../core/pool/pool.ts';
import type { Book } from './book.ts';
import { episodesOpened } from './episode.ts';
import { refuseBusyName } from './rename.ts';
import { forgetPhantoms } from './phantoms.ts';
import { forgetSessions } from './session.ts';
import { accountState, candidatesOf, poolsOf, poolState, type PoolState } from './state.ts';

/** Adds an account and appends it to its provider's default pool; both or, when the store fails, neither. */
export async function addAccount(book: Book, account: Account): Promise<void> {
  refuseBusyName(book, account.id);
  const name = defaultPoolOf(account.provider);
  const known = book.pool(name)?.pool ?? newPool(name, account.provider);
  const pool = { ...known, accounts: [...known.accounts, account.id] };
  await book.store.addAccount(account, pool);
  book.state.renamed.delete(account.id);
  book.state.accounts.set(account.id, accountState(account, book.clock()));
  putPool(book, pool);
  book.wake();
}

/** Replaces what is known of an account, in memory and in the store. `also` runs in the same turn as the former. */
export async function saveAccount(book: Book, account: Account, also?: () => void): Promise<void> {
  const state = book.account(account.id);
  const { secretSince } = state;
  // What arrives meanwhile speaks of the account as it was.
  state.secretSince = Number.POSITIVE_INFINITY;
  try {
    await book.store.saveAccount(account);
  } catch (error) {
    state.secretSince = secretSince;
    throw error;
  }
  const { standing, id, label } = state.account;
  // It may have got another label meanwhile, and the store knew it by that already.
  const saved = { ...account, id, label };
  state.account = saved;
  also?.();
  if (id !== account.id) void book.journal.write(`account:${id}`, () => book.store.saveAccount(saved));
  if (account.standing === 'needs-login' && standing !== account.standing)
    book.noteNeedsLogin(saved, saved.standingReason ?? 'its secret is missing');
  state.secretSince = afterThis(book);
  book.journal.forget(`account:${account.id}`);
  book.edges.begin(poolsOf(book.state, id), null);
  book.wake();
}

/** A secret that is durable and that nobody reads before `publish`. */
export type StagedSecret = { publish(): void; undo(): Promise<void> };

/**
 * Replaces an account together with its secret. Whoever reads both gets the old ones until both new ones are durable;
 * after a crash in between, the account needs a login, so that no secret goes to a host that it is not meant for.
 */
export async function replaceAccount(book: Book, account: Account, stage: () => Promise<StagedSecret>): Promise<void> {
  const state = book.account(account.id);
  const { secretSince } = state;
  let staged: StagedSecret | undefined;
  state.secretSince = Number.POSITIVE_INFINITY;
  try {
    await book.store.saveAccount({
      ...account,
      standing: 'needs-login',
      standingReason: 'the change of its secret was interrupted',
    });
    staged = await stage();
    await saveAccount(book, account, () => staged?.publish());
  } catch (error) {
    state.secretSince = secretSince;
    // When this fails as well, the store goes on saying that the account needs a login.
    await staged?.undo();
    await book.journal.write(`account:${account.id}`, () => book.store.saveAccount(state.account));
    throw error;
  }
}

/** Removes an account with its limits and its place in pools and sessions. Requests in flight run to their end. */
export async function removeAccount(book: Book, id: AccountId): Promise<void> {
  await book.store.removeAccount(id);
  forgetAccount(book, id);
  for (const state of book.state.pools.values()) {
    if (!state.pool.accounts.includes(id)) continue;
    const pool = {
      ...state.pool,
      accounts: state.pool.accounts.filter((each) => each !== id),
      pinned: state.pool.pinned === id ? null : state.pool.pinned,
    };
    const current = state.current === id ? followerOf(state, id) : state.current;
    const moved = current !== null && current !== state.current;
    Object.assign(state, { pool, candidates: candidatesOf(book.state, pool), current });
    if (moved) void book.journal.write(`current:${pool.name}`, () => book.store.saveCurrent(pool.name, current));
    book.edges.begin([state], null);
  }
  await book.journal.written();
  book.wake();
}

/** Opens every window of an account, and takes a refused credential for good again. Returns how many were closed. */
export async function clearAccount(book: Book, id: AccountId): Promise<number> {
  const state = book.account(id);
  const now = book.clock();
  const refused = state.account.standing === 'needs-login';
  const cleared = [...state.limits.values()].filter((limit) => isClosed(limit, now)).length;
  for (const each of book.sharers(state)) {
    for (const limit of each.limits.values()) {
      // What an operator has closed of another account, he clears there.
      const kept = limit.until === 0 || (each !== state && limit.source === 'operator');
      if (!kept) book.setLimit(each, limit, clearLimit(limit, now));
    }
  }
  state.restUntil = 0;
  state.secretSince = afterThis(book);
  if (refused) await saveAccount(book, { ...state.account, standing: 'enabled', standingReason: null });
  // Its provider has to take the credential again first.
  else book.edges.endSilently(episodesOpened(book.state, id, now));
  await book.journal.written();
  book.wake();
  return cleared;
}

export function savePool(book: Book, pool: Pool): Promise<void> {
  return savePools(book, [pool]);
}

/** Saves several pools, all or none. */
export async function savePools(book: Book, pools: readonly Pool[]): Promise<void> {
  await book.store.savePools(pools);
  for (const pool of pools) putPool(book, pool);
  book.wake();
}

/** Removes a pool with its sessions, episodes and phantoms. Requests that wait for it are told. */
export async function removePool(book: Book, name: Label): Promise<void> {
  await book.store.removePool(name);
  const { pools, sessions, phantoms } = book.state;
  const state = pools.get(name);
  pools.delete(name);
  if (state !== undefined) Object.assign(state, { candidates: [], removed: true });
  book.journal.forget(`current:${name}`);
  book.edges.forget({ pool: name });
  // Once more in the store: some may be newer than its removal of the pool.
  forgetSessions(
    book,
    [...sessions.values()].filter((each) => each.pool === name).map((each) => each.id),
  );
  forgetPhantoms(
    book,
    [...phantoms.values()].filter((each) => each.pool === name),
  );
  await book.journal.written();
  book.wake();
}

/** Late writes about it find it gone in the store; those that failed must not meet another account of its name. */
function forgetAccount(book: Book, id: AccountId): void {
  const { accounts, sessions } = book.state;
  for (const slot of accounts.get(id)?.limits.keys() ?? []) book.journal.forget(`limit:${id}|${slot}`);
  book.journal.forget(`account:${id}`);
  accounts.delete(id);
  for (const [session, { account }] of sessions) {
    if (account !== id) continue;
    sessions.delete(session);
    book.journal.forget(`session:${session}`);
  }
}

/** In place: requests under way hold on to the state of their pool. */
function putPool(book: Book, pool: Pool): void {
  const known = book.pool(pool.name);
  const state = known ?? poolState(book.state, pool, null);
  if (known === undefined) book.state.pools.set(pool.name, state);
  else Object.assign(known, { pool, candidates: candidatesOf(book.state, pool) });
  book.edges.begin([state], null);
}

/** A request of this very millisecond may have been sent with what was there before. */
export function afterThis(book: Book): number {
  return book.clock() + 1;
}

function newPool(name: Label, provider: ProviderId): Pool {
  return { ...poolDefaults, name, provider, accounts: [] };
}

/** Where a sticky pool goes on when its current account is removed: with the one after it, as if it had closed. */
function followerOf(state: PoolState, id: AccountId): AccountId | null {
  const { accounts } = state.pool;
  const follower = accounts[(accounts.indexOf(id) + 1) % accounts.length];
  return follower === undefined || follower === id ? null : follower;
}
