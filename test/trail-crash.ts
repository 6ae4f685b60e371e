// A process that appends to the audit trail as fast as it can, and prints the id of the newest record, until it is killed; run
// by src/audit/trail-crash.test.ts.
import { AuditTrail } from '../src/audit/trail.ts';
import { openStore } from '../src/store/open-store.ts';

/** The database, and what every record is about. */
export type TrailCrashArguments = readonly [path: string, subject: string];

if (import.meta.main) {
  const [path, subject] = process.argv.slice(2) as unknown as TrailCrashArguments;
  const store = await openStore(path, { now: 0 });
  const failed = (error: unknown): never => {
    throw error;
  };
  const trail = await AuditTrail.open({ store, clock: Date.now, failed });
  const record = { kind: 'test', surface: 'daemon', actor: 'stint', subject, outcome: 'done', detail: null } as const;
  for (;;) {
    await Promise.all([trail.append(record), trail.append(record), trail.append(record)]);
    process.stdout.write(`${trail.lastId}\n`);
  }
}
