import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Notice, NoticeFacts } from '../core/notice.ts';
import type { Delivery, OutboxStore } from '../notices/ports.ts';
import type { Tables } from './tables.ts';
import type { WriteQueue } from './write-queue.ts';

export function createNoticeStore(db: Kysely<Tables>, { write }: Pick<WriteQueue, 'write'>): OutboxStore {
  return {
    async unroutedNotices() {
      const rows = await db.selectFrom('notices').selectAll().where('routed', '=', 0).orderBy('position').execute();
      return rows.map(noticeOf);
    },
    routeNotice: (notice, deliveries) =>
      write(async (on) => {
        for (const each of deliveries) {
          await on
            .insertInto('deliveries')
            .values(each)
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        }
        await on.updateTable('notices').set({ routed: 1 }).where('id', '=', notice).execute();
      }),
    async openDeliveries() {
      const rows = await db
        .selectFrom('deliveries')
        .innerJoin('notices', 'notices.id', 'deliveries.notice')
        .selectAll('deliveries')
        .select(['notices.id', 'notices.kind', 'notices.thread', 'notices.at', 'notices.facts'])
        .where('deliveries.dueAt', 'is not', null)
        .orderBy('notices.position')
        .orderBy('deliveries.channel')
        .execute();
      return rows.map((row) => ({ delivery: deliveryOf(row), notice: noticeOf(row) }));
    },
    saveDelivery: ({ notice, channel, ...rest }) =>
      write((on) =>
        on.updateTable('deliveries').set(rest).where('notice', '=', notice).where('channel', '=', channel).execute(),
      ),
    async lastReference(channel, thread) {
      const row = await db
        .selectFrom('deliveries')
        .innerJoin('notices', 'notices.id', 'deliveries.notice')
        .select('deliveries.reference')
        .where('deliveries.channel', '=', channel)
        .where('notices.thread', '=', thread)
        .where('deliveries.reference', 'is not', null)
        .orderBy('notices.position', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row?.reference ?? null;
    },
    async recentNotices(count) {
      const notices = await db.selectFrom('notices').selectAll().orderBy('position', 'desc').limit(count).execute();
      if (notices.length === 0) return [];
      const ids = notices.map((each) => each.id);
      const rows = await db
        .selectFrom('deliveries')
        .selectAll()
        .where('notice', 'in', ids)
        .orderBy('channel')
        .execute();
      const deliveries = Map.groupBy(rows, (row) => row.notice);
      return notices.map((each) => ({ notice: noticeOf(each), deliveries: deliveries.get(each.id) ?? [] }));
    },
    removeNotices: (before) =>
      write((on) =>
        on
          .deleteFrom('notices')
          .where('at', '<', before)
          .where('routed', '=', 1)
          .where((where) =>
            where.not(
              where.exists(
                where
                  .selectFrom('deliveries')
                  .select('deliveries.notice')
                  .whereRef('deliveries.notice', '=', 'notices.id')
                  .where('deliveries.dueAt', 'is not', null),
              ),
            ),
          )
          .execute(),
      ),
  };
}

/** Inserts those whose id is not there: the same edge is the same notice. */
export async function addNotices(on: Transaction<Tables>, notices: readonly Notice[]): Promise<void> {
  for (const { id, kind, thread, at, facts } of notices) {
    const last = await on
      .selectFrom('notices')
      .select(({ fn }) => fn.max('position').as('position'))
      .executeTakeFirst();
    const position = (last?.position ?? 0) + 1;
    await on
      .insertInto('notices')
      .values({ id, kind, thread, at, facts: JSON.stringify(facts), routed: 0, position })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

type NoticeRow = Omit<Selectable<Tables['notices']>, 'routed' | 'position'>;

function noticeOf({ id, kind, thread, at, facts }: NoticeRow): Notice {
  return { id, kind, thread, at, facts: JSON.parse(facts) as NoticeFacts };
}

function deliveryOf({ notice, channel, attempts, dueAt, toldAt, reference, error }: Delivery): Delivery {
  return { notice, channel, attempts, dueAt, toldAt, reference, error };
}
