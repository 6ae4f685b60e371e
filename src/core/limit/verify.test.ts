import { describe, expect, test } from 'bun:test';
import { buildLimit, captured } from '../../../test/builders.ts';
import { slotOf, type Limit } from './limit.ts';
import type { Signal } from './signal.ts';
import { believeUsage, nextUsagePoll, wantsUsage } from './verify.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const reading = (utilization: number | null): Signal => ({
  kind: 'reading',
  window: 'five_hour',
  family: null,
  utilization,
  resetsAt: null,
});
const open: Signal = { kind: 'open', window: 'five_hour', family: null };
const closed = (more: Partial<Extract<Signal, { kind: 'closed' }>> = {}): Signal => ({
  kind: 'closed',
  window: 'five_hour',
  family: null,
  overage: false,
  until: captured + 2 * hour,
  evidence: 'used up',
  ...more,
});

/** A limit of five hours that was observed so many minutes ago. */
const limitOf = (minutesAgo: number, more: Partial<Limit> = {}): Limit =>
  buildLimit({ observedAt: captured - minutesAgo * minute, until: captured + 3 * day, ...more });

type Told = { readonly signals: Signal[]; readonly limits: Limit[]; readonly idleMinutes: number };
type Row = [title: string, signals: Signal[], limits: Limit[], believed: Signal['kind'][], idleMinutes?: number];

const rows: Row[] = [
  ['a reading is taken', [reading(0.4)], [], ['reading']],
  ['a refusal is not', [{ kind: 'refused', evidence: 'HTTP 401' }], [], []],
  ['room in a window clears an old limit', [reading(0.2), open], [limitOf(6)], ['reading', 'open']],
  ['room of an unknown size does too', [reading(null), open], [limitOf(6)], ['reading', 'open']],
  ['word of an open window alone does too', [open], [limitOf(6)], ['open']],
  ['room does not clear a limit that was just observed', [reading(0.2), open], [limitOf(4)], ['reading']],
  ['a window that is nearly full does not clear its limit', [reading(0.95), open], [limitOf(6)], ['reading']],
  ['room in a window says nothing of another', [open], [limitOf(6, { window: 'seven_day' })], []],
  ['room for all models says nothing of a family', [open], [limitOf(6, { family: 'opus' })], []],
  ['room where nothing is closed changes nothing', [open], [], []],
  ['a limit that was cleared needs no clearing', [open], [limitOf(6, { until: 0 })], []],
  [
    'a cooldown that has run out is cleared, and needs no probe',
    [open],
    [limitOf(90, { until: captured - 1 })],
    ['open'],
  ],

  ['a window that is used up closes an account that is idle', [closed()], [], ['closed']],
  ['and not one that just served', [closed()], [], [], 9],
  ['and not without a reset time', [closed({ until: null })], [], []],
  ['and not until a time that has passed', [closed({ until: captured - 1 })], [], []],
  ['it sharpens a limit that still closes', [closed()], [limitOf(1, { source: 'estimated' })], ['closed'], 1],
  ['it closes again what had run out', [closed()], [limitOf(90, { until: captured - hour })], ['closed']],
  ['it does not close again what was cleared and not tried since', [closed()], [limitOf(30, { until: 0 })], [], 31],
  ['it closes again what was cleared and tried since', [closed()], [limitOf(30, { until: 0 })], ['closed'], 29],
  [
    'extra money takes the place of a limit',
    [reading(1), open, closed({ overage: true })],
    [limitOf(6)],
    ['reading', 'open', 'closed'],
  ],
  [
    'and not of one that was just observed',
    [reading(1), open, closed({ overage: true })],
    [limitOf(4)],
    ['reading'],
    3,
  ],
];

const cases = rows.map(([title, signals, limits, believed, idleMinutes = 60]) => {
  const told: Told = { signals, limits, idleMinutes };
  return [title, told, believed] as const;
});

describe('what a usage endpoint says', () => {
  test.each(cases)('%s', (_, { signals, limits, idleMinutes }, believed) => {
    const facts = {
      limits: new Map(limits.map((limit) => [slotOf(limit), limit])),
      sentAt: captured,
      servedAt: captured - idleMinutes * minute,
      inFlight: 0,
    };
    expect(believeUsage(signals, facts).map(({ kind }) => kind)).toEqual(believed);
  });

  test('closes nothing while a request is in flight', () => {
    const facts = { limits: new Map(), sentAt: captured, servedAt: 0, inFlight: 1 };
    expect(believeUsage([closed()], facts)).toEqual([]);
    expect(believeUsage([closed()], { ...facts, inFlight: 0 })).toHaveLength(1);
  });
});

describe('the next question', () => {
  test.each([
    ['after five minutes', { failures: 0 }, false, 0, 5],
    ['up to a minute later', { failures: 0 }, false, 1, 6],
    ['after fifteen minutes when closed', { failures: 0 }, true, 0, 15],
    ['after twice as long when one failed', { failures: 1 }, false, 0, 10],
    ['after four times as long when two failed', { failures: 2 }, false, 0, 20],
    ['after an hour at most', { failures: 9 }, true, 0, 60],
    ['when the endpoint says so', { failures: 1, retryAfterMs: 40 * minute }, false, 0, 40],
    ['not earlier because the endpoint says so', { failures: 1, retryAfterMs: 0 }, false, 0, 10],
    ['within an hour whatever the endpoint says', { failures: 1, retryAfterMs: 9 * hour }, false, 0, 60],
  ] as const)('comes %s', (...[, last, isClosed, jitter, minutes]) => {
    const poll = { at: captured, retryAfterMs: null, ...last };
    expect(nextUsagePoll(poll, isClosed, jitter) - captured).toBe(minutes * minute);
  });

  test.each([
    [captured - hour + 1, false, true],
    [captured - hour, false, false],
    [0, false, false],
    [0, true, true],
  ])('is wanted of an account that served at %i and is closed: %p', (servedAt, isClosed, wanted) => {
    expect(wantsUsage(servedAt, isClosed, captured)).toBe(wanted);
  });
});
