import type { Kysely, Transaction } from 'kysely';
import type { BookStore } from '../book/ports.ts';
import type { Account } from '../core/account/account.ts';
import type { AccountId, Label } from '../core/ids.ts';
import type { Pool } from '../core/pool/pool.ts';
import { compileWrites } from './compiled-writes.ts';
import { loadBook } from './load-book.ts';
import { addNotices } from './notice-store.ts';
import type { Tables } from './tables.ts';
import type { WriteQueue } from './write-queue.ts';

/** Far below the parameters that one statement may have (32,766 in SQLite). */
const rowsPerStatement = 500;

/**
 * The account book's tables over any dialect. Writes take effect in the order in which they were asked for; a late one
 * about an account or a pool that is gone does nothing, since its caller would try again forever.
 */
export function createBookStore(db: Kysely<Tables>, { write }: Pick<WriteQueue, 'write'>): BookStore {
  const compiled = compileWrites(db);
  return {
    load: () => loadBook(db),
    addAccount: (account, pool) =>
      write(async (on) => {
        await on.insertInto('accounts').values(account).execute();
        await savePool(on, pool);
      }),
    saveAccount: ({ id, ...rest }) =>
      write((on) => on.updateTable('accounts').set(rest).where('id', '=', id).execute()),
    // The rest of what is the account's goes by its foreign keys.
    removeAccount: (id) => write((on) => on.deleteFrom('accounts').where('id', '=', id).execute()),
    renameAccount: (id, account) => write((on) => renameAccount(on, id, account)),
    savePools: (pools) =>
      write(async (on) => {
        for (const pool of pools) await savePool(on, pool);
      }),
    renamePool: (name, to) => write((on) => renamePool(on, name, to)),
    removePool: (name) =>
      write(async (on) => {
        await on.deleteFrom('sessions').where('pool', '=', name).execute();
        await on.deleteFrom('episodes').where('pool', '=', name).execute();
        await on.deleteFrom('phantoms').where('pool', '=', name).execute();
        await on.deleteFrom('pools').where('name', '=', name).execute();
      }),
    saveLimits: (limits) =>
      write(async (on) => {
        for (const limit of limits) if (await compiled.isKnown(on, limit.account)) await compiled.saveLimit(on, limit);
      }),
    removeLimits: (account, slots) =>
      write(async (on) => {
        for (const chunk of inChunks(slots)) {
          await on.deleteFrom('limits').where('account', '=', account).where('slot', 'in', chunk).execute();
        }
      }),
    saveCurrent: (pool, account) =>
      write(async (on) => {
        if (await compiled.isKnown(on, account)) await compiled.saveCurrent(on, pool, account);
      }),
    saveSession: (session) =>
      write(async (on) => {
        if (await compiled.isKnown(on, session.account)) await compiled.saveSession(on, session);
      }),
    removeSessions: (ids) =>
      write(async (on) => {
        for (const chunk of inChunks(ids)) await on.deleteFrom('sessions').where('id', 'in', chunk).execute();
      }),
    saveEpisode: ({ id, reset, ...others }, notices = []) =>
      write(async (on) => {
        const rest = { ...others, reset: reset === null ? null : JSON.stringify(reset) };
        if (await compiled.isPool(on, others.pool)) {
          await on
            .insertInto('episodes')
            .values({ id, ...rest })
            .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
            .execute();
        }
        await addNotices(on, notices);
      }),
    addNotices: (notices) => write((on) => addNotices(on, notices)),
    removeEpisodes: (before) => write((on) => on.deleteFrom('episodes').where('exhaustedAt', '<', before).execute()),
    savePhantom: ({ id, ...rest }) =>
      write((on) =>
        on
          .insertInto('phantoms')
          .values({ id, ...rest })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
          .execute(),
      ),
    removePhantoms: (ids) =>
      write(async (on) => {
        for (const chunk of inChunks(ids)) await on.deleteFrom('phantoms').where('id', 'in', chunk).execute();
      }),
  };
}

async function savePool(
  transaction: Transaction<Tables>,
  { name, accounts, shareSessions, probe, ...others }: Pool,
): Promise<void> {
  const rest = { ...others, shareSessions: shareSessions ? 1 : 0, probe: probe ? 1 : 0 } as const;
  const upsert = transaction.insertInto('pools').values({ name, current: null, ...rest });
  await upsert.onConflict((on) => on.column('name').doUpdateSet(rest)).execute();
  await transaction.deleteFrom('poolAccounts').where('pool', '=', name).execute();
  const members = accounts.map((account, position) => ({ pool: name, account, position }));
  for (const chunk of inChunks(members)) await transaction.insertInto('poolAccounts').values(chunk).execute();
}

/** Its rows go with it one by one: a key that others refer to is not changed in place. */
async function renameAccount(on: Transaction<Tables>, id: AccountId, account: Account): Promise<void> {
  const known = await on.selectFrom('accounts').select('id').where('id', '=', id).executeTakeFirst();
  if (known === undefined) return;
  const to = account.id;
  await on.insertInto('accounts').values(account).execute();
  for (const table of ['limits', 'sessions', 'poolAccounts'] as const)
    await on.updateTable(table).set({ account: to }).where('account', '=', id).execute();
  await on.updateTable('pools').set({ pinned: to }).where('pinned', '=', id).execute();
  await on.updateTable('pools').set({ current: to }).where('current', '=', id).execute();
  await on.deleteFrom('accounts').where('id', '=', id).execute();
}

async function renamePool(on: Transaction<Tables>, name: Label, to: Label): Promise<void> {
  const known = await on.selectFrom('pools').selectAll().where('name', '=', name).executeTakeFirst();
  if (known === undefined) return;
  await on
    .insertInto('pools')
    .values({ ...known, name: to })
    .execute();
  for (const table of ['poolAccounts', 'sessions', 'episodes', 'phantoms'] as const)
    await on.updateTable(table).set({ pool: to }).where('pool', '=', name).execute();
  await on.deleteFrom('pools').where('name', '=', name).execute();
}

function inChunks<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / rowsPerStatement);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * rowsPerStatement, (index + 1) * rowsPerStatement),
  );
}
