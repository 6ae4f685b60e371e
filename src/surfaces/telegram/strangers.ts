import { hourMs, type EpochMs } from '../../core/time.ts';

/** One answer an hour to each chat, and so many to all of them: a bot can be written to by anybody. */
const mostAnHour = 20;

/** Chats that may not use the bot. */
export class Strangers {
  readonly #clock: () => EpochMs;
  readonly #told = new Map<number, EpochMs>();

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  /** Whether a chat is to be told that it may not. */
  mayTell(chat: number): boolean {
    const now = this.#clock();
    for (const [each, at] of this.#told) if (now - at >= hourMs) this.#told.delete(each);
    if (this.#told.has(chat) || this.#told.size >= mostAnHour) return false;
    this.#told.set(chat, now);
    return true;
  }
}

/** The id is what the owner needs to let it in, and nothing else is said. */
export function refusalFor(chat: number): string {
  return `This bot is private. Its owner can let this chat in: its id is <code>${chat}</code>, and goes into <code>telegram.chats</code> of the settings.`;
}
