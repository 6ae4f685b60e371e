/** Keeps what it is told, and lets a test wait for the next that matches. */
export class Recorder<Entry> {
  readonly all: Entry[] = [];
  #waiters: { matches: (entry: Entry) => boolean; resolve: (entry: Entry) => void }[] = [];

  add(entry: Entry): void {
    this.all.push(entry);
    const waiters = this.#waiters.filter(({ matches }) => matches(entry));
    this.#waiters = this.#waiters.filter((waiter) => !waiters.includes(waiter));
    for (const { resolve } of waiters) resolve(entry);
  }

  next(matches: (entry: Entry) => boolean): Promise<Entry> {
    return new Promise((resolve) => this.#waiters.push({ matches, resolve }));
  }
}
