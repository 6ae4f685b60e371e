import type { Notice } from '../core/notice.ts';
import type { EpochMs } from '../core/time.ts';

/** A notice on its way to one channel. */
export type Delivery = {
  /** The id of the notice. */
  readonly notice: string;
  readonly channel: string;
  readonly attempts: number;
  /** When it is tried next; null once it is told or given up. */
  readonly dueAt: EpochMs | null;
  /** When the channel took it. */
  readonly toldAt: EpochMs | null;
  /** What the channel calls its message, to edit it later. */
  readonly reference: string | null;
  /** Why it has not been told. */
  readonly error: string | null;
};

/** The outbox's rows. A write is durable when its promise resolves, and rejects when it is not. */
export interface OutboxStore {
  /** Notices that nobody has shared out among the channels yet, in the order in which they were added. */
  unroutedNotices(): Promise<readonly Notice[]>;
  /** Shares a notice out: with its deliveries, in one transaction. */
  routeNotice(notice: string, deliveries: readonly Delivery[]): Promise<void>;
  /** What is still to be told, in the order in which its notices were added. */
  openDeliveries(): Promise<readonly { readonly delivery: Delivery; readonly notice: Notice }[]>;
  saveDelivery(delivery: Delivery): Promise<void>;
  /** What a channel last called a message of this thread; null when it has told none. */
  lastReference(channel: string, thread: string): Promise<string | null>;
  /** The latest notices with what became of them, newest first. */
  recentNotices(
    count: number,
  ): Promise<readonly { readonly notice: Notice; readonly deliveries: readonly Delivery[] }[]>;
  /** Removes notices of before a time that have been shared out and that no channel is still to be told. */
  removeNotices(before: EpochMs): Promise<void>;
}

/** A way to reach people. */
export interface Channel {
  readonly name: string;
  /**
   * Tells one notice; `reference` is what this channel called its last message of the thread, to be edited. Resolves
   * with what it calls this one, null where it cannot edit. Rejects when it was not told: with a Problem that has
   * `retryAt` where the receiver said when to come again, `invalid` where it will never take this notice, `forbidden`
   * where it will take none until the settings change. Any other is tried again. The same notice may come twice, when a
   * crash came between the receiver’s word and ours.
   */
  tell(notice: Notice, reference: string | null, signal: AbortSignal): Promise<string | null>;
}
