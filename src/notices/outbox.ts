import type { Notice, NoticeKind } from '../core/notice.ts';
import { oneLine } from '../core/one-line.ts';
import { Problem } from '../core/problem.ts';
import type { QuietHours } from '../core/quiet-hours.ts';
import { withoutSecrets } from '../core/secret-form.ts';
import { minuteMs, type EpochMs } from '../core/time.ts';
import { planFor, type Open } from './plan.ts';
import type { Channel, Delivery, OutboxStore } from './ports.ts';
import { retryTime } from './retry.ts';
import { within } from './within.ts';

/** Which notices a channel is told. */
export type Route = {
  readonly channel: Channel;
  readonly kinds: readonly NoticeKind[];
  /** Whether it is told in quiet hours as well. */
  readonly always: boolean;
};

export type OutboxSettings = { readonly routes: readonly Route[]; readonly quiet: QuietHours };

/** What the outbox tells about, for log and audit trail. */
export type OutboxEvent =
  | { readonly kind: 'told'; readonly notice: Notice; readonly channel: string }
  /** It could not be told, or had not to be: its time or its channel was gone. */
  | {
      readonly kind: 'given-up' | 'dropped';
      readonly notice: Notice;
      readonly channel: string;
      readonly reason: string;
    }
  /** A channel takes nothing: told once, until it takes something. */
  | { readonly kind: 'failing'; readonly channel: string; readonly reason: string };

export type OutboxDeps = {
  readonly store: OutboxStore;
  readonly clock: () => EpochMs;
  readonly random: () => number;
  /** Whether what a notice says is still so: asked of those that waited for the end of the quiet hours. */
  readonly holds: (notice: Notice) => boolean;
  readonly tell: (event: OutboxEvent) => void;
  readonly bug: (error: unknown) => void;
};

/** Timers are compared with the wall clock this often: a machine that slept wakes late. */
const longestWaitMs = minuteMs;
const deadlineMs = minuteMs;

