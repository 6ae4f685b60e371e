import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { CamelCasePlugin, Kysely, type Migration } from 'kysely';
import { bunSqliteDialect } from './bun-sqlite-dialect.ts';
import { createStores } from './create-store.ts';
import { populate } from './conformance.test.ts';
import { migrateDown, migrateUp } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import type { Store } from './open-store.ts';
import type { Tables } from './tables.ts';

test('every migration can be taken back from a populated database and made again', async () => {
  await using open = openMemory();
  await migrateUp(open.db);
  const before = schemaOf(open.database);
  await populate(open.store);
  await migrateDown(open.db);
  expect(schemaOf(open.database).filter((sql) => !sql.includes('kysely_'))).toEqual([]);
  await migrateUp(open.db);
  expect(schemaOf(open.database)).toEqual(before);
  expect((await open.store.load()).accounts).toEqual([]);
  await populate(open.store);
  expect((await open.store.load()).accounts).toHaveLength(2);
});

test('migrating a populated database that is up to date changes nothing', async () => {
  await using open = openMemory();
  await migrateUp(open.db);
  await populate(open.store);
  const before = await open.store.load();
  await migrateUp(open.db);
  expect(await open.store.load()).toEqual(before);
});

test('a later migration keeps the data, up and down', async () => {
  await using open = openMemory();
  await migrateUp(open.db);
  await populate(open.store);
  const [before, schema] = [await open.store.load(), schemaOf(open.database)];
  const next = { ...migrations, '9999-next': addColumn };
  await migrateUp(open.db, next);
  expect(await open.store.load()).toMatchObject({ limits: before.limits, sessions: before.sessions });
  await migrateDown(open.db, Object.keys(migrations).at(-1) ?? '', next);
  expect(await open.store.load()).toEqual(before);
  expect(schemaOf(open.database)).toEqual(schema);
});

test('a migration that fails leaves the schema as it was, and the next start can try again', async () => {
  await using open = openMemory();
  await migrateUp(open.db);
  await populate(open.store);
  const before = schemaOf(open.database);
  const failing: Migration = {
    up: async (db) => {
      await addColumn.up(db);
      throw new Error('halfway');
    },
  };
  expect(migrateUp(open.db, { ...migrations, '9999-next': failing })).rejects.toThrow(
    'The database cannot be migrated: halfway.',
  );
  expect(schemaOf(open.database)).toEqual(before);
  await migrateUp(open.db, { ...migrations, '9999-next': addColumn });
});

test('the names of the migrations sort in their order', () => {
  const names = Object.keys(migrations);
  expect(names).toEqual(names.toSorted());
  for (const name of names) expect(name).toMatch(/^\d{4}-[a-z-]+$/);
});

const addColumn = {
  up: (db) => db.schema.alterTable('accounts').addColumn('note', 'text').execute(),
  down: (db) => db.schema.alterTable('accounts').dropColumn('note').execute(),
} satisfies Migration;

type OpenMemory = AsyncDisposable & {
  readonly database: Database;
  readonly db: Kysely<Tables>;
  readonly store: Store;
};

function openMemory(): OpenMemory {
  const database = new Database(':memory:');
  database.run('PRAGMA foreign_keys = ON');
  const db = new Kysely<Tables>({ dialect: bunSqliteDialect(database), plugins: [new CamelCasePlugin()] });
  const close = () => db.destroy();
  const store: Store = { ...createStores(db), kind: 'sqlite', setAside: null, close };
  return { database, db, store, [Symbol.asyncDispose]: close };
}

function schemaOf(database: Database): string[] {
  using statement = database.prepare<{ sql: string }, []>(
    'SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name',
  );
  return statement.all().map((row) => row.sql);
}
