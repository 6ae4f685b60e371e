import { describe, expect, test } from 'bun:test';
import { parseResetPhrase } from './reset-phrase.ts';

const now = Date.parse('2026-11-21T11:20:30Z');
const rome = (text: string): string | null => {
  const at = parseResetPhrase(text, now, 'Europe/Rome');
  return at === null ? null : new Date(at).toISOString().replace('.000Z', 'Z');
};

describe('a reset in the words of', () => {
  test.each([
    ["Claude Code: You've hit your session limit · resets 4:19pm (UTC)", '2026-11-21T16:19:00Z'],
    ["Claude Code: You've hit your session limit · resets 3pm (Europe/Rome)", '2026-11-21T14:00:00Z'],
    ["Claude Code: You've hit your weekly limit · resets 8pm (Asia/Dhaka)", '2026-11-21T14:00:00Z'],
    ["Claude Code: You've hit your weekly limit · resets 12pm (UTC)", '2026-11-21T12:00:00Z'],
    ["Claude Code: You've hit your weekly limit · resets 12am (UTC)", '2026-11-22T00:00:00Z'],
    ['Claude Code, this very minute: resets 11:20am (UTC)', '2026-11-21T11:20:00Z'],
    ['Claude Code, two minutes ago: resets 11:18am (UTC)', '2026-11-22T11:18:00Z'],
    ['Claude Code: Opus limit · resets Nov 23, 7:31am (UTC)', '2026-11-23T07:31:00Z'],
    ['Claude Code, next year: resets Jan 2, 7am (UTC)', '2027-01-02T07:00:00Z'],
    ['Claude Code, with a year: resets Jan 31, 2027, 7:05pm (America/New_York)', '2027-02-01T00:05:00Z'],
    ['Codex: You’ve hit your usage limit. Upgrade or try again at 12:43 AM.', '2026-11-21T23:43:00Z'],
    ['Codex: You’ve hit your usage limit. Try again at Nov 23rd, 2026 7:46 AM.', '2026-11-23T06:46:00Z'],
    ['Codex: or try again at Dec 1st, 2026 12:00 PM.', '2026-12-01T11:00:00Z'],
    ['Codex, older: try again in 5 days 22 hours 11 minutes.', '2026-11-27T09:31:30Z'],
    ['Codex: Please try again in 2s.', '2026-11-21T11:20:32Z'],
    ['Codex: Please try again in 1.5 seconds', '2026-11-21T11:20:31.500Z'],
    ['Gemini CLI: Your quota will reset after 3h12m5s.', '2026-11-21T14:32:35Z'],
    ['Google: Please retry in 35.6s.', '2026-11-21T11:21:05.600Z'],
    ['Gemini CLI: Access resets at 3:05 PM UTC.', '2026-11-21T15:05:00Z'],
    ['a length with words between: in 1 hour and 5 minutes', '2026-11-21T12:25:30Z'],
  ])('%s', (text, at) => {
    expect(rome(text)).toBe(at);
  });

  test.each([
    '',
    'You’ve hit your usage limit. Try again later.',
    "You've hit your limit",
    'resets soon',
    'resets 4:19pm (Nowhere/Land)',
    'resets 13pm (UTC)',
    'resets 4:75pm (UTC)',
    'resets Foo 23, 7:31am (UTC)',
    'resets Feb 30, 7:31am (UTC)',
    'in 0s',
    'in summer',
    'in 10 parsecs',
  ])('%p is none', (text) => {
    expect(rome(text)).toBeNull();
  });
});

describe('a time of day', () => {
  test.each([
    // Clocks go forward on March 29 and back on October 25, 2026, at 01:00 UTC.
    ['2026-03-28T23:30:00Z', 'resets 4am (Europe/Rome)', '2026-03-29T02:00:00Z'],
    ['2026-03-29T00:30:00Z', 'resets 2:30am (Europe/Rome)', '2026-03-29T01:30:00Z'],
    ['2026-10-24T22:30:00Z', 'resets 4am (Europe/Rome)', '2026-10-25T03:00:00Z'],
    ['2026-12-31T22:30:00Z', 'resets 1am (UTC)', '2027-01-01T01:00:00Z'],
    ['2026-12-31T23:30:00Z', 'resets 1am (Europe/Rome)', '2027-01-01T00:00:00Z'],
    ['2026-12-31T12:00:00Z', 'resets Dec 31, 11pm (UTC)', '2026-12-31T23:00:00Z'],
    ['2027-01-01T00:30:00Z', 'resets Dec 31, 11pm (America/New_York)', '2027-01-01T04:00:00Z'],
  ])('at %s, %s is %s', (from, text, at) => {
    const found = parseResetPhrase(text, Date.parse(from), 'UTC');
    expect(found === null ? null : new Date(found).toISOString()).toBe(new Date(at).toISOString());
  });
});
