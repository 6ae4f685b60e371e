import { describe, expect, test } from 'bun:test';
import { dayMs, formatDuration, formatMoment, formatWhen, hourMs, minuteMs, secondMs } from './time.ts';

const at = (iso: string) => Date.parse(iso);
const now = at('2026-11-21T00:54:59Z');

describe('a length of time', () => {
  test.each([
    [0, '0s'],
    [-5000, '0s'],
    [1, '1s'],
    [999, '1s'],
    [1000, '1s'],
    [1001, '2s'],
    [12 * secondMs, '12s'],
    [59_001, '1m'],
    [minuteMs, '1m'],
    [90 * secondMs, '1m 30s'],
    [hourMs - 1, '1h'],
    [hourMs, '1h'],
    [hourMs + secondMs, '1h'],
    [2 * hourMs + 5 * minuteMs + 30 * secondMs, '2h 5m'],
    [dayMs, '1d'],
    [dayMs + minuteMs, '1d'],
    [3 * dayMs + 4 * hourMs + 59 * minuteMs, '3d 4h'],
    [35 * dayMs, '35d'],
  ])('of %p ms is written %p', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

describe('a moment', () => {
  test.each([
    ['on the same day', '2026-11-21T14:05:00Z', 'UTC', '14:05 UTC'],
    ['at midnight', '2026-11-21T00:00:00Z', 'UTC', '00:00 UTC'],
    ['on another day', '2026-11-23T07:31:00Z', 'UTC', 'Nov 23, 07:31 UTC'],
    ['in another year', '2027-01-02T07:31:00Z', 'UTC', 'Jan 2, 2027, 07:31 UTC'],
    ['in a zone that is ahead', '2026-11-21T14:05:00Z', 'Asia/Dhaka', '20:05 GMT+6'],
    ['on the zone’s own day', '2026-11-20T23:30:00Z', 'Asia/Dhaka', '05:30 GMT+6'],
    ['on the zone’s other day', '2026-11-21T14:05:00Z', 'America/New_York', 'Nov 21, 09:05 EST'],
    ['in summer time', '2026-07-01T12:00:00Z', 'America/New_York', 'Jul 1, 08:00 EDT'],
  ])('%s is written with its zone', (_, iso, zone, text) => {
    expect(formatMoment(at(iso), now, zone)).toBe(text);
  });

  test('with a fraction of a millisecond is rounded', () => {
    expect(formatMoment(now + 0.4, now + 0.6, 'UTC')).toBe('00:54 UTC');
  });
});

describe('a moment seen from now', () => {
  test.each([
    ['ahead', now + 2 * hourMs + 5 * minuteMs, 'in 2h 5m (02:59 UTC)'],
    ['on another day', now + 2 * dayMs, 'in 2d (Nov 23, 00:54 UTC)'],
    ['a millisecond ahead', now + 1, 'in 1s (00:54 UTC)'],
    ['now', now, '0s ago (00:54 UTC)'],
    ['behind', now - 90 * secondMs, '1m 30s ago (00:53 UTC)'],
  ])('%s is told both ways', (_, moment, text) => {
    expect(formatWhen(moment, now, 'UTC')).toBe(text);
  });
});
