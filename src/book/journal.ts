import type { EpochMs } from '../core/time.ts';

const retryMs = 5000;

/**
 * Writes what the book decides. A write that fails (a full disk) never stops a request: it is kept, the newest of each
 * key, and tried again until it succeeds; `degraded` says so meanwhile.
 */
export class Journal {
  degraded: { readonly since: EpochMs; readonly reason: string } | null = null;
  readonly #clock: () => EpochMs;
  readonly #failed = new Map<string, () => Promise<void>>();
  readonly #pending = new Set<Promise<void>>();
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  /** Resolves when the write is durable, or has failed and will be tried again. Never rejects. */
  async write(key: string, save: () => Promise<void>): Promise<void> {
    const attempt = this.#attempt(key, save);
    this.#pending.add(attempt);
    await attempt;
    this.#pending.delete(attempt);
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

  async #attempt(key: string, save: () => Promise<void>): Promise<void> {
    try {
      await save();
      this.#failed.delete(key);
      if (this.#failed.size === 0) this.degraded = null;
    } catch (error) {
      this.#failed.set(key, save);
      this.degraded ??= { since: this.#clock(), reason: error instanceof Error ? error.message : String(error) };
      this.#scheduleRetry();
    }
  }

  #scheduleRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#retryFailed(), retryMs);
    this.#retry.unref();
  }

  async #retryFailed(): Promise<void> {
    for (const [key, save] of [...this.#failed]) await this.#attempt(key, save);
  }
}
