import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Output that is kept back until it is certain that no other attempt goes on; its order stays. */
export class HeldOutput {
  #lines: Buffer[] = [];
  #holding: boolean;
  #released = false;

  /** `whole` holds from the first line on. */
  constructor(whole: boolean) {
    this.#holding = whole;
  }

  /** Passes a line on, or keeps it with all that follow. */
  async write(to: Writable, line: Buffer, hold: boolean): Promise<void> {
    this.#holding ||= hold && !this.#released;
    if (this.#holding) this.#lines.push(line);
    else await send(to, line);
  }

  /** Holds again what is to be held. */
  rearm(): void {
    this.#released = false;
  }

  /** Lets everything go, and holds nothing until it is rearmed. */
  async release(to: Writable): Promise<void> {
    this.#released = true;
    this.#holding = false;
    for (const line of this.#lines.splice(0)) await send(to, line);
  }
}

/** Waits where the reader is slow. One that has gone is found out by the CLI's own output no more than by this. */
export async function send(to: Writable, bytes: Buffer): Promise<void> {
  if (to.write(bytes)) return;
  await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => undefined);
}
