import type { Kysely, Transaction } from 'kysely';
import type { BookStore } from '../book/ports.ts';
import type { AccountId } from '../core/ids.ts';
import { slotOf, type Limit } from '../core/limit/limit.ts';
import type { Pool } from '../core/pool/pool.ts';
import { loadBook } from './load-book.ts';
import type { Tables } from './tables.ts';

type Write = (transaction: Transaction<Tables>) => Promise<unknown>;

type WriteQueue = {
  /** Resolves when the write is on the disk. */
  readonly write: (write: Write) => Promise<void>;
  /** Resolves when every write that was asked for so far has ended. */
  readonly settled: () => Promise<void>;
};

/** Far below the parameters that one statement may have (32,766 in SQLite). */
const rowsPerStatement = 500;

/**
 * The account book's tables over any dialect. Writes take effect in the order in which they were asked for; a late one
 * about an account or a pool that is gone does nothing, since its caller would try again forever.
 */
export function createBookStore(db: Kysely<Tables>): BookStore & Pick<WriteQueue, 'settled'> {
  const { write, settled } = createWriteQueue(db);
  return {
    settled,
    load: () => loadBook(db),
    saveAccount: ({ id, ...rest }) =>
      write((on) =>
        on
          .insertInto('accounts')
          .values({ id, ...rest })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
          .execute(),
      ),
    // The rest of what is the account's goes by its foreign keys.
    removeAccount: (id) => write((on) => on.deleteFrom('accounts').where('id', '=', id).execute()),
    savePool: (pool) => write((on) => savePool(on, pool)),
    removePool: (name) =>
      write(async (on) => {
        await on.deleteFrom('sessions').where('pool', '=', name).execute();
        await on.deleteFrom('episodes').where('pool', '=', name).execute();
        await on.deleteFrom('pools').where('name', '=', name).execute();
      }),
    saveLimits: (limits) => write((on) => saveLimits(on, limits)),
    saveCurrent: (pool, account) =>
      write(async (on) => {
        if (!(await isKnown(on, account))) return;
        await on.updateTable('pools').set({ current: account }).where('name', '=', pool).execute();
      }),
    saveSession: ({ id, ...rest }) =>
      write(async (on) => {
        if (!(await isKnown(on, rest.account))) return;
        const upsert = on.insertInto('sessions').values({ id, ...rest });
        await upsert.onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute();
      }),
    removeSessions: (ids) =>
      write(async (on) => {
        for (const chunk of inChunks(ids)) await on.deleteFrom('sessions').where('id', 'in', chunk).execute();
      }),
    saveEpisode: ({ id, ...rest }) =>
      write((on) =>
        on
          .insertInto('episodes')
          .values({ id, ...rest })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
          .execute(),
      ),
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

type Waiting = { readonly write: Write; readonly done: () => void; readonly failed: (error: unknown) => void };

/** Commits what has gathered while the last commit ran as one: a herd of writes costs the disk one wait. */
function createWriteQueue(db: Kysely<Tables>): WriteQueue {
  let waiting: Waiting[] = [];
  let last: Promise<unknown> = Promise.resolve();

  const commit = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      await db.transaction().execute(async (transaction) => {
        for (const { write } of batch) await write(transaction);
      });
    } catch (error) {
      const [first, ...more] = batch;
      if (more.length === 0) return first?.failed(error);
      // One that cannot be written must not take the others with it.
      for (const each of batch) await commit([each]);
      return;
    }
    for (const { done } of batch) done();
  };

  const commitWaiting = (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    return commit(batch);
  };

  return {
    write: (write) =>
      new Promise((done, failed) => {
        waiting.push({ write, done, failed });
        if (waiting.length === 1) last = last.then(commitWaiting);
      }),
    settled: async () => void (await last),
  };
}

async function savePool(transaction: Transaction<Tables>, { name, accounts, ...rest }: Pool): Promise<void> {
  const upsert = transaction.insertInto('pools').values({ name, current: null, ...rest });
  await upsert.onConflict((on) => on.column('name').doUpdateSet(rest)).execute();
  await transaction.deleteFrom('poolAccounts').where('pool', '=', name).execute();
  const members = accounts.map((account, position) => ({ pool: name, account, position }));
  for (const chunk of inChunks(members)) await transaction.insertInto('poolAccounts').values(chunk).execute();
}

async function saveLimits(transaction: Transaction<Tables>, limits: readonly Limit[]): Promise<void> {
  const known = await knownAccounts(
    transaction,
    limits.map((limit) => limit.account),
  );
  const rows = [...lastBySlot(limits)].filter((limit) => known.has(limit.account)).map(limitRow);
  for (const chunk of inChunks(rows)) await upsertLimits(transaction, chunk);
}

async function upsertLimits(transaction: Transaction<Tables>, rows: readonly Tables['limits'][]): Promise<void> {
  await transaction
    .insertInto('limits')
    .values(rows)
    .onConflict((on) =>
      on.columns(['account', 'slot']).doUpdateSet((given) => ({
        version: given.ref('excluded.version'),
        source: given.ref('excluded.source'),
        until: given.ref('excluded.until'),
        observedAt: given.ref('excluded.observedAt'),
        repeats: given.ref('excluded.repeats'),
        evidence: given.ref('excluded.evidence'),
      })),
    )
    .execute();
}

/** One statement must not write a row twice; the last one given counts. */
function lastBySlot(limits: readonly Limit[]): Iterable<Limit> {
  return new Map(limits.map((limit) => [`${limit.account}|${slotOf(limit)}`, limit])).values();
}

/** Providers give times with fractions of a millisecond, which a column of whole numbers does not take. */
function limitRow(limit: Limit): Tables['limits'] {
  return {
    ...limit,
    slot: slotOf(limit),
    overage: limit.overage ? 1 : 0,
    until: Math.ceil(limit.until),
    observedAt: Math.round(limit.observedAt),
  };
}

async function isKnown(db: Transaction<Tables>, account: AccountId): Promise<boolean> {
  return (await knownAccounts(db, [account])).has(account);
}

async function knownAccounts(db: Transaction<Tables>, ids: readonly AccountId[]): Promise<ReadonlySet<AccountId>> {
  const known = new Set<AccountId>();
  for (const chunk of inChunks([...new Set(ids)])) {
    const rows = await db.selectFrom('accounts').select('id').where('id', 'in', chunk).execute();
    for (const row of rows) known.add(row.id);
  }
  return known;
}

function inChunks<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / rowsPerStatement);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * rowsPerStatement, (index + 1) * rowsPerStatement),
  );
}
