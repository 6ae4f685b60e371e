import { describe, expect, test } from 'bun:test';
import { parseLength, parseMoment } from './moment.ts';
import { dayMs, hourMs, minuteMs, secondMs } from './time.ts';

describe('a length of time', () => {
  test.each([
    ['90s', 90 * secondMs],
    ['2h30m', 2 * hourMs + 30 * minuteMs],
    ['1d', dayMs],
    [' 1d 4h ', dayMs + 4 * hourMs],
    ['1d2h3m4s', dayMs + 2 * hourMs + 3 * minuteMs + 4 * secondMs],
    ['0s', 0],
  ])('%j is %d ms', (text, lengthMs) => {
    expect(parseLength(text)).toBe(lengthMs);
  });

  test.each(['', ' ', '90', '1.5h', '-5m', '5m2h', '5 minutes', '1w', 'h', '99999d', '1d;2h'])('%j is none', (text) => {
    expect(parseLength(text)).toBeNull();
  });
});

describe('a moment', () => {
  test.each([
    ['2026-07-01T18:00:00Z', Date.UTC(2026, 6, 1, 18)],
    ['2026-07-01T20:00:00+02:00', Date.UTC(2026, 6, 1, 18)],
    [1_782_928_800_000, 1_782_928_800_000],
    ['1782928800000', 1_782_928_800_000],
    [1_782_928_800_000.5, 1_782_928_800_001],
  ])('%j is %d', (value, at) => {
    expect(parseMoment(value)).toBe(at);
  });

  test.each(['', 'tomorrow', '2026-07-01', '2026-07-01T18:00:00', '1782928800', 5, -1, Number.NaN, Infinity])(
    '%j is none',
    (value) => {
      expect(parseMoment(value)).toBeNull();
    },
  );
});
