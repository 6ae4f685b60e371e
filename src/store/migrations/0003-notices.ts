import type { Kysely, Migration } from 'kysely';

export const noticesMigration: Migration = { up, down };

async function up(db: Kysely<unknown>): Promise<void> {
  await extendPools(db);
  await extendEpisodes(db);
  await createNotices(db);
  await createAudit(db);
}

async function extendPools(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('pools').addColumn('hold_ms', 'bigint').execute();
  await db.schema
    .alterTable('pools')
    .addColumn('probe', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .alterTable('pools')
    .addColumn('auth_reset_target', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
}

async function extendEpisodes(db: Kysely<unknown>): Promise<void> {
  for (const column of episodeColumns) await db.schema.alterTable('episodes').addColumn(column, 'text').execute();
}

/** The reset is JSON: nobody looks for a part of it. */
const episodeColumns = ['model', 'verified_by', 'reset'];

async function createNotices(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notices')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('thread', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('facts', 'text', (column) => column.notNull())
    .addColumn('routed', 'integer', (column) => column.notNull())
    // Their order: a clock that was set back must not put a recovery before its exhaustion.
    .addColumn('position', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('deliveries')
    .addColumn('notice', 'text', (column) => column.notNull().references('notices.id').onDelete('cascade'))
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'bigint')
    .addColumn('told_at', 'bigint')
    .addColumn('reference', 'text')
    .addColumn('error', 'text')
    .addPrimaryKeyConstraint('deliveries_key', ['notice', 'channel'])
    .execute();
}

async function createAudit(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit')
    .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('surface', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('detail', 'text')
    .execute();
}

async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['audit', 'deliveries', 'notices']) await db.schema.dropTable(table).execute();
  for (const column of episodeColumns) await db.schema.alterTable('episodes').dropColumn(column).execute();
  for (const column of ['hold_ms', 'probe', 'auth_reset_target'])
    await db.schema.alterTable('pools').dropColumn(column).execute();
}
