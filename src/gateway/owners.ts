import type { AccountId } from '../core/ids.ts';

const kept = 10_000;

/** Which account made what exists at one account only: ids of responses and files, turn state. The newest are kept. */
export class Owners {
  readonly #accounts = new Map<string, AccountId>();

  of(name: string): AccountId | undefined {
    return this.#accounts.get(name);
  }

  note(name: string, account: AccountId): void {
    this.#accounts.delete(name);
    this.#accounts.set(name, account);
    if (this.#accounts.size <= kept) return;
    const oldest = this.#accounts.keys().next();
    if (oldest.done !== true) this.#accounts.delete(oldest.value);
  }
}
