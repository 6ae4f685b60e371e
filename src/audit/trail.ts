import type { AuditEntry, AuditRecord } from '../core/audit.ts';
import { oneLine } from '../core/one-line.ts';
import { withoutSecrets } from '../core/secret-form.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import type { AuditQuery, AuditStore } from './ports.ts';

export type TrailDeps = {
  readonly store: AuditStore;
  readonly clock: () => EpochMs;
  /** The disk takes no records; they are kept and tried again. Told once, until it takes some. */
  readonly failed: (error: unknown) => void;
  readonly retryMs?: number;
};

/** While the disk takes nothing, so many wait in memory; beyond that the oldest are given up, and a record says so. */
const mostWaiting = 10_000;
const mostAtOnce = 500;
const usualRetryMs = 5 * secondMs;

type Waiting = { readonly record: Omit<AuditRecord, 'id'>; readonly done: () => void };
type Batch = { readonly records: readonly AuditRecord[]; readonly done: () => void };

/**
 * The audit trail: appends in order, and lets others read on from a cursor as records come. A record has its id when it
 * is written, so that ids go on without a gap and none is known before it is on the disk.
 */
export class AuditTrail {
  readonly #deps: TrailDeps;
  #lastId: number;
  #waiting: Waiting[] = [];
  /** What is being written. It stays the same until that has succeeded: a write that failed may be on the disk after all. */
  #batch: Batch | undefined;
  #writing: Promise<void> | undefined;
  #newest: Promise<void> = Promise.resolve();
  #givenUp = 0;
  #failing = false;
  #stopped = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #readers = new Set<() => void>();

  private constructor(deps: TrailDeps, lastId: number) {
    this.#deps = deps;
    this.#lastId = lastId;
  }

  static async open(deps: TrailDeps): Promise<AuditTrail> {
    return new AuditTrail(deps, await deps.store.lastAudit());
  }

  /** The id of the newest record that is on the disk. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Appends a record; resolves when it is on the disk, or when the disk did not take it and it is tried again. Never rejects. */
  append(entry: AuditEntry): Promise<void> {
    if (this.#waiting.length >= mostWaiting) {
      this.#waiting.shift()?.done();
      this.#givenUp += 1;
    }
    const { promise, resolve: done } = Promise.withResolvers<void>();
    this.#waiting.push({ record: { ...cleaned(entry), at: this.#deps.clock() }, done });
    this.#newest = promise;
    this.#writing ??= this.#write();
    return promise;
  }

  /** Records of the past, among them what was appended before. */
  async read(query: AuditQuery): Promise<readonly AuditRecord[]> {
    await this.#newest;
    return this.#deps.store.readAudit(query);
  }

  /** Every record after a cursor, the past ones first, then each as it comes, until `signal` aborts or the trail stops. */
  async *watch(after: number, signal: AbortSignal): AsyncGenerator<AuditRecord> {
    // One of before a database was set aside: nobody would ever reach it.
    let cursor = Math.min(after, this.#lastId);
    while (!signal.aborted && !this.#stopped) {
      if (cursor >= this.#lastId) {
        await this.#change(signal);
        continue;
      }
      const last = this.#lastId;
      const records = await this.#deps.store.readAudit({ after: cursor, count: mostAtOnce });
      for (const record of records) {
        if (signal.aborted) return;
        yield record;
        cursor = record.id;
      }
      if (records.length === 0) cursor = last;
    }
  }

  /** Removes the records of before a time. */
  async forget(before: EpochMs): Promise<void> {
    await this.#deps.store.removeAudit(before);
  }

  /** Tries what waits for the last time, and ends whoever watches. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#writing;
    if (this.#batch !== undefined || this.#waiting.length > 0) await (this.#writing ??= this.#write());
    clearTimeout(this.#retry);
  }

  async #write(): Promise<void> {
    clearTimeout(this.#retry);
    // By then, what belongs to one change has been appended.
    await Promise.resolve();
    while (this.#batch !== undefined || this.#waiting.length > 0) {
      this.#batch ??= this.#nextBatch();
      if (!(await this.#save(this.#batch))) break;
      this.#batch = undefined;
    }
    this.#writing = undefined;
    if (this.#batch === undefined) return;
    // Nobody waits for a disk that is full.
    for (const each of [this.#batch, ...this.#waiting]) each.done();
    this.#retryLater();
  }

  #nextBatch(): Batch {
    const taken = this.#waiting.splice(0, mostAtOnce);
    const lost = this.#givenUp === 0 ? [] : [{ ...lostRecord(this.#givenUp), at: this.#deps.clock() }];
    this.#givenUp = 0;
    const records = [...lost, ...taken.map((each) => each.record)];
    return {
      records: records.map((record, index) => ({ ...record, id: this.#lastId + 1 + index })),
      done: () => taken.forEach((each) => each.done()),
    };
  }

  async #save(batch: Batch): Promise<boolean> {
    try {
      await this.#deps.store.addAudit(batch.records);
    } catch (error) {
      if (!this.#failing) this.#deps.failed(error);
      this.#failing = true;
      return false;
    }
    this.#failing = false;
    this.#lastId += batch.records.length;
    batch.done();
    this.#wake();
    return true;
  }

  #retryLater(): void {
    if (this.#stopped) return;
    this.#retry = setTimeout(() => {
      this.#writing ??= this.#write();
    }, this.#deps.retryMs ?? usualRetryMs);
    this.#retry.unref();
  }

  /** Resolves when there are more records, when the trail stops, or when `signal` aborts. */
  #change(signal: AbortSignal): Promise<void> {
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

/** The last guard: whoever appends knows what is no secret, but some of it are words of others. */
function cleaned({ actor, subject, detail, ...rest }: AuditEntry): AuditEntry {
  return {
    ...rest,
    actor: clean(actor, 100),
    subject: clean(subject, 200),
    detail: detail === null ? null : clean(detail, 500),
  };
}

function clean(text: string, longest: number): string {
  return oneLine(withoutSecrets(text), longest);
}

function lostRecord(count: number): AuditEntry {
  return {
    kind: 'audit.lost',
    surface: 'daemon',
    actor: 'stint',
    subject: 'audit',
    outcome: 'unavailable',
    detail: `${count} records were given up while the disk took none`,
  };
}
