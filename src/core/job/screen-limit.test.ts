import { expect, test } from 'bun:test';
import { minuteMs } from '../time.ts';
import { screenLimit, type ScreenFacts } from './screen-limit.ts';

const line = "You've hit your session limit · resets 5pm";
const nothing: ScreenFacts = {
  ...{ line, lastWordAt: 0, requestAt: null },
  ...{ isAnswered: false, hasTool: false, isClosed: false },
};

test.each<[string, Partial<ScreenFacts>, number, boolean]>([
  ['such a line alone', {}, 0, false],
  ['such a line and a little less than three minutes', {}, 3 * minuteMs - 1, false],
  ['such a line and three minutes without a word', {}, 3 * minuteMs, true],
  ['such a line of an agent that works', { lastWordAt: 10 * minuteMs }, 11 * minuteMs, false],
  ['such a line of an agent whose last request has just ended', { requestAt: 10 * minuteMs }, 11 * minuteMs, false],
  ['such a line while a tool is at work', { hasTool: true }, 3e9, false],
  ['such a line while a model answers', { isAnswered: true }, 3e9, false],
  ['such a line and an account that is closed', { lastWordAt: 5, isClosed: true }, 6, true],
  ['such a line and an account that is closed, of a tool at work', { hasTool: true, isClosed: true }, 6, true],
  [
    'such a line and an account that is closed, of a request that goes on',
    { isAnswered: true, isClosed: true },
    6,
    false,
  ],
])('a limit on a screen, by %s', (_, facts, now, limited) => {
  expect(screenLimit({ ...nothing, ...facts }, now) !== null).toBe(limited);
});

test('a limit on a screen is told with its line and what speaks for it', () => {
  expect(screenLimit(nothing, 4 * minuteMs)).toMatchObject({
    ...{ rule: 'limited-stuck', deed: 'resume', facts: nothing },
    why: `its screen shows a limit, and it has done nothing for 4m (${line})`,
  });
});
