import type { JobId } from '../core/ids.ts';

/**
 * The jobs whose agents wait for other jobs with a tool, as long as a call lasts: who waits takes no place, else those
 * that it waits for might never get one. Nothing of it is kept, since a call does not outlive the daemon.
 */
export class Awaiting {
  readonly #calls = new Set<{ readonly job: JobId; readonly others: readonly JobId[] }>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Until that is disposed of. */
  begin(job: JobId, others: readonly JobId[]): Disposable {
    const call = { job, others };
    this.#calls.add(call);
    this.#changed();
    return {
      [Symbol.dispose]: () => {
        this.#calls.delete(call);
        this.#changed();
      },
    };
  }

  has(job: JobId): boolean {
    return [...this.#calls].some((call) => call.job === job);
  }

  of(job: JobId): readonly JobId[] {
    return [...this.#calls].filter((call) => call.job === job).flatMap(({ others }) => others);
  }
}
