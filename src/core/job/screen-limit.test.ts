import { expect, test } from 'bun:test';
import { minuteMs } from '../time.ts';
import { isLimited, type ScreenFacts } from './screen-limit.ts';

const line = "You've hit your session limit · resets 5pm";

test.each<[string, ScreenFacts, number, boolean]>([
  ['no such line is none, however long nothing happens', { line: null, lastWordAt: 0, isClosed: true }, 3e9, false],
  ['such a line alone', { line, lastWordAt: 0, isClosed: false }, 0, false],
  [
    'such a line and a little less than three minutes',
    { line, lastWordAt: 0, isClosed: false },
    3 * minuteMs - 1,
    false,
  ],
  ['such a line and three minutes without a word', { line, lastWordAt: 0, isClosed: false }, 3 * minuteMs, true],
  ['such a line of an agent that works', { line, lastWordAt: 10 * minuteMs, isClosed: false }, 11 * minuteMs, false],
  ['such a line and an account that is closed', { line, lastWordAt: 5, isClosed: true }, 6, true],
])('a limit on a screen, by %s', (_, facts, now, limited) => {
  expect(isLimited(facts, now)).toBe(limited);
});
