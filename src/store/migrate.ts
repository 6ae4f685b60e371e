import { Migrator, NO_MIGRATIONS, type Kysely, type Migration } from 'kysely';
import { Problem } from '../core/problem.ts';
import type { Tables } from './tables.ts';
import { migrations } from './migrations/migrations.ts';

type Migrations = Readonly<Record<string, Migration>>;

/**
 * Brings a database to the schema of this version, in one transaction. Refuses one that a newer version has migrated,
 * and one that belongs to another program.
 */
export async function migrateUp(db: Kysely<Tables>, known: Migrations = migrations): Promise<void> {
  await refuseForeign(db, known);
  const { error } = await migrator(db, known).migrateToLatest();
  if (error !== undefined)
    throw new Problem('unavailable', `The database cannot be migrated: ${messageOf(error)}.`, { cause: error });
}

/** Takes back every migration after `target`; without a target all of them, and with them all data. */
export async function migrateDown(db: Kysely<Tables>, target?: string, known: Migrations = migrations): Promise<void> {
  const { error } = await migrator(db, known).migrateTo(target ?? NO_MIGRATIONS);
  if (error !== undefined)
    throw new Problem('unavailable', `The database cannot be migrated: ${messageOf(error)}.`, { cause: error });
}

async function refuseForeign(db: Kysely<Tables>, known: Migrations): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (tables.length === 0) return;
  if (!tables.some((table) => table.name === 'kysely_migration')) {
    throw new Problem('conflict', 'The database belongs to another program.', {
      hint: 'Move it away, or choose another home.',
    });
  }
  const newer = (await appliedNames(db)).find((name) => !Object.hasOwn(known, name));
  if (newer !== undefined) {
    throw new Problem('conflict', `The database is from a newer Stint (migration ${newer}).`, {
      hint: 'Upgrade Stint.',
    });
  }
}

async function appliedNames(db: Kysely<Tables>): Promise<readonly string[]> {
  const rows = await db
    .withTables<{ kyselyMigration: { name: string } }>()
    .selectFrom('kyselyMigration')
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}

function migrator(db: Kysely<Tables>, known: Migrations): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...known }) },
    // Kysely orders applied migrations by wall clock, and a clock that was set back must not refuse the database.
    allowUnorderedMigrations: true,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
