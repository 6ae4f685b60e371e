import { minuteMs, type EpochMs } from '../core/time.ts';

/**
 * One timer by wall clock: it fires once the clock has reached a time, however long that is, and looks at the clock at
 * least every so often, since a machine sleeps, and clocks are set.
 */
export class WakeUp {
  readonly #clock: () => EpochMs;
  readonly #run: () => void;
  readonly #looksEveryMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: () => EpochMs, run: () => void, looksEveryMs: number = minuteMs) {
    this.#clock = clock;
    this.#run = run;
    this.#looksEveryMs = looksEveryMs;
  }

  /** Replaces the time; null for none. */
  set(at: EpochMs | null): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (at === null) return;
    const waitMs = Math.min(Math.max(at - this.#clock(), 0), this.#looksEveryMs);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#clock() >= at) this.#run();
      else this.set(at);
    }, waitMs);
  }

  stop(): void {
    this.set(null);
  }
}
