import type { AuditEntry, AuditRecord } from '../core/audit.ts';
import type { EpochMs } from '../core/time.ts';
import type { AuditQuery, AuditStore } from './ports.ts';

export type TrailDeps = {
  readonly store: AuditStore;
  readonly clock: () => EpochMs;
  /** A record could not be written; it is kept and tried again with the next one. */
  readonly failed: (error: unknown) => void;
};

/** While the disk is full, so many wait in memory; beyond that the oldest are given up. */
const mostWaiting = 10_000;
const readAtOnce = 500;

/** The audit trail: appends in order, and lets others read on from a cursor as records come. */
export class AuditTrail {
  readonly #deps: TrailDeps;
  #lastId: number;
  #waiting: AuditRecord[] = [];
  #writing: Promise<void> | undefined;
  #readers = new Set<() => void>();

  private constructor(deps: TrailDeps, lastId: number) {
    this.#deps = deps;
    this.#lastId = lastId;
  }

  static async open(deps: TrailDeps): Promise<AuditTrail> {
    return new AuditTrail(deps, await deps.store.lastAudit());
  }

  /** The id of the newest record. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Appends a record; it is durable when the promise resolves, which never rejects. */
  append(entry: AuditEntry): Promise<void> {
    this.#lastId += 1;
    this.#waiting.push({ ...entry, id: this.#lastId, at: this.#deps.clock() });
    if (this.#waiting.length > mostWaiting) this.#waiting.shift();
    this.#writing ??= this.#write();
    return this.#writing;
  }

  /** Records of the past, those included that the disk has not taken yet. */
  async read(query: AuditQuery): Promise<readonly AuditRecord[]> {
    await this.#writing;
    return this.#deps.store.readAudit(query);
  }

  /** Every record after a cursor, the past ones first, then each as it comes, until `signal` aborts. */
  async *watch(after: number, signal: AbortSignal): AsyncGenerator<AuditRecord> {
    // One of before a database was set aside: nobody would ever reach it.
    let cursor = Math.min(after, this.#lastId);
    while (!signal.aborted) {
      const records = await this.read({ after: cursor, count: readAtOnce });
      for (const record of records) {
        yield record;
        cursor = record.id;
      }
      if (records.length === 0 && !signal.aborted) await this.#next(signal);
    }
  }

  /** Waits for the records under way; later ones are written too, as long as the store is open. */
  async stop(): Promise<void> {
    this.#wake();
    await this.#writing;
  }

  async #write(): Promise<void> {
    // By then, what belongs to one change has been appended.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const results = await Promise.allSettled(batch.map((each) => this.#deps.store.addAudit(each)));
      const lost = batch.filter((_, index) => results[index]?.status === 'rejected');
      if (lost.length === 0) continue;
      this.#waiting = [...lost, ...this.#waiting];
      this.#deps.failed(results.find((each) => each.status === 'rejected')?.reason);
      break;
    }
    this.#writing = undefined;
    this.#wake();
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#readers.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#readers.add(done);
      signal.addEventListener('abort', done);
    });
  }

  #wake(): void {
    for (const reader of [...this.#readers]) reader();
  }
}