/**
 * Takes notices to the channels: shares each out among those that want its kind, and tries until it is told or given up.
 *
 * A channel is told one at a time, and within a thread in order. Every try is written down before it begins, and what
 * became of it after: a crash in between repeats one telling, which a webhook's receiver knows by its id. In quiet hours
 * only the log is told; of a thread that waits meanwhile, the last notice is told when they end, where it still holds.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  #settings: OutboxSettings;
  /** Channels that take nothing until the settings change, and why. */
  readonly #disabled = new Map<string, string>();
  readonly #pausedUntil = new Map<string, EpochMs>();
  readonly #failing = new Set<string>();
  readonly #busy = new Map<string, Promise<void>>();
  /** What became of deliveries while the disk took no write. */
  readonly #unsaved = new Map<string, Delivery>();
  #abort: AbortController | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #storeFails = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: OutboxDeps, settings: OutboxSettings) {
    this.#deps = deps;
    this.#settings = settings;
  }

  get channels(): readonly string[] {
    return this.#settings.routes.map(({ channel }) => channel.name);
  }

  /** Shares notices out among the channels that there are now: configure those first. */
  start(): void {
    this.#abort ??= new AbortController();
    this.wake();
  }

  /** Aborts what is under way, which a later start tries again. */
  async stop(): Promise<void> {
    const abort = this.#abort;
    abort?.abort();
    clearTimeout(this.#timer);
    await this.#pass;
    await Promise.all(this.#busy.values());
    // Another stop may have been first, and a start after it.
    if (this.#abort === abort) this.#abort = undefined;
  }

  /** Changes channels and quiet hours at once. What waits for a channel that is gone is dropped. */
  configure(settings: OutboxSettings): void {
    this.#settings = settings;
    this.#disabled.clear();
    this.#pausedUntil.clear();
    this.wake();
  }

  /** There may be new notices, or something is due. */
  wake(): void {
    if (this.#abort === undefined || this.#abort.signal.aborted) return;
    this.#again = true;
    this.#pass ??= this.#passes(this.#abort.signal);
  }

  /** Tells one channel that notices arrive, at once. Rejects with a Problem when it was not told. */
  async test(name: string): Promise<void> {
    const route = this.#settings.routes.find(({ channel }) => channel.name === name);
    if (route === undefined) {
      throw new Problem('not_found', `There is no channel ${oneLine(name, 40)}.`, {
        hint: `There are: ${this.channels.join(', ')}.`,
      });
    }
    const id = `test-${crypto.randomUUID()}`;
    const notice: Notice = { id, kind: 'test', thread: id, at: this.#deps.clock(), facts: {} };
    const signal = this.#abort?.signal ?? new AbortController().signal;
    try {
      await within(deadlineMs, signal, (limited) => route.channel.tell(notice, null, limited));
    } catch (error) {
      throw this.#problemOf(error);
    }
    this.#failing.delete(name);
    if (this.#disabled.delete(name)) this.wake();
  }

  async #passes(signal: AbortSignal): Promise<void> {
    let next = this.#deps.clock() + longestWaitMs;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      try {
        next = await this.#onePass(signal);
        this.#storeFails = false;
      } catch (error) {
        // The disk: what is due stays so.
        if (!this.#storeFails) this.#deps.bug(error);
        this.#storeFails = true;
      }
    }
    this.#pass = undefined;
    if (!signal.aborted) this.#wakeAt(next);
  }

  #wakeAt(next: EpochMs): void {
    clearTimeout(this.#timer);
    const waitMs = Math.min(Math.max(next - this.#deps.clock(), 0), longestWaitMs);
    this.#timer = setTimeout(() => this.wake(), waitMs);
  }

  /** Shares out what is new, and begins what is due. Returns when something is due next. */
  async #onePass(signal: AbortSignal): Promise<EpochMs> {
    await this.#saveUnsaved();
    await this.#share();
    // A channel that ends its telling meanwhile has changed what we read: it asks for another pass.
    const busy = new Set(this.#busy.keys());
    const rows = await this.#deps.store.openDeliveries();
    const open = rows.filter(({ delivery }) => !busy.has(delivery.channel) && !this.#unsaved.has(keyOf(delivery)));
    let next = this.#deps.clock() + longestWaitMs;
    for (const [name, waiting] of Map.groupBy(open, (each) => each.delivery.channel)) {
      if (signal.aborted) break;
      next = Math.min(next, await this.#serve(name, waiting, signal));
    }
    return next;
  }

  async #share(): Promise<void> {
    for (const notice of await this.#deps.store.unroutedNotices()) {
      const now = this.#deps.clock();
      const routes = this.#settings.routes.filter(({ kinds }) => kinds.includes(notice.kind));
      await this.#deps.store.routeNotice(
        notice.id,
        routes.map(({ channel }) => ({
          notice: notice.id,
          channel: channel.name,
          attempts: 0,
          dueAt: now,
          toldAt: null,
          reference: null,
          error: null,
        })),
      );
    }
  }

  /** Does what is to be done for an idle channel. Returns when to look again. */
  async #serve(name: string, waiting: readonly Open[], signal: AbortSignal): Promise<EpochMs> {
    const route = this.#settings.routes.find(({ channel }) => channel.name === name);
    const standing = {
      isSetUp: route !== undefined,
      disabled: this.#disabled.get(name),
      quiet: route?.always === true ? null : this.#settings.quiet,
      pausedUntil: this.#pausedUntil.get(name) ?? 0,
      holds: this.#deps.holds,
    };
    const { end, hold, begin, next } = planFor(waiting, standing, this.#deps.clock());
    for (const { open, kind, reason } of end) await this.#end(open, kind, reason);
    for (const delivery of hold) await this.#deps.store.saveDelivery(delivery);
    if (route === undefined || begin === null) return next;
    this.#begin(route, begin, signal);
    // Its end looks again.
    return Number.POSITIVE_INFINITY;
  }

  #begin(route: Route, open: Open, signal: AbortSignal): void {
    const name = route.channel.name;
    const telling = this.#tellOne(route, open, signal)
      .catch((error: unknown) => this.#deps.bug(error))
      .finally(() => {
        this.#busy.delete(name);
        this.wake();
      });
    this.#busy.set(name, telling);
  }

  async #tellOne({ channel }: Route, { delivery, notice }: Open, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#deps;
    const trying: Delivery = { ...delivery, attempts: delivery.attempts + 1, error: null };
    let reference: string | null;
    try {
      await store.saveDelivery(trying);
      reference = follows(notice) ? await store.lastReference(channel.name, notice.thread) : null;
    } catch (error) {
      // Without the note it would be told again and again.
      this.#pausedUntil.set(channel.name, clock() + longestWaitMs);
      throw error;
    }
    try {
      const known = reference;
      reference = await within(deadlineMs, signal, (limited) => channel.tell(notice, known, limited));
    } catch (error) {
      if (!signal.aborted) await this.#failed({ delivery: trying, notice }, this.#problemOf(error));
      return;
    }
    await this.#save({ ...trying, dueAt: null, toldAt: clock(), reference });
    this.#failing.delete(channel.name);
    this.#deps.tell({ kind: 'told', notice, channel: channel.name });
  }

  async #failed(open: Open, problem: Problem): Promise<void> {
    const { delivery, notice } = open;
    const now = this.#deps.clock();
    const reason = oneLine(withoutSecrets(problem.message));
    const { channel } = delivery;
    if (!this.#failing.has(channel)) this.#deps.tell({ kind: 'failing', channel, reason });
    this.#failing.add(channel);
    if (problem.code === 'forbidden') this.#disabled.set(channel, reason);
    if (problem.retryAt !== undefined) this.#pausedUntil.set(channel, problem.retryAt);
    const useless = problem.code === 'forbidden' || problem.code === 'invalid';
    const random = this.#deps.random();
    const dueAt = useless ? null : retryTime({ notice, delivery, retryAt: problem.retryAt, random }, now);
    if (dueAt === null) await this.#end(open, 'given-up', reason);
    else await this.#save({ ...delivery, dueAt, error: reason });
  }

  async #end({ delivery, notice }: Open, kind: 'given-up' | 'dropped', reason: string): Promise<void> {
    await this.#save({ ...delivery, dueAt: null, error: reason });
    this.#deps.tell({ kind, notice, channel: delivery.channel, reason });
  }

  async #save(delivery: Delivery): Promise<void> {
    try {
      await this.#deps.store.saveDelivery(delivery);
    } catch {
      this.#unsaved.set(keyOf(delivery), delivery);
    }
  }

  async #saveUnsaved(): Promise<void> {
    for (const [key, delivery] of this.#unsaved) {
      await this.#deps.store.saveDelivery(delivery);
      this.#unsaved.delete(key);
    }
  }

  #problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    this.#deps.bug(error);
    return new Problem('internal', 'It failed for a reason that the log has.');
  }
}

/** Whether it goes on with a matter that was told: another limit of the same window is news, and no change of an old message. */
function follows({ kind }: Notice): boolean {
  return kind.startsWith('pool-') || kind.startsWith('auth-reset-');
}

function keyOf({ channel, notice }: Delivery): string {
  return `${channel} ${notice}`;
}
