// What the store has to tell of episodes.
import type { BookStore } from '../src/book/ports.ts';
import type { Notice } from '../src/core/notice.ts';
import type { OutboxStore } from '../src/notices/ports.ts';

/** The notices in the store that nobody has shared out, oldest first: in a test of the book, all there are. */
export function noticesIn(store: BookStore): Promise<readonly Notice[]> {
  return (store as BookStore & OutboxStore).unroutedNotices();
}

/** The notices about pools as `pool-recovered usage`, in the order in which things happened. */
export async function kindsIn(store: BookStore): Promise<string[]> {
  const pools = (await noticesIn(store)).filter(({ kind }) => kind.startsWith('pool'));
  return pools.map(({ kind, facts }) => [kind, facts.verifiedBy ?? ''].join(' ').trim());
}
