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

/** Statements are compiled once and kept: there are few, and compiling one costs more than running it. */
function adaptDatabase(database: Database): SqliteDatabase {
  const kept = new Map<string, SqliteStatement & Disposable>();
  return {
    prepare: (sql) => {
      // A full disk makes SQLite roll back by itself; a second rollback would fail and hide the first error.
      if (sql === 'rollback' && !database.inTransaction) return nothingToDo;
      const known = kept.get(sql);
      if (known !== undefined) return known;
      const statement = adaptStatement(database, sql);
      kept.set(sql, statement);
      return statement;
    },
    close: () => {
      for (const statement of kept.values()) statement[Symbol.dispose]();
      // Throwing shows a statement that was left open, which would keep the file locked after this.
      database.close(true);
    },
  };
}

function adaptStatement(database: Database, sql: string): SqliteStatement & Disposable {
  const statement = database.prepare<unknown, SQLQueryBindings[]>(sql);
  return {
    reader: statement.columnNames.length > 0,
    all: (parameters) => statement.all(...asBindings(parameters)),
    run: (parameters) => statement.run(...asBindings(parameters)),
    iterate: (parameters) => statement.all(...asBindings(parameters)).values(),
    [Symbol.dispose]: () => statement.finalize(),
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
