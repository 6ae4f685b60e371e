import { describe, expect, test } from 'bun:test';
import { dayMs, hourMs, minuteMs, secondMs } from '../core/time.ts';
import type { Notice } from '../core/notice.ts';
import { retryTime } from './retry.ts';

const notice: Notice = { id: 'n', kind: 'pool-exhausted', thread: 't', at: 0, facts: {} };

function retry(attempts: number, now: number, more: { retryAt?: number; random?: number } = {}): number | null {
  const delivery = { notice: 'n', channel: 'c', attempts, dueAt: 0, toldAt: null, reference: null, error: null };
  return retryTime({ notice, delivery, retryAt: more.retryAt, random: more.random ?? 0.5 }, now);
}

describe('the next try', () => {
  test.each([
    [1, 5 * secondMs],
    [2, 10 * secondMs],
    [3, 20 * secondMs],
    [10, 2560 * secondMs],
    [11, hourMs],
    [40, hourMs],
    [5000, hourMs],
  ])('after %d is %d ms later', (...[attempts, delayMs]) => {
    expect(retry(attempts, 1000)).toBe(1000 + delayMs);
  });

  test.each([
    [0, 7.5 * minuteMs],
    [0.5, 10 * minuteMs],
    [1, 12.5 * minuteMs],
  ])('differs by a quarter at most: with %d it is after %d ms', (...[random, delayMs]) => {
    expect(retry(8, 0, { random })).toBeCloseTo((delayMs * 640) / 600, 0);
  });

  test('is not before the receiver wants it, and not at once because it says so', () => {
    expect(retry(1, 0, { retryAt: minuteMs })).toBe(minuteMs);
    expect(retry(1, 0, { retryAt: 0 })).toBe(5 * secondMs);
  });

  test.each([
    ['a day old', 10, dayMs, {}, null],
    ['a day old, by a machine that slept', 9, dayMs, {}, dayMs + 1280 * secondMs],
    ['three days old, by a machine that slept', 2, 3 * dayMs, {}, null],
    ['wanted in more than a day', 1, 0, { retryAt: dayMs + 1 }, null],
    ['almost a day old', 30, dayMs - 1, {}, dayMs - 1 + hourMs],
  ])('of what is %s, after %d at %d', (...[, attempts, now, more, expected]) => {
    expect(retry(attempts, now, more)).toBe(expected);
  });
});
