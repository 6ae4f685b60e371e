import type { Notice } from '../core/notice.ts';
import { quietUntil, type QuietHours } from '../core/quiet-hours.ts';
import { dayMs, type EpochMs } from '../core/time.ts';
import type { Delivery } from './ports.ts';

/** A delivery that is still to be told. */
export type Open = { readonly delivery: Delivery; readonly notice: Notice };

/** How things stand with a channel. */
export type Standing = {
  readonly isSetUp: boolean;
  /** Why it takes nothing until the settings change. */
  readonly disabled: string | undefined;
  /** Null where it is told at any time. */
  readonly quiet: QuietHours | null;
  readonly pausedUntil: EpochMs;
  /** Whether what a notice says is still so. */
  readonly holds: (notice: Notice) => boolean;
};

/** What is to be done about what waits for a channel that tells nothing at this moment. */
export type Plan = {
  readonly end: readonly { readonly open: Open; readonly kind: 'given-up' | 'dropped'; readonly reason: string }[];
  /** To be saved so: until the quiet hours end. */
  readonly hold: readonly Delivery[];
  readonly begin: Open | null;
  /** When to look again. */
  readonly next: EpochMs;
};

const nothing: Plan = { end: [], hold: [], begin: null, next: Number.POSITIVE_INFINITY };
const quietReason = 'it waits for the end of the quiet hours';

/** Plans for one channel; `waiting` is in the order of its notices. */
export function planFor(waiting: readonly Open[], standing: Standing, now: EpochMs): Plan {
  const { isSetUp, disabled, quiet, pausedUntil } = standing;
  if (!isSetUp) return { ...nothing, end: waiting.map(ended('dropped', 'the channel is no longer set up')) };
  if (disabled !== undefined) return { ...nothing, end: waiting.map(ended('given-up', disabled)) };
  const quietEnd = quiet === null ? null : quietUntil(now, quiet);
  if (quietEnd !== null) return holdBack(waiting, quietEnd);
  if (!hasCome(pausedUntil, now)) return { ...nothing, next: pausedUntil };
  const due = threadsOf(waiting).flatMap((thread) => thread[0] ?? []);
  const over = due.filter(({ delivery, notice }) => delivery.error === quietReason && !standing.holds(notice));
  return {
    ...nothing,
    end: over.map(ended('dropped', 'it was over before the quiet hours were')),
    begin: due.find((each) => !over.includes(each) && isDue(each.delivery, now)) ?? null,
    // What waited for those that are dropped may be due.
    next: over.length > 0 ? now : Math.min(...due.map(({ delivery }) => delivery.dueAt ?? nothing.next)),
  };
}

/** Of each thread only the last notice waits: by then it says all that is to be said. */
function holdBack(waiting: readonly Open[], quietEnd: EpochMs): Plan {
  const threads = threadsOf(waiting);
  // Who was not told that it began needs not be told that it is over.
  const [over, lasting] = partition(threads, isOver);
  const last = lasting.flatMap((thread) => thread.at(-1)?.delivery ?? []);
  return {
    ...nothing,
    end: [
      ...over.flat().map(ended('dropped', 'it began and was over in the quiet hours')),
      ...lasting
        .flatMap((thread) => thread.slice(0, -1))
        .map(ended('dropped', 'a later notice took its place in the quiet hours')),
    ],
    hold: last
      .filter(({ dueAt, error }) => dueAt !== quietEnd || error !== quietReason)
      .map((delivery) => ({ ...delivery, dueAt: quietEnd, error: quietReason })),
    next: quietEnd,
  };
}

function isOver(thread: readonly Open[]): boolean {
  const began = thread.findIndex(({ notice }) => notice.kind === 'pool-exhausted');
  return began !== -1 && thread.slice(began + 1).at(-1)?.notice.kind === 'pool-recovered';
}

function partition<Item>(items: readonly Item[], holds: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(holds), items.filter((each) => !holds(each))];
}

function threadsOf(waiting: readonly Open[]): Open[][] {
  return [...Map.groupBy(waiting, ({ notice }) => notice.thread).values()];
}

function isDue({ dueAt, error }: Delivery, now: EpochMs): boolean {
  // The quiet hours may have been changed since.
  return error === quietReason || (dueAt !== null && hasCome(dueAt, now));
}

/** Nothing is put off for more than a day: then the clock was set back. */
function hasCome(at: EpochMs, now: EpochMs): boolean {
  return at <= now || at > now + dayMs;
}

function ended(kind: 'given-up' | 'dropped', reason: string) {
  return (open: Open) => ({ open, kind, reason });
}
