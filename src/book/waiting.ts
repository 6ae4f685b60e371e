import { hourMs, type EpochMs } from '../core/time.ts';

/** Those who wait for the book to change: requests for their turn, and watchers of its episodes. */
export class Waiting {
  readonly #clock: () => EpochMs;
  readonly #waiters = new Set<() => void>();
  readonly #watchers = new Set<() => void>();

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  /** Resolves at `until`, at `wake` or when `signal` aborts. */
  forTurn(until: EpochMs, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      // A timer fires at once when it is longer than 24.8 days, and early when the wall clock was set back.
      const timer = setTimeout(done, Math.min(Math.max(until - this.#clock(), 1), hourMs));
      this.#waiters.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  wake(): void {
    this.wakeRequests();
    this.changed();
  }

  wakeRequests(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }

  watch(look: () => void): () => void {
    this.#watchers.add(look);
    return () => void this.#watchers.delete(look);
  }

  changed(): void {
    for (const look of this.#watchers) look();
  }
}
