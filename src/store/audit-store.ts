import { sql, type Expression, type Kysely, type SqlBool } from 'kysely';
import type { AuditStore } from '../audit/ports.ts';
import type { Tables } from './tables.ts';
import type { WriteQueue } from './write-queue.ts';

export function createAuditStore(db: Kysely<Tables>, { write }: Pick<WriteQueue, 'write'>): AuditStore {
  return {
    async lastAudit() {
      const last = await db.selectFrom('audit').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
      return last?.id ?? 0;
    },
    addAudit: (records) =>
      write((on) =>
        on
          .insertInto('audit')
          .values([...records])
          .onConflict((conflict) => conflict.column('id').doNothing())
          .execute(),
      ),
    async readAudit({ after, before, kind, subject, since, count }) {
      let query = db.selectFrom('audit').selectAll();
      if (after !== undefined) query = query.where('id', '>', after);
      if (before !== undefined) query = query.where('id', '<', before);
      if (kind !== undefined) query = query.where(beginsWith('kind', kind));
      if (subject !== undefined)
        query = subject.endsWith('*')
          ? query.where(beginsWith('subject', subject.slice(0, -1)))
          : query.where('subject', '=', subject);
      if (since !== undefined) query = query.where('at', '>=', since);
      const rows = await query
        .orderBy('id', after === undefined ? 'desc' : 'asc')
        .limit(count)
        .execute();
      return after === undefined ? rows.toReversed() : rows;
    },
    removeAudit: (before) =>
      write((on) =>
        on
          .deleteFrom('audit')
          .where('at', '<', before)
          .where('id', '<', (where) => where.selectFrom('audit').select(({ fn }) => fn.max('id').as('id')))
          .execute(),
      ),
  };
}

/** What people type is no pattern, as LIKE would take it for one. */
function beginsWith(column: 'kind' | 'subject', text: string): Expression<SqlBool> {
  return sql<SqlBool>`substr(${sql.ref(column)}, 1, length(${text})) = ${text}`;
}
