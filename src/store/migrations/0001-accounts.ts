import type { Kysely, Migration } from 'kysely';

export const accountsMigration: Migration = { up, down };

async function up(db: Kysely<unknown>): Promise<void> {
  await createAccounts(db);
  await createPools(db);
  await createLimits(db);
  await createSessions(db);
  await createEpisodes(db);
  await createPhantoms(db);
}

async function createAccounts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('accounts')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('credential', 'text', (column) => column.notNull())
    .addColumn('base_url', 'text')
    .addColumn('standing', 'text', (column) => column.notNull())
    .addColumn('standing_reason', 'text')
    .addColumn('added_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function createPools(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('pools')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('strategy', 'text', (column) => column.notNull())
    .addColumn('overage', 'text', (column) => column.notNull())
    .addColumn('pinned', 'text', (column) => column.references('accounts.id').onDelete('set null'))
    .addColumn('current', 'text', (column) => column.references('accounts.id').onDelete('set null'))
    .execute();
  await db.schema
    .createTable('pool_accounts')
    .addColumn('pool', 'text', (column) => column.notNull().references('pools.name').onDelete('cascade'))
    .addColumn('account', 'text', (column) => column.notNull().references('accounts.id').onDelete('cascade'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('pool_accounts_key', ['pool', 'account'])
    .execute();
  await db.schema.createIndex('pool_accounts_by_account').on('pool_accounts').column('account').execute();
}

async function createLimits(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('limits')
    .addColumn('account', 'text', (column) => column.notNull().references('accounts.id').onDelete('cascade'))
    // Window, family and overage in one: a key must not hold the null that stands for every family.
    .addColumn('slot', 'text', (column) => column.notNull())
    .addColumn('window', 'text', (column) => column.notNull())
    .addColumn('family', 'text')
    .addColumn('overage', 'integer', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addColumn('observed_at', 'bigint', (column) => column.notNull())
    .addColumn('repeats', 'integer', (column) => column.notNull())
    .addColumn('evidence', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('limits_key', ['account', 'slot'])
    .execute();
}

async function createSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('pool', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull().references('accounts.id').onDelete('cascade'))
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('moved_at', 'bigint', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addColumn('moves', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('sessions_by_account').on('sessions').column('account').execute();
}

async function createEpisodes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('episodes')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('pool', 'text', (column) => column.notNull())
    .addColumn('family', 'text')
    .addColumn('exhausted_at', 'bigint', (column) => column.notNull())
    .addColumn('recovered_at', 'bigint')
    .execute();
}

async function createPhantoms(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('phantoms')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('pool', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('hold_ms', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['phantoms', 'episodes', 'sessions', 'limits', 'pool_accounts', 'pools', 'accounts']) {
    await db.schema.dropTable(table).execute();
  }
}
