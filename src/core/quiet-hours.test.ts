import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { quietUntil, type QuietHours } from './quiet-hours.ts';
import { dayMs, hourMs } from './time.ts';

const at = (iso: string) => Date.parse(iso);
const night = (timeZone: string): QuietHours => ({ from: '22:00', to: '07:00', timeZone });
const noon = (timeZone: string): QuietHours => ({ from: '12:30', to: '13:30', timeZone });
const small = (timeZone: string): QuietHours => ({ from: '01:30', to: '02:30', timeZone });

describe('quiet hours', () => {
  test.each<[string, QuietHours, string | null]>([
    ['2026-11-21T21:59:59Z', night('UTC'), null],
    ['2026-11-21T22:00:00Z', night('UTC'), '2026-11-22T07:00:00Z'],
    ['2026-11-22T00:00:00Z', night('UTC'), '2026-11-22T07:00:00Z'],
    ['2026-11-22T06:59:59.999Z', night('UTC'), '2026-11-22T07:00:00Z'],
    ['2026-11-22T07:00:00Z', night('UTC'), null],
    ['2026-11-21T12:29:00Z', noon('UTC'), null],
    ['2026-11-21T12:30:00Z', noon('UTC'), '2026-11-21T13:30:00Z'],
    ['2026-11-21T13:30:00Z', noon('UTC'), null],
    // UTC+5:30, where it is 00:30 of the next day.
    ['2026-11-21T19:00:00Z', night('Asia/Kolkata'), '2026-11-22T01:30:00Z'],
    ['2026-11-21T12:30:00Z', night('America/New_York'), null],
    ['2026-11-22T03:00:00Z', night('America/New_York'), '2026-11-22T12:00:00Z'],
    // The night of spring is an hour shorter in Rome, that of autumn an hour longer.
    ['2026-03-28T22:00:00Z', night('Europe/Rome'), '2026-03-29T05:00:00Z'],
    ['2026-10-24T20:00:00Z', night('Europe/Rome'), '2026-10-25T06:00:00Z'],
    // 02:30 does not exist in Rome that night: the clock goes from 02:00 to 03:00, and 03:30 is in its place.
    ['2026-03-29T00:30:00Z', small('Europe/Rome'), '2026-03-29T01:30:00Z'],
    ['2026-03-29T01:30:00Z', small('Europe/Rome'), null],
    // 02:30 is there twice in Rome that night.
    ['2026-10-25T00:00:00Z', small('Europe/Rome'), '2026-10-25T00:30:00Z'],
    ['2026-10-25T01:00:00Z', small('Europe/Rome'), null],
    ['2026-11-21T22:00:00Z', { from: '', to: '07:00', timeZone: 'UTC' }, null],
    ['2026-11-21T22:00:00Z', { from: '22:00', to: '', timeZone: 'UTC' }, null],
    ['2026-11-21T22:00:00Z', { from: '22:00', to: '22:00', timeZone: 'UTC' }, null],
  ])('at %s with %j end at %s', (...[now, hours, end]) => {
    expect(quietUntil(at(now), hours)).toBe(end === null ? null : at(end));
  });

  test('end within a day and an hour, are over at their end, and quiet at every moment before it', () => {
    const times = fc.record({ hour: fc.nat(23), minute: fc.nat(59) });
    const clock = times.map(
      ({ hour, minute }) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`,
    );
    const hours = fc.record({
      from: clock,
      to: clock,
      timeZone: fc.constantFrom('UTC', 'Europe/Rome', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia'),
    });
    const moment = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') });
    fc.assert(
      fc.property(moment, hours, fc.double({ min: 0, max: 1, noNaN: true }), (now, quiet, share) => {
        const end = quietUntil(now, quiet);
        if (end === null) return;
        expect(end).toBeGreaterThan(now);
        expect(end - now).toBeLessThanOrEqual(dayMs + hourMs);
        expect(quietUntil(Math.min(end - 1, now + Math.floor(share * (end - now))), quiet)).toBe(end);
        expect(quietUntil(end, quiet)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});
