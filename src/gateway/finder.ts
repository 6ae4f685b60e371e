import { asBuffer } from '../lib/as-buffer.ts';

/** What a pattern may match at most, so that a match across two chunks is seen whole. */
const seamBytes = 64;

/** Finds a short ASCII pattern in a stream, wherever its chunks are cut, and looks no further once it has. */
export class Finder {
  readonly #pattern: RegExp;
  #last = '';
  found = false;

  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  look(chunk: Uint8Array): void {
    if (this.found) return;
    const text = this.#last + asBuffer(chunk).toString('latin1');
    this.found = this.#pattern.test(text);
    this.#last = this.found ? '' : text.slice(-seamBytes);
  }
}
