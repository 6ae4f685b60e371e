import type { Kysely, Transaction } from 'kysely';
import { isResetUnderWay, type BookSnapshot, type Episode, type EpisodeReset } from '../book/ports.ts';
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
    episodes: await loadEpisodes(transaction),
    phantoms: await transaction.selectFrom('phantoms').selectAll().orderBy('createdAt').orderBy('id').execute(),
  }));
}

const poolColumns = [
  'name',
  'provider',
  'strategy',
  'overage',
  'pinned',
  'shareSessions',
  'holdMs',
  'probe',
  'authResetTarget',
] as const;

async function loadPools(transaction: Transaction<Tables>): Promise<Pool[]> {
  const pools = await transaction.selectFrom('pools').select(poolColumns).orderBy('name').execute();
  const members = await transaction.selectFrom('poolAccounts').selectAll().orderBy('position').execute();
  const membersByPool = Map.groupBy(members, (member) => member.pool);
  return pools.map((pool) => ({
    ...pool,
    shareSessions: pool.shareSessions === 1,
    probe: pool.probe === 1,
    accounts: (membersByPool.get(pool.name) ?? []).map((member) => member.account),
  }));
}

async function loadCurrents(transaction: Transaction<Tables>): Promise<BookSnapshot['currents']> {
  const rows = await transaction.selectFrom('pools').select(['name', 'current']).orderBy('name').execute();
  return new Map(rows.flatMap(({ name, current }) => (current === null ? [] : [[name, current] as const])));
}

/** Those that go on: nobody has recovered, or the agent that was to be reset has not been seen since. */
async function loadEpisodes(transaction: Transaction<Tables>): Promise<Episode[]> {
  const rows = await transaction
    .selectFrom('episodes')
    .selectAll()
    .where((row) => row.or([row('recoveredAt', 'is', null), row('reset', 'is not', null)]))
    .orderBy('exhaustedAt')
    .orderBy('id')
    .execute();
  const episodes = rows.map((row) => ({
    ...row,
    reset: row.reset === null ? null : (JSON.parse(row.reset) as EpisodeReset),
  }));
  return episodes.filter(
    ({ recoveredAt, reset }) => recoveredAt === null || (reset !== null && isResetUnderWay(reset)),
  );
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
