import { describe, expect, test } from 'bun:test';
import { resetOf } from './reset-text.ts';

const now = Date.parse('2026-11-21T11:20:30Z');

describe('a reset time in a text of Claude Code', () => {
  test.each([
    ['resets 4:19pm (UTC)', '2026-11-21T16:19:00Z'],
    ['resets 12:57am (UTC)', '2026-11-22T00:57:00Z'],
    ['resets 3pm (Europe/Rome)', '2026-11-21T14:00:00Z'],
    ['resets 8pm (Asia/Dhaka)', '2026-11-21T14:00:00Z'],
    ['resets 12pm (UTC)', '2026-11-21T12:00:00Z'],
    ['resets 12am (UTC)', '2026-11-22T00:00:00Z'],
    // Its seconds are cut off: this very minute is not tomorrow.
    ['resets 11:20am (UTC)', '2026-11-21T11:20:00Z'],
    ['resets 11:18am (UTC)', '2026-11-22T11:18:00Z'],
    ['resets Nov 23, 7:31am (UTC)', '2026-11-23T07:31:00Z'],
    ['resets Jan 2, 7am (UTC)', '2027-01-02T07:00:00Z'],
    ['resets Jan 31, 2027, 7:05pm (America/New_York)', '2027-02-01T00:05:00Z'],
  ])('%s is %s', (text, at) => {
    expect(resetOf(`You've hit your session limit · ${text}`, now)).toBe(Date.parse(at));
  });

  test.each([
    '',
    "You've hit your limit",
    "You've hit your limit · resets soon",
    "You've hit your limit · resets 4:19pm",
    "You've hit your limit · resets 4:19pm (Nowhere/Land)",
    "You've hit your limit · resets Foo 23, 7:31am (UTC)",
    "You've hit your limit · resets Nov 99, 7:31am (UTC)x".slice(0, 30),
    'resets 4:19pm (UTC)',
  ])('%p has none', (text) => {
    expect(resetOf(text, now)).toBeNull();
  });
});
