import type { Kysely } from 'kysely';
import { asJobId } from '../core/ids.ts';
import type { ToolStore } from '../agent-tools/ports.ts';
import type { Tables } from './tables.ts';
import type { WriteQueue } from './write-queue.ts';

export function createToolStore(db: Kysely<Tables>, { write }: Pick<WriteQueue, 'write'>): ToolStore {
  return {
    loadLocks: async () => {
      const rows = await db.selectFrom('fileLocks').selectAll().orderBy('path').execute();
      // Once a lock was an attempt's.
      return rows.map((row) => ({ ...row, holder: asJobId(row.holder.replace(/\.\d+$/, '')) }));
    },
    saveLocks: (locks) =>
      write(async (on) => {
        await on.deleteFrom('fileLocks').execute();
        for (const lock of locks) await on.insertInto('fileLocks').values(lock).execute();
      }),
    findNote: async (root, name) =>
      (await db
        .selectFrom('notes')
        .select(['root', 'name', 'text', 'job', 'at'])
        .where('root', '=', root)
        .where('name', '=', name)
        .executeTakeFirst()) ?? null,
    listNotes: (root) =>
      db
        .selectFrom('notes')
        .select(['root', 'name', 'job', 'at', 'sizeBytes'])
        .where('root', '=', root)
        .orderBy('name')
        .execute(),
    async writeNote(note, most) {
      const row = { ...note, sizeBytes: Buffer.byteLength(note.text) };
      const { root, name, ...rest } = row;
      let written = false;
      await write(async (on) => {
        const others = await on
          .selectFrom('notes')
          .select((all) => all.fn.countAll<number>().as('count'))
          .where('root', '=', root)
          .where('name', '!=', name)
          .executeTakeFirstOrThrow();
        written = Number(others.count) < most;
        if (!written) return;
        await on
          .insertInto('notes')
          .values(row)
          .onConflict((conflict) => conflict.columns(['root', 'name']).doUpdateSet(rest))
          .execute();
      });
      return written;
    },
    async removeNote(root, name) {
      let removed = false;
      await write(async (on) => {
        const gone = await on.deleteFrom('notes').where('root', '=', root).where('name', '=', name).executeTakeFirst();
        removed = gone.numDeletedRows > 0n;
      });
      return removed;
    },
  };
}
