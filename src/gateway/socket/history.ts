import type { UpstreamSocket } from './upstream-socket.ts';

/** Memory for the histories of all connections, in characters. */
export type HistoryBudget = { free: number };

/** An answered request: what it went on from, its items and those of its answer, and where its provider still knows it. */
type Told = {
  readonly continues: string | null;
  readonly items: readonly string[];
  upstream: UpstreamSocket | null;
};

/** A conversation up to one of its responses. */
export type Known = { readonly items: readonly string[]; readonly upstream: UpstreamSocket | null };

/**
 * What one connection was told and answered, by the ids of the responses, so that another account can be told all of it.
 * Past its bounds it forgets everything: half a conversation is worse than none.
 */
export class History {
  readonly #told = new Map<string, Told>();
  readonly #limit: number;
  readonly #budget: HistoryBudget;
  #size = 0;

  constructor(limit: number, budget: HistoryBudget) {
    this.#limit = limit;
    this.#budget = budget;
  }

  /** Everything up to and with a response; null when a part of it is missing. */
  upTo(response: string): Known | null {
    const links: Told[] = [];
    for (let id: string | null = response; id !== null;) {
      const told = this.#told.get(id);
      if (told === undefined || links.includes(told)) return null;
      links.unshift(told);
      id = told.continues;
    }
    return { items: links.flatMap((each) => each.items), upstream: links.at(-1)?.upstream ?? null };
  }

  add(response: string, told: Told): void {
    // A request that is complete in itself begins anew, and what came before it is not gone on from any more.
    if (told.continues === null) this.clear();
    const size = told.items.reduce((sum, each) => sum + each.length, 0);
    if (this.#size + size > this.#limit || size > this.#budget.free) return this.clear();
    this.#size += size;
    this.#budget.free -= size;
    this.#told.set(response, told);
  }

  /** From here on it is told anew, also to the account that made it. */
  forgetUpstream(response: string): void {
    const told = this.#told.get(response);
    if (told !== undefined) told.upstream = null;
  }

  clear(): void {
    this.#told.clear();
    this.#budget.free += this.#size;
    this.#size = 0;
  }
}
