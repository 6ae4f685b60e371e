import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { Kysely, sql } from 'kysely';
import { bunSqliteDialect } from './bun-sqlite-dialect.ts';

type Notes = { notes: { id: number; text: string | null } };

test('reads, writes, counts and returns rows', async () => {
  await using open = await openNotes();
  const inserted = await open.db
    .insertInto('notes')
    .values([
      { id: 1, text: null },
      { id: 2, text: 'two' },
    ])
    .executeTakeFirst();
  expect(inserted.numInsertedOrUpdatedRows).toBe(2n);
  const returned = await open.db
    .updateTable('notes')
    .set({ text: 'x' })
    .where('id', '=', 1)
    .returning('text')
    .execute();
  expect(returned).toEqual([{ text: 'x' }]);
  const deleted = await open.db.deleteFrom('notes').where('id', '>', 5).executeTakeFirst();
  expect(deleted.numDeletedRows).toBe(0n);
  const streamed = [];
  for await (const row of open.db.selectFrom('notes').selectAll().orderBy('id').stream()) streamed.push(row);
  expect(streamed).toEqual([
    { id: 1, text: 'x' },
    { id: 2, text: 'two' },
  ]);
});

test('a transaction that throws leaves nothing', async () => {
  await using open = await openNotes();
  const attempt = open.db.transaction().execute(async (transaction) => {
    await transaction.insertInto('notes').values({ id: 1, text: 'gone' }).execute();
    throw new Error('changed my mind');
  });
  await expect(attempt).rejects.toThrow('changed my mind');
  expect(await open.db.selectFrom('notes').selectAll().execute()).toEqual([]);
});

test('a full disk is reported as such, and the database works on when there is room again', async () => {
  await using open = await openNotes();
  await sql`PRAGMA max_page_count = 20`.execute(open.db);
  const tooMuch = open.db.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('notes')
      .values({ id: 1, text: 'x'.repeat(200_000) })
      .execute();
  });
  await expect(tooMuch).rejects.toThrow('database or disk is full');
  await sql`PRAGMA max_page_count = 1000`.execute(open.db);
  await open.db.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('notes')
      .values({ id: 1, text: 'x'.repeat(200_000) })
      .execute();
  });
  expect(await open.db.selectFrom('notes').select('id').execute()).toEqual([{ id: 1 }]);
});

test('nothing keeps the database open when Kysely lets go of it', async () => {
  const { db, database } = await openNotes();
  await db.insertInto('notes').values({ id: 1, text: null }).execute();
  await expect(db.insertInto('notes').values({ id: 1, text: null }).execute()).rejects.toThrow('UNIQUE');
  await db.destroy();
  expect(() => database.run('SELECT 1')).toThrow();
});

async function openNotes(): Promise<AsyncDisposable & { db: Kysely<Notes>; database: Database }> {
  const database = new Database(':memory:');
  const db = new Kysely<Notes>({ dialect: bunSqliteDialect(database) });
  await sql`CREATE TABLE notes (id integer PRIMARY KEY, text text)`.execute(db);
  return { db, database, [Symbol.asyncDispose]: () => db.destroy() };
}
