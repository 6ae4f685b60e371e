import type { EpochMs } from '../core/time.ts';

const sweepMs = 500;

/** One upstream exchange under watch. `dueAt` is when its present wait has lasted too long; 0 while it waits for nothing. */
export type Watched = { dueAt: EpochMs; readonly expire: () => void };

/** Ends waits that last too long: one timer for all exchanges, since each waits for minutes and few expire. */
export class Deadlines {
  readonly #watched = new Set<Watched>();
  readonly #clock: () => EpochMs;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#sweep(), sweepMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  watch(watched: Watched): void {
    this.#watched.add(watched);
  }

  release(watched: Watched): void {
    this.#watched.delete(watched);
  }

  #sweep(): void {
    const now = this.#clock();
    for (const watched of this.#watched) {
      if (watched.dueAt === 0 || watched.dueAt > now) continue;
      watched.dueAt = 0;
      watched.expire();
    }
  }
}
