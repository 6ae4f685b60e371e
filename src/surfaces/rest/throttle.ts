import { minuteMs, secondMs, type EpochMs } from '../../core/time.ts';
import { Refusal } from './refusal.ts';

const mostWrong = 10;

/** Counts wrong tokens and codes of one listener; a right one is never counted, and always passes. */
export class Throttle {
  readonly #clock: () => EpochMs;
  /** When the latest wrong ones came, the oldest first. */
  #wrong: EpochMs[] = [];

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  /** Notes a wrong one. Throws the 429 when ten came within a minute before it. */
  refused(): void {
    const now = this.#clock();
    this.#wrong = this.#wrong.filter((at) => at > now - minuteMs);
    const [oldest] = this.#wrong;
    if (oldest === undefined || this.#wrong.length < mostWrong) {
      this.#wrong.push(now);
      return;
    }
    const retryAt = oldest + minuteMs;
    throw new Refusal([429, 'unauthorized'], 'Too many wrong tokens were sent.', {
      hint: 'Wait, or send the content of the file `token` in Stint’s home.',
      retryAt,
      headers: { 'retry-after': String(Math.ceil((retryAt - now) / secondMs)) },
    });
  }
}
