import type { EpochMs } from '../core/time.ts';

const retryMs = 5000;

type Entry = { readonly key: string; readonly save: () => Promise<void> };

/**
 * Writes what the book decides. A write that fails (a full disk) never stops a request: it is kept, the newest of each
 * key, and tried again until it succeeds; `degraded` says so meanwhile.
 */
export class Journal {
  degraded: { readonly since: EpochMs; readonly reason: string } | null = null;
  readonly #clock: () => EpochMs;
  /** The newest write of each key that is not durable yet: only that one may be tried again. */
  readonly #newest = new Map<string, Entry>();
  readonly #failed = new Map<string, Entry>();
  readonly #pending = new Set<Promise<void>>();
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  /** Resolves when the write is durable, or has failed and will be tried again. Never rejects. */
  async write(key: string, save: () => Promise<void>): Promise<void> {
    const entry: Entry = { key, save };
    this.#newest.set(key, entry);
    this.#failed.delete(key);
    const attempt = this.#attempt(entry);
    this.#pending.add(attempt);
    await attempt;
    this.#pending.delete(attempt);
  }

  /** Gives up the writes of a key that have failed: what they are about is gone. */
  forget(key: string): void {
    this.#newest.delete(key);
    this.#failed.delete(key);
  }

  /** What is being written at this moment; undefined when nothing is. Whoever acts on the book's state awaits it first. */
  written(): Promise<unknown> | undefined {
    return this.#pending.size === 0 ? undefined : Promise.all(this.#pending);
  }

  /** Tries the failed writes for the last time. */
  async stop(): Promise<void> {
    clearTimeout(this.#retry);
    await Promise.all(this.#pending);
    await this.#retryFailed();
    clearTimeout(this.#retry);
  }

  async #attempt(entry: Entry): Promise<void> {
    try {
      await entry.save();
      if (this.#isNewest(entry)) this.forget(entry.key);
      if (this.#failed.size === 0) this.degraded = null;
    } catch (error) {
      if (!this.#isNewest(entry)) return;
      this.#failed.set(entry.key, entry);
      this.degraded ??= { since: this.#clock(), reason: error instanceof Error ? error.message : String(error) };
      this.#scheduleRetry();
    }
  }

  #isNewest(entry: Entry): boolean {
    return this.#newest.get(entry.key) === entry;
  }

  #scheduleRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#retryFailed(), retryMs);
    this.#retry.unref();
  }

  async #retryFailed(): Promise<void> {
    // A newer write of a key may come while an older one of another key is tried.
    for (const entry of [...this.#failed.values()]) if (this.#isNewest(entry)) await this.#attempt(entry);
  }
}
