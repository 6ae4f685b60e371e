import type { Note } from '../agent-tools/ports.ts';
import type { Episode, Phantom, Session } from '../book/ports.ts';
import type { AuditRecord } from '../core/audit.ts';
import type { Account } from '../core/account/account.ts';
import type { AccountId, JobId, Label } from '../core/ids.ts';
import type { Attempt, Job } from '../core/job/job.ts';
import type { Lock } from '../core/lock/lock.ts';
import type { Limit } from '../core/limit/limit.ts';
import type { Notice } from '../core/notice.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { Delivery } from '../notices/ports.ts';

/**
 * The tables as queries see them: in camelCase here, in snake_case in the database. Times are whole milliseconds,
 * booleans 0 and 1, as SQLite and PostgreSQL both hold them.
 */
export type Tables = {
  accounts: Account;
  pools: Omit<Pool, 'accounts' | 'shareSessions' | 'probe'> & {
    readonly shareSessions: 0 | 1;
    readonly probe: 0 | 1;
    readonly current: AccountId | null;
  };
  poolAccounts: { readonly pool: Label; readonly account: AccountId; readonly position: number };
  limits: Omit<Limit, 'overage'> & { readonly slot: string; readonly overage: 0 | 1 };
  sessions: Session;
  /** The reset is JSON. */
  episodes: Omit<Episode, 'reset'> & { readonly reset: string | null };
  phantoms: Phantom;
  /** The facts are JSON. */
  notices: Omit<Notice, 'facts'> & { readonly facts: string; readonly routed: 0 | 1; readonly position: number };
  deliveries: Delivery;
  audit: AuditRecord;
  /** The body is the whole job as JSON. */
  jobs: Pick<Job, 'id' | 'fence' | 'addedAt' | 'changedAt'> & {
    readonly state: Job['state']['kind'];
    readonly body: string;
  };
  attempts: Pick<Attempt, 'id' | 'job' | 'number'> & { readonly body: string };
  effects: {
    readonly id: string;
    readonly job: JobId;
    readonly fence: number;
    readonly place: number;
    readonly body: string;
  };
  notes: Note & { readonly sizeBytes: number };
  fileLocks: Lock;
};
