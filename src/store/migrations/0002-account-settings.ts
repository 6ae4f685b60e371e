import type { Kysely, Migration } from 'kysely';

export const accountSettingsMigration: Migration = { up, down };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('accounts').addColumn('profile', 'text').execute();
  await db.schema.alterTable('accounts').addColumn('project', 'text').execute();
  await db.schema.alterTable('accounts').addColumn('max_concurrent', 'integer').execute();
  await db.schema
    .alterTable('pools')
    .addColumn('share_sessions', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}

async function down(db: Kysely<unknown>): Promise<void> {
  for (const column of ['profile', 'project', 'max_concurrent'])
    await db.schema.alterTable('accounts').dropColumn(column).execute();
  await db.schema.alterTable('pools').dropColumn('share_sessions').execute();
}
