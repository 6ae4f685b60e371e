import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

type Write = (transaction: Transaction<Tables>) => Promise<unknown>;

export type WriteQueue = {
  /** Resolves when the write is on the disk. */
  readonly write: (write: Write) => Promise<void>;
  /** Resolves when every write that was asked for so far has ended. */
  readonly settled: () => Promise<void>;
};

/** By then, what belongs to one decision has been asked for: a limit, and the move that follows from it. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

type Waiting = { readonly write: Write; readonly done: () => void; readonly failed: (error: unknown) => void };

/** Commits what has gathered while the last commit ran as one: a herd of writes costs the disk one wait. */
export function createWriteQueue(db: Kysely<Tables>): WriteQueue {
  let waiting: Waiting[] = [];
  let last: Promise<unknown> = Promise.resolve();

  const commit = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      await db.transaction().execute(async (transaction) => {
        for (const { write } of batch) await write(transaction);
      });
    } catch (error) {
      const [first, ...more] = batch;
      if (more.length === 0) return first?.failed(error);
      // One that cannot be written must not take the others with it.
      for (const each of batch) await commit([each]);
      return;
    }
    for (const { done } of batch) done();
  };

  const commitWaiting = (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    return commit(batch);
  };

  return {
    write: (write) =>
      new Promise((done, failed) => {
        waiting.push({ write, done, failed });
        if (waiting.length === 1) last = last.then(endOfTurn).then(commitWaiting);
      }),
    settled: async () => void (await last),
  };
}
