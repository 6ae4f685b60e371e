import type { Database, SQLQueryBindings } from 'bun:sqlite';
import { SqliteAdapter, SqliteDialect, type Dialect, type SqliteDatabase, type SqliteStatement } from 'kysely';

/** A Kysely dialect over an open bun:sqlite database, which Kysely closes when it is destroyed. */
export function bunSqliteDialect(database: Database): Dialect {
  const dialect = new SqliteDialect({ database: adaptDatabase(database) });
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => dialect.createDriver(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  };
}

/** Kysely migrates SQLite outside a transaction; SQLite can do it inside one, so that a crash leaves no half schema. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function adaptDatabase(database: Database): SqliteDatabase {
  return {
    prepare: (sql) => adaptStatement(database, sql),
    // Throwing shows a statement that was left open, which would keep the file locked after this.
    close: () => database.close(true),
  };
}

function adaptStatement(database: Database, sql: string): SqliteStatement {
  // A full disk makes SQLite roll back by itself; a second rollback would fail and hide the first error.
  if (sql === 'rollback' && !database.inTransaction) return nothingToDo;
  const statement = database.prepare<unknown, SQLQueryBindings[]>(sql);
  const use = <Result>(run: () => Result): Result => {
    try {
      return run();
    } finally {
      statement.finalize();
    }
  };
  return {
    reader: statement.columnNames.length > 0,
    all: (parameters) => use(() => statement.all(...asBindings(parameters))),
    run: (parameters) => use(() => statement.run(...asBindings(parameters))),
    iterate: (parameters) => use(() => statement.all(...asBindings(parameters))).values(),
  };
}

function asBindings(parameters: readonly unknown[]): SQLQueryBindings[] {
  return parameters as SQLQueryBindings[];
}

const nothingToDo: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};
