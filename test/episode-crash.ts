// A process in which a pool is exhausted and recovers, killed at a point of that; run by src/book/episode-crash.test.ts.
import { join } from 'node:path';
import type { BookStore } from '../src/book/ports.ts';
import type { Signal } from '../src/core/limit/signal.ts';
import { hourMs, minuteMs } from '../src/core/time.ts';
import { openBook, type OpenedBook } from './book-rig.ts';
import { captured, idOf } from './builders.ts';

/** Where the process dies: before or after the write of an edge; `halfway` when the limits are durable and the episode is not. */
export type EpisodeCrash =
  | 'before-exhausted'
  | 'halfway'
  | 'after-exhausted'
  | 'before-recovered'
  | 'after-recovered'
  | 'never';

/** What the agents of the pool meet: limits on both accounts, and then an account that serves. */
export type Scene = 'closed-then-served' | 'served';

const model = 'claude-sonnet-4-5';

if (import.meta.main) {
  const [folder = '', point, scene] = process.argv.slice(2);
  const dieAt = (here: string): void => {
    if (here === point) process.kill(process.pid, 'SIGKILL');
  };
  const wrapStore = (store: BookStore): BookStore => {
    let limits: Promise<void> = Promise.resolve();
    return {
      ...store,
      saveLimits: (rows) => (limits = store.saveLimits(rows)),
      saveEpisode: async (episode, notices) => {
        const edge = episode.recoveredAt === null ? 'exhausted' : 'recovered';
        dieAt(`before-${edge}`);
        if (point === 'halfway') {
          await limits;
          dieAt('halfway');
        }
        await store.saveEpisode(episode, notices);
        dieAt(`after-${edge}`);
      },
    };
  };
  await using opened = await openBook({ path: join(folder, 'stint.db'), now: captured, wrapStore });
  if (scene === 'closed-then-served') {
    for (const label of ['a', 'b', 'a', 'b']) await see(opened, label, true);
  }
  opened.now = captured + 2 * hourMs;
  for (const label of ['a', 'b']) await see(opened, label, false);
}

async function see({ book, now }: OpenedBook, label: string, closed: boolean): Promise<void> {
  const until = now + hourMs + minuteMs;
  const limit = { kind: 'closed', window: 'five_hour', family: null, overage: false, until, evidence: 'full' } as const;
  const signals: readonly Signal[] = closed ? [limit] : [];
  await book.observe({ account: idOf(label), model, sentAt: now, signals, served: !closed });
}
