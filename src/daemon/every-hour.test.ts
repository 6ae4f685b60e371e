import { expect, jest, test } from 'bun:test';
import { hourMs, minuteMs } from '../core/time.ts';
import { everyHour } from './every-hour.ts';

test('what runs every hour also runs soon after a sleep of the machine, and never after its stop', () => {
  jest.useFakeTimers();
  try {
    let now = 0;
    const ranAt: number[] = [];
    const hourly = everyHour(
      () => now,
      () => ranAt.push(now),
    );
    const tick = (byMs: number): void => {
      now += byMs;
      jest.advanceTimersByTime(minuteMs);
    };
    for (let minute = 0; minute < 61; minute += 1) tick(minuteMs);
    expect(ranAt).toEqual([hourMs]);
    tick(9 * hourMs);
    tick(minuteMs);
    expect(ranAt).toEqual([hourMs, 10 * hourMs + minuteMs]);
    hourly.stop();
    tick(9 * hourMs);
    expect(ranAt).toHaveLength(2);
  } finally {
    jest.useRealTimers();
  }
});
