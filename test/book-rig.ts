// A book of the accounts `a` and `b` over a store on disk, on a clock that only the test moves.
import { join } from 'node:path';
import { Book, type BookEvent } from '../src/book/book.ts';
import type { BookStore } from '../src/book/ports.ts';
import { addAccount } from '../src/book/roster.ts';
import { openStore } from '../src/store/open-store.ts';
import { buildAccount } from './builders.ts';
import { temporaryFolder } from './temp-folder.ts';

export type OpenedBook = AsyncDisposable & {
  readonly book: Book;
  readonly events: BookEvent[];
  /** Epoch ms on the clock of the book. */
  now: number;
};

type Options = {
  readonly path: string;
  readonly now?: number;
  readonly wrapStore?: (store: BookStore) => BookStore;
  readonly noticed?: () => void;
};

/** Opens what the database at this path holds; closing it is a regular stop. */
export async function openBook({ path, now = 0, wrapStore, noticed = () => undefined }: Options): Promise<OpenedBook> {
  const store = await openStore(path, { now });
  const events: BookEvent[] = [];
  const time = { now };
  const book = await Book.open({
    store: wrapStore?.(store) ?? store,
    clock: () => time.now,
    tell: (event) => events.push(event),
    noticed,
  });
  return {
    book,
    events,
    get now() {
      return time.now;
    },
    set now(value) {
      time.now = value;
    },
    [Symbol.asyncDispose]: async () => {
      await book.stop();
      await store.close();
    },
  };
}

/** Opens a new book and fills it; the database is gone with the scope. */
export async function openedBook(): Promise<OpenedBook> {
  const folder = temporaryFolder();
  const opened = await openBook({ path: join(folder.path, 'stint.db') });
  await addAccount(opened.book, buildAccount('a'));
  await addAccount(opened.book, buildAccount('b'));
  const close = opened[Symbol.asyncDispose];
  return Object.assign(opened, {
    [Symbol.asyncDispose]: async () => {
      await close();
      folder[Symbol.dispose]();
    },
  });
}
