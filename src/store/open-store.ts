import { CamelCasePlugin, Kysely } from 'kysely';
import { bunSqliteDialect } from './bun-sqlite-dialect.ts';
import { createStores, type Stores } from './create-store.ts';
import { migrateUp } from './migrate.ts';
import { openSqliteFile, type OpenOptions } from './sqlite-file.ts';
import type { Tables } from './tables.ts';

/** What Stint remembers across a restart. */
export interface Store extends Stores {
  readonly kind: 'sqlite';
  /** Where a damaged database was moved when this one was opened, for the notice about it; null when none was. */
  readonly setAside: string | null;
  /** Waits for the writes under way, then lets go of the database. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens the database at `path` and brings it to this version's schema. Throws a Problem when another process holds
 * it, when a newer Stint wrote it, or when the file cannot be used at all.
 */
export async function openStore(path: string, options: OpenOptions): Promise<Store> {
  const { database, setAside } = openSqliteFile(path, options);
  const db = new Kysely<Tables>({ dialect: bunSqliteDialect(database), plugins: [new CamelCasePlugin()] });
  try {
    await migrateUp(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const stores = createStores(db);
  let closed: Promise<void> | undefined;
  return {
    ...stores,
    kind: 'sqlite',
    setAside,
    close: () => (closed ??= stores.settled().then(() => db.destroy())),
  };
}
