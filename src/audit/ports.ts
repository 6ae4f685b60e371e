import type { AuditRecord } from '../core/audit.ts';
import type { EpochMs } from '../core/time.ts';

/** Which records: those after or before a cursor, of a kind that begins so, of a subject, or with `*` at its end of those that begin so. */
export type AuditQuery = {
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly kind?: string | undefined;
  readonly subject?: string | undefined;
  readonly since?: EpochMs | undefined;
  readonly count: number;
};

/** The rows of the audit trail. A write is durable when its promise resolves, and rejects when it is not. */
export interface AuditStore {
  /** The id of the last record; 0 when there is none. */
  lastAudit(): Promise<number>;
  /** All of them or none. One whose id is there already is the same record, from a write whose outcome nobody learned. */
  addAudit(records: readonly AuditRecord[]): Promise<void>;
  /** In the order of their ids: with `after` the first so many, else the last so many. */
  readAudit(query: AuditQuery): Promise<readonly AuditRecord[]>;
  /** Removes the records of before a time, but never the last one: ids go on from it. */
  removeAudit(before: EpochMs): Promise<void>;
}
