import type { Label } from '../core/ids.ts';
import type { Notice } from '../core/notice.ts';
import { dayMs, type EpochMs } from '../core/time.ts';
import type { Book, BookEvent } from './book.ts';
import { episodesBegun } from './episode.ts';
import { exhaustedNotice, recoveredNotice } from './notice-of.ts';
import { isResetUnderWay, type Episode, type EpisodeReset } from './ports.ts';
import { episodeKey, type PoolState } from './state.ts';

/** Shorter than notices are kept: one that was told must not be told again. */
const untoldForMs = 8 * dayMs;

type Deps = { readonly tell: (event: BookEvent) => void; readonly noticed: () => void };

/**
 * Begins and ends episodes. Each edge is one notice, which is written in one transaction with its episode, and is
 * written again with whatever follows until the store has taken it.
 */
export class Edges {
  readonly #book: Book;
  readonly #deps: Deps;
  /** Notices by their episode that the store has not taken yet. */
  readonly #untold = new Map<string, readonly Notice[]>();

  constructor(book: Book, deps: Deps) {
    this.#book = book;
    this.#deps = deps;
  }

  /** Tells of open episodes that a Stint which told nobody has begun: their end alone would make no sense. */
  tellUntold(): void {
    const { state, journal, store, clock } = this.#book;
    for (const episode of state.episodes.values()) {
      const pool = state.pools.get(episode.pool);
      if (pool === undefined || clock() - episode.exhaustedAt > untoldForMs) continue;
      const notice = exhaustedNotice(pool, episode, false);
      void journal.write(`notice:${notice.id}`, () => store.addNotices([notice]));
    }
  }

  /** Begins the episodes of these pools that are to begin: when something has closed, for the model that was asked for. */
  begin(pools: Iterable<PoolState>, model: string | null): void {
    for (const pool of pools) if (!pool.removed) this.#begin(pool, model);
  }

  /** Ends episodes; of the families that are still closed then, others begin. */
  end(episodes: readonly Episode[]): void {
    if (episodes.length === 0) return;
    const { state } = this.#book;
    const pools = new Set<PoolState>();
    for (const episode of episodes) {
      const pool = state.pools.get(episode.pool);
      state.episodes.delete(episodeKey(episode.pool, episode.family));
      if (pool === undefined) continue;
      pools.add(pool);
      if (episode.reset !== null) state.resets.set(episode.id, episode);
      this.#deps.tell({ kind: 'recovered', episode });
      void this.#save(episode, [recoveredNotice(pool, episode, this.#book.clock())]);
    }
    this.begin(pools, null);
    this.#book.waiting.changed();
  }

  /** Ends episodes of which people know: nothing has recovered, so nothing is told and no agent is reset. */
  endSilently(episodes: readonly Episode[]): void {
    if (episodes.length === 0) return;
    const { state } = this.#book;
    for (const episode of episodes) {
      state.episodes.delete(episodeKey(episode.pool, episode.family));
      void this.#save(episode, []);
    }
    this.begin(
      episodes.flatMap((each) => state.pools.get(each.pool) ?? []),
      null,
    );
    this.#book.waiting.changed();
  }

  /** Changes the reset of a recovered episode, with the notices about it; nothing where the episode is gone. */
  async saveReset(id: string, reset: EpisodeReset, notices: readonly Notice[]): Promise<void> {
    const { resets } = this.#book.state;
    const known = resets.get(id);
    if (known === undefined) return;
    const episode = { ...known, reset };
    if (isResetUnderWay(reset)) resets.set(id, episode);
    else resets.delete(id);
    await this.#save(episode, notices);
  }

  /** Forgets what is about the episodes of a pool, or of before a time. */
  forget(isOver: { readonly pool: Label } | { readonly before: EpochMs }): void {
    const { episodes, resets } = this.#book.state;
    for (const map of [episodes, resets]) {
      for (const [key, { id, pool, exhaustedAt }] of map) {
        if ('pool' in isOver ? pool !== isOver.pool : exhaustedAt >= isOver.before) continue;
        map.delete(key);
        this.#untold.delete(id);
        this.#book.journal.forget(`episode:${id}`);
      }
    }
    this.#book.waiting.changed();
  }

  /** Gives what is about the episodes of a pool its new name. The store has done so for those that it has. */
  rename(name: Label, to: Label): void {
    const { episodes, resets } = this.#book.state;
    for (const episode of [...episodes.values(), ...resets.values()]) {
      if (episode.pool !== name) continue;
      const renamed = { ...episode, pool: to };
      if (resets.delete(episode.id)) resets.set(episode.id, renamed);
      else if (episodes.delete(episodeKey(name, episode.family))) episodes.set(episodeKey(to, episode.family), renamed);
      // One that began or went on meanwhile was written with the name of before.
      void this.#save(renamed, []);
    }
    this.#book.waiting.changed();
  }

  #begin(pool: PoolState, model: string | null): void {
    const { state, clock } = this.#book;
    const now = clock();
    for (const { episode, widened, absorbed } of episodesBegun(state, pool, { model, now })) {
      for (const each of absorbed) {
        state.episodes.delete(episodeKey(each.pool, each.family));
        // Whoever was told of it hears the end of the one that it is part of.
        if (each.id !== episode.id) void this.#save({ ...each, recoveredAt: now }, []);
      }
      state.episodes.set(episodeKey(episode.pool, episode.family), episode);
      this.#deps.tell({ kind: 'exhausted', episode });
      void this.#save(episode, [exhaustedNotice(pool, episode, widened)]);
      this.#book.waiting.changed();
    }
  }

  #save(episode: Episode, notices: readonly Notice[]): Promise<void> {
    const { id } = episode;
    this.#untold.set(id, [...(this.#untold.get(id) ?? []), ...notices]);
    return this.#book.journal.write(`episode:${id}`, async () => {
      const told = this.#untold.get(id) ?? [];
      await this.#book.store.saveEpisode(episode, told);
      const left = (this.#untold.get(id) ?? []).filter((each) => !told.includes(each));
      if (left.length === 0) this.#untold.delete(id);
      else this.#untold.set(id, left);
      if (told.length > 0) this.#deps.noticed();
      // A reset that is due waits for that.
      this.#book.waiting.changed();
    });
  }
}
