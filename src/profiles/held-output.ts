import type { Writable } from 'node:stream';

/** Output that is kept back until it is certain that no other attempt goes on; its order stays. */
export class HeldOutput {
  #lines: Buffer[] = [];
  #holding: boolean;
  #released = false;
  #readerGone = false;

  /** `whole` holds from the first line on. */
  constructor(whole: boolean) {
    this.#holding = whole;
  }

  /** Passes a line on, or keeps it with all that follow. */
  async write(to: Writable, line: Buffer, hold: boolean): Promise<void> {
    this.#holding ||= hold && !this.#released;
    if (this.#holding) this.#lines.push(line);
    else await this.#send(to, line);
  }

  /** Holds again what is to be held. */
  rearm(): void {
    this.#released = false;
  }

  /** Lets everything go, and holds nothing until it is rearmed. */
  async release(to: Writable): Promise<void> {
    this.#released = true;
    this.#holding = false;
    for (const line of this.#lines.splice(0)) await this.#send(to, line);
  }

  /** Whether nobody reads any more. */
  get readerGone(): boolean {
    return this.#readerGone;
  }

  async #send(to: Writable, line: Buffer): Promise<void> {
    if (!this.#readerGone) this.#readerGone = !(await send(to, line));
  }
}

/** Waits where the reader is slow. Resolves with whether there still is one. */
export async function send(to: Writable, bytes: Buffer): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const gone = (): void => resolve(false);
  to.once('error', gone).once('close', gone);
  try {
    to.write(bytes, (error) => resolve(error === null || error === undefined));
    return await promise;
  } finally {
    to.off('error', gone).off('close', gone);
  }
}
