import type { Kysely } from 'kysely';
import type { ToolStore } from '../agent-tools/ports.ts';
import type { AuditStore } from '../audit/ports.ts';
import type { BookStore } from '../book/ports.ts';
import type { OutboxStore } from '../notices/ports.ts';
import type { JobStore } from '../supervisor/ports.ts';
import { createAuditStore } from './audit-store.ts';
import { createBookStore } from './book-store.ts';
import { createJobStore } from './job-store.ts';
import { createNoticeStore } from './notice-store.ts';
import type { Tables } from './tables.ts';
import { createToolStore } from './tool-store.ts';
import { createWriteQueue, type WriteQueue } from './write-queue.ts';

/** Every table over one queue of writes, which take effect in the order in which they were asked for. */
export type Stores = BookStore & AuditStore & OutboxStore & JobStore & ToolStore;

export function createStores(db: Kysely<Tables>): Stores & Pick<WriteQueue, 'settled'> {
  const queue = createWriteQueue(db);
  return {
    ...createBookStore(db, queue),
    ...createAuditStore(db, queue),
    ...createNoticeStore(db, queue),
    ...createJobStore(db, queue),
    ...createToolStore(db, queue),
    settled: queue.settled,
  };
}
