// An outbox over a store on disk, on a clock that only the test moves, and channels that do as the test says.
import { join } from 'node:path';
import { noticeKinds, type Notice } from '../src/core/notice.ts';
import type { QuietHours } from '../src/core/quiet-hours.ts';
import { Outbox, type OutboxEvent, type Route } from '../src/notices/outbox.ts';
import type { Channel, Delivery, OutboxStore } from '../src/notices/ports.ts';
import { openStore, type Store } from '../src/store/open-store.ts';
import { temporaryFolder } from './temp-folder.ts';

export const noQuiet: QuietHours = { from: '', to: '', timeZone: 'UTC' };

export type Tell = Channel['tell'];

/** A channel that notes what it is told; `answer` is asked first, and a rejection is one. */
export type Recorder = Channel & { readonly told: string[]; readonly references: (string | null)[]; answer: Tell };

export function recorder(name: string): Recorder {
  const own: Recorder = {
    name,
    told: [],
    references: [],
    answer: async () => null,
    tell: async (notice, reference, signal) => {
      const result = await own.answer(notice, reference, signal);
      signal.throwIfAborted();
      own.told.push(notice.id);
      own.references.push(reference);
      return result;
    },
  };
  return own;
}

/** A route for every kind but the one that the rig itself uses. */
export function routeTo(channel: Channel, more: Partial<Route> = {}): Route {
  return { channel, kinds: noticeKinds.filter((kind) => kind !== markerKind), always: false, ...more };
}

const markerKind = 'config-refused';

/** Resolves those who wait for a count. */
function counter() {
  let count = 0;
  let waiting: { readonly at: number; readonly done: () => void }[] = [];
  return {
    add: (): void => {
      count += 1;
      for (const each of waiting) if (each.at <= count) each.done();
      waiting = waiting.filter((each) => each.at > count);
    },
    reached: (at: number): Promise<void> =>
      at <= count ? Promise.resolve() : new Promise((done) => void waiting.push({ at, done })),
  };
}

export type OutboxRig = AsyncDisposable & {
  readonly store: Store;
  /** What the outbox has in place of the store. */
  readonly faulty: { saveDelivery?: OutboxStore['saveDelivery']; unroutedNotices?: OutboxStore['unroutedNotices'] };
  readonly events: OutboxEvent[];
  readonly bugs: unknown[];
  now: number;
  holds: (notice: Notice) => boolean;
  /** Another outbox over the same store, as after a restart; it ends with the rig. */
  open(routes: readonly Route[], quiet?: QuietHours): Outbox;
  add(notice: Partial<Notice> & Pick<Notice, 'id'>): Promise<void>;
  /** Resolves when the outbox has told about so many events in all. */
  eventCount(count: number): Promise<void>;
  /** Resolves when deliveries have been saved so often in all: before each try and after it. */
  saveCount(count: number): Promise<void>;
  /** Resolves when there were so many bugs in all. */
  bugCount(count: number): Promise<void>;
  /** Wakes an outbox and resolves when it has gone through all that is due, and begun it. */
  pass(outbox: Outbox): Promise<void>;
  /** The same, when the outbox has nothing left but to wait for its timer. */
  idle(outbox: Outbox): Promise<void>;
  /** What became of each delivery, by notice and channel. */
  deliveries(): Promise<Record<string, Delivery>>;
};

export async function openOutboxRig(): Promise<OutboxRig> {
  const folder = temporaryFolder();
  const store = await openStore(join(folder.path, 'stint.db'), { now: 0 });
  const opened: Outbox[] = [];
  const [events, saves, bugs] = [counter(), counter(), counter()];
  let passes = 0;
  let passed = Promise.withResolvers<void>();
  const marker: Channel = { name: 'zz-marker', tell: async () => null };
  const markerRoute = { channel: marker, kinds: [markerKind], always: true } as const;
  const rig: OutboxRig = {
    store,
    faulty: {},
    events: [],
    bugs: [],
    now: 0,
    holds: () => true,
    open: (routes, quiet = noQuiet) => {
      const outbox = new Outbox(
        {
          store: {
            ...store,
            saveDelivery: async (delivery) => {
              const { saveDelivery = (saved: Delivery) => store.saveDelivery(saved) } = rig.faulty;
              await saveDelivery(delivery);
              if (delivery.channel !== marker.name) saves.add();
            },
            unroutedNotices: () => {
              const { unroutedNotices = () => store.unroutedNotices() } = rig.faulty;
              return unroutedNotices();
            },
          },
          clock: () => rig.now,
          random: () => 0.5,
          holds: (notice) => rig.holds(notice),
          tell: (event) => {
            if (event.channel === marker.name) return passed.resolve();
            rig.events.push(event);
            events.add();
          },
          bug: (error) => {
            rig.bugs.push(error);
            bugs.add();
          },
        },
        { routes: [...routes, markerRoute], quiet },
      );
      opened.push(outbox);
      return outbox;
    },
    add: (notice) =>
      store.addNotices([{ kind: 'pool-exhausted', thread: notice.id, at: rig.now, facts: {}, ...notice }]),
    eventCount: events.reached,
    saveCount: saves.reached,
    bugCount: bugs.reached,
    pass: async (outbox) => {
      passed = Promise.withResolvers<void>();
      const id = `marker-${(passes += 1)}`;
      await store.addNotices([{ id, kind: markerKind, thread: id, at: rig.now, facts: {} }]);
      outbox.wake();
      await passed.promise;
    },
    idle: async (outbox) => {
      await rig.pass(outbox);
      // The pass that follows the marker's own telling reads once, and then sets the timer.
      await store.openDeliveries();
      await new Promise((resolve) => setImmediate(resolve));
    },
    deliveries: async () => {
      const recent = await store.recentNotices(10_000);
      const rows = recent.flatMap((each) => each.deliveries).filter(({ channel }) => channel !== marker.name);
      return Object.fromEntries(rows.map((row) => [`${row.notice} ${row.channel}`, row]));
    },
    [Symbol.asyncDispose]: async () => {
      for (const outbox of opened) await outbox.stop();
      await store.close();
      folder[Symbol.dispose]();
    },
  };
  return rig;
}
