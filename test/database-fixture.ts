// Databases that earlier versions left behind, as text.
import { Database } from 'bun:sqlite';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dir, 'fixtures/database');

/** One for every schema, by the migration that made it. */
export const fixtures: readonly string[] = readdirSync(folder)
  .map((name) => name.replace(/\.sql$/, ''))
  .toSorted();

/** Writes one to a file; its jobs work in `directory`. */
export function restoreFixture(name: string, path: string, directory: string): void {
  const sql = readFileSync(join(folder, `${name}.sql`), 'utf8').replaceAll('{{folder}}', directory);
  const database = new Database(path, { create: true, strict: true });
  database.run(sql);
  database.close();
}
