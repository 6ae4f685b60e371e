import { expect, test } from 'bun:test';
import { spentText, stopText } from './spent-text.ts';

const none = { turns: null, budget: null, time: null, completion: false };

test.each([
  [{ ...none, turns: 1 }, 'after 1 turn'],
  [{ ...none, turns: 40, budget: 2.5 }, 'after 40 turns or $2.50'],
  [
    { turns: 40, budget: 2.5, time: 5400, completion: true },
    'after 40 turns, $2.50 or 1h 30m; only finish_job ends it',
  ],
  [{ ...none, completion: true }, 'only finish_job ends it'],
])('what stops a job is said shortly', (stop, text) => {
  expect(stopText(stop)).toBe(text);
});

const nothing = { turns: 0, inputTokens: 0, cacheReadTokens: 0, outputTokens: 0, cost: 0, knownCost: 0, time: 0 };

test.each([
  [nothing, null],
  [{ ...nothing, time: 3 }, '0 turns, $0.00, 3s running'],
  [{ ...nothing, turns: 1, cost: null, time: 60 }, '1 turn, cost unknown, 1m running'],
  [{ ...nothing, turns: 1, cost: null, knownCost: 0.3, time: 60 }, '1 turn, at least $0.30, 1m running'],
  [
    {
      turns: 12,
      inputTokens: 1_234_000,
      cacheReadTokens: 987_200,
      outputTokens: 3400,
      cost: 0.314,
      knownCost: 0.314,
      time: 300,
    },
    '12 turns, 1.2M tokens in (80 % of them cached), 3.4k out, $0.31, 5m running',
  ],
  [
    { turns: 2, inputTokens: 999, cacheReadTokens: 0, outputTokens: 8, cost: 0.0042, knownCost: 0.0042, time: 1 },
    '2 turns, 999 tokens in, 8 out, $0.0042, 1s running',
  ],
])('what was spent is said shortly', (spent, text) => {
  expect(spentText(spent)).toBe(text);
});
