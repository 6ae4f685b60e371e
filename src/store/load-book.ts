import type { Kysely, Transaction } from 'kysely';
import type { BookSnapshot } from '../book/ports.ts';
import type { Limit } from '../core/limit/limit.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { Tables } from './tables.ts';

/** Reads the whole book as of one moment. */
export function loadBook(db: Kysely<Tables>): Promise<BookSnapshot> {
  return db.transaction().execute(async (transaction) => ({
    accounts: await transaction.selectFrom('accounts').selectAll().orderBy('addedAt').orderBy('id').execute(),
    pools: await loadPools(transaction),
    currents: await loadCurrents(transaction),
    limits: await loadLimits(transaction),
    sessions: await transaction.selectFrom('sessions').selectAll().orderBy('seenAt').orderBy('id').execute(),
    episodes: await transaction
      .selectFrom('episodes')
      .selectAll()
      .where('recoveredAt', 'is', null)
      .orderBy('exhaustedAt')
      .orderBy('id')
      .execute(),
    phantoms: await transaction.selectFrom('phantoms').selectAll().orderBy('createdAt').orderBy('id').execute(),
  }));
}

async function loadPools(transaction: Transaction<Tables>): Promise<Pool[]> {
  const columns = ['name', 'provider', 'strategy', 'overage', 'pinned', 'shareSessions'] as const;
  const pools = await transaction.selectFrom('pools').select(columns).orderBy('name').execute();
  const members = await transaction.selectFrom('poolAccounts').selectAll().orderBy('position').execute();
  const membersByPool = Map.groupBy(members, (member) => member.pool);
  return pools.map((pool) => ({
    ...pool,
    shareSessions: pool.shareSessions === 1,
    accounts: (membersByPool.get(pool.name) ?? []).map((member) => member.account),
  }));
}

async function loadCurrents(transaction: Transaction<Tables>): Promise<BookSnapshot['currents']> {
  const rows = await transaction.selectFrom('pools').select(['name', 'current']).orderBy('name').execute();
  return new Map(rows.flatMap(({ name, current }) => (current === null ? [] : [[name, current] as const])));
}

async function loadLimits(transaction: Transaction<Tables>): Promise<Limit[]> {
  const rows = await transaction
    .selectFrom('limits')
    .select([
      'account',
      'window',
      'family',
      'overage',
      'version',
      'source',
      'until',
      'observedAt',
      'repeats',
      'evidence',
    ])
    .orderBy('account')
    .orderBy('slot')
    .execute();
  return rows.map((row) => ({ ...row, overage: row.overage === 1 }));
}
