import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { CamelCasePlugin, Kysely, type Migration } from 'kysely';
import { bunSqliteDialect } from './bun-sqlite-dialect.ts';
import { createStores } from './create-store.ts';
import { buildPool, idOf, labelFrom } from '../../test/builders.ts';
import { populate } from './conformance.test.ts';
import { migrateDown, migrateUp } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { populateNotices } from './outbox-conformance.test.ts';
import type { Store } from './open-store.ts';
import { auditRecord } from './audit-conformance.test.ts';
import type { Tables } from './tables.ts';

test('every migration can be taken back from a populated database and made again', async () => {
  await using open = openMemory();
  await migrateUp(open.db);
  const before = schemaOf(open.database);
  await populate(open.store);
  await populateNotices(open.store);
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

test('the members of pools, their limits and episodes survive the migration for notices, up and down', async () => {
  await using open = openMemory();
  const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0003'));
  await migrateUp(open.db, before);
  for (const row of rowsOfBefore) open.database.run(row);
  const [schema, rows] = [schemaOf(open.database), rowsOf(open.database)];

  await migrateUp(open.db);
  const loaded = await open.store.load();
  expect(loaded).toMatchObject({
    accounts: [{ id: idOf('a') }, { id: idOf('b') }],
    pools: [buildPool([idOf('b'), idOf('a')], { strategy: 'priority', pinned: idOf('b'), shareSessions: true })],
    currents: new Map([[labelFrom('anthropic'), idOf('a')]]),
    limits: [{ account: idOf('a'), window: 'five_hour', until: 900 }],
    sessions: [{ id: 'session', account: idOf('a') }],
    episodes: [{ id: 'episode', model: null, verifiedBy: null, reset: null }],
    phantoms: [{ pool: labelFrom('anthropic') }],
  });

  await open.store.savePools(
    loaded.pools.map((pool) => ({ ...pool, holdMs: 1000, probe: true, authResetTarget: 'openai-codex' })),
  );
  await populateNotices(open.store);
  await open.store.addAudit([auditRecord]);
  await migrateDown(open.db, Object.keys(before).at(-1) ?? '');
  expect(schemaOf(open.database)).toEqual(schema);
  expect(rowsOf(open.database)).toEqual(rows);

  await migrateUp(open.db);
  expect(await open.store.load()).toEqual(loaded);
  expect([await open.store.recentNotices(9), await open.store.readAudit({ count: 9 })]).toEqual([[], []]);
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

/** What a Stint of before the notices wrote. */
const rowsOfBefore = [
  `INSERT INTO accounts (id, provider, label, credential, standing, added_at) VALUES
    ('anthropic/a', 'anthropic', 'a', 'api-key', 'enabled', 1), ('anthropic/b', 'anthropic', 'b', 'api-key', 'enabled', 2)`,
  `INSERT INTO pools (name, provider, strategy, overage, pinned, current, share_sessions) VALUES
    ('anthropic', 'anthropic', 'priority', 'forbid', 'anthropic/b', 'anthropic/a', 1)`,
  `INSERT INTO pool_accounts VALUES ('anthropic', 'anthropic/b', 0), ('anthropic', 'anthropic/a', 1)`,
  `INSERT INTO limits VALUES ('anthropic/a', 'five_hour|*|closed', 'five_hour', NULL, 0, 1, 'provider', 900, 100, 0, 'x')`,
  `INSERT INTO sessions VALUES ('session', 'anthropic', 'anthropic/a', 10, 20, 30, 0)`,
  `INSERT INTO episodes VALUES ('episode', 'anthropic', NULL, 40, NULL)`,
  `INSERT INTO phantoms VALUES ('0123456789abcdef', 'hash', 'anthropic', 'anthropic', 'env', 0, 50, 60)`,
];

function rowsOf(database: Database): unknown[] {
  const tables = ['accounts', 'pools', 'pool_accounts', 'limits', 'sessions', 'episodes', 'phantoms'];
  return tables.map((table) => {
    using statement = database.prepare(`SELECT * FROM ${table} ORDER BY rowid`);
    return statement.all();
  });
}

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
