import { describe, expect, test } from 'bun:test';
import { endOfPacificDay } from './pacific-day.ts';

describe('end of the Pacific day', () => {
  test.each([
    ['an afternoon in winter', '2026-11-21T00:00:00.250Z', '2026-11-21T08:00:00.000Z'],
    ['the last millisecond', '2026-11-21T07:59:59.999Z', '2026-11-21T08:00:00.000Z'],
    ['midnight itself', '2026-11-21T08:00:00Z', '2026-11-22T08:00:00.000Z'],
    ['a day in summer', '2026-07-01T12:00:00Z', '2026-07-02T07:00:00.000Z'],
    ['a day of 23 hours', '2026-03-08T09:00:00Z', '2026-03-09T07:00:00.000Z'],
    ['a day of 25 hours', '2026-11-01T07:30:00Z', '2026-11-02T08:00:00.000Z'],
    ['the last hour of a day of 25', '2026-11-02T07:30:00Z', '2026-11-02T08:00:00.000Z'],
  ])('%s ends at midnight', (_, now, end) => {
    expect(new Date(endOfPacificDay(Date.parse(now))).toISOString()).toBe(end);
  });
});
