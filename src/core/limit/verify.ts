import { hourMs, minuteMs, type EpochMs } from '../time.ts';
import { isClosed, slotOf, type Limit } from './limit.ts';
import type { Signal } from './signal.ts';

/** What is known of an account when a report of its usage endpoint arrives. */
export type UsageFacts = {
  readonly limits: ReadonlyMap<string, Limit>;
  /** When the report was asked for. */
  readonly sentAt: EpochMs;
  /** When the account was last sent a request; 0 for never. */
  readonly servedAt: EpochMs;
  readonly inFlight: number;
};

/** Usage endpoints lag behind the answers: what an answer just told is not theirs to take back. */
const lagMs = 5 * minuteMs;
const idleMs = 10 * minuteMs;
/** They round, too: a window that is nearly full may be the one that refused. */
const roomBelow = 0.95;

/**
 * What a usage endpoint's report may change. It is advice:
 *
 * - `reading` is always taken, `refused` never.
 * - `open` clears a limit that is older than the lag, when the window has real room or is served for extra money.
 * - `closed` needs a reset time. It sharpens a limit that still closes the slot. A new limit it makes only where no
 *   request contradicts it: nothing in flight, nothing sent for ten minutes, and a slot that was cleared was tried since.
 */
export function believeUsage(signals: readonly Signal[], facts: UsageFacts): Signal[] {
  return signals.filter((signal) => {
    switch (signal.kind) {
      case 'reading':
        return true;
      case 'open':
        return believesOpen(signal, signals, facts);
      case 'closed':
        return believesClosed(signal, signals, facts);
      case 'refused':
        return false;
    }
  });
}

type Open = Extract<Signal, { kind: 'open' }>;
type Closed = Extract<Signal, { kind: 'closed' }>;

function believesOpen(open: Open, signals: readonly Signal[], { limits, sentAt }: UsageFacts): boolean {
  const concerned = [...limits.values()].filter((limit) => isOf(limit, open) && limit.until > 0);
  if (concerned.length === 0 || concerned.some((limit) => sentAt - limit.observedAt < lagMs)) return false;
  const told = signals.filter((each) => each.kind !== 'refused' && isOf(each, open));
  if (told.some((each) => each.kind === 'closed')) return told.every((each) => each.kind !== 'closed' || each.overage);
  return told.every((each) => each.kind !== 'reading' || each.utilization === null || each.utilization < roomBelow);
}

function believesClosed(closed: Closed, signals: readonly Signal[], facts: UsageFacts): boolean {
  const { limits, sentAt, servedAt, inFlight } = facts;
  if (closed.until === null || closed.until <= sentAt) return false;
  const known = limits.get(slotOf(closed));
  if (known !== undefined && isClosed(known, sentAt)) return true;
  // Used up and served for extra money, in place of closed.
  const open = signals.find((each) => each.kind === 'open' && isOf(each, closed)) as Open | undefined;
  if (open !== undefined && believesOpen(open, signals, facts)) return true;
  if (inFlight > 0 || sentAt - servedAt < idleMs) return false;
  return known === undefined || known.until > 0 || servedAt > known.observedAt;
}

function isOf(
  one: { window: string; family: string | null },
  other: { window: string; family: string | null },
): boolean {
  return one.window === other.window && one.family === other.family;
}

/** How an account's usage endpoint was asked last, and how often in a row it said nothing. */
export type UsagePoll = {
  readonly at: EpochMs;
  readonly failures: number;
  readonly retryAfterMs: number | null;
};

const openEveryMs = 5 * minuteMs;
const closedEveryMs = 15 * minuteMs;
const longestPauseMs = hourMs;

/**
 * When a usage endpoint is asked again: five minutes after the last time, fifteen for an account that is closed, twice
 * as long after each answer that said nothing, and up to a fifth later by `jitter` in [0, 1), so that accounts do not
 * come in lockstep.
 */
export function nextUsagePoll(last: UsagePoll, closed: boolean, jitter: number): EpochMs {
  const everyMs = Math.min((closed ? closedEveryMs : openEveryMs) * 2 ** last.failures, longestPauseMs);
  const askedForMs = Math.min(last.retryAfterMs ?? 0, longestPauseMs);
  return last.at + Math.round(Math.max(everyMs, askedForMs) * (1 + jitter / 5));
}

/** Whether anybody needs to know an account's usage: it serves, or it is closed and might be open again. */
export function wantsUsage(servedAt: EpochMs, closed: boolean, now: EpochMs): boolean {
  return closed || (servedAt > 0 && now - servedAt < hourMs);
}
