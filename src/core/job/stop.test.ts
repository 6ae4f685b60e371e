import { describe, expect, test } from 'bun:test';
import { minuteMs } from '../time.ts';
import { addSpent, noStop, nothingSpent, stopOf, timeLeftMs, warningsOf, type Spent, type StopSpec } from './stop.ts';

const spent = (more: Partial<Spent>): Spent => ({ ...nothingSpent, ...more });
const stop = (more: Partial<StopSpec>): StopSpec => ({ ...noStop, ...more });

describe('a job with', () => {
  test.each<[string, StopSpec, Spent, string | null, string[]]>([
    ['no condition', noStop, spent({ turns: 9999, costUsd: 999, runningMs: 999 * minuteMs }), null, []],
    ['ten turns, seven taken', stop({ turns: 10 }), spent({ turns: 7 }), null, []],
    ['ten turns, eight taken', stop({ turns: 10 }), spent({ turns: 8 }), null, ['turns']],
    ['ten turns, ten taken', stop({ turns: 10 }), spent({ turns: 10 }), 'turns', ['turns']],
    ['one turn', stop({ turns: 1 }), nothingSpent, null, []],
    ['a budget, a little less than 80 % spent', stop({ budget: 2.5 }), spent({ costUsd: 1.999 }), null, []],
    ['a budget, 80 % spent', stop({ budget: 2.5 }), spent({ costUsd: 2 }), null, ['budget']],
    ['a budget, all of it spent', stop({ budget: 2.5 }), spent({ costUsd: 2.5 }), 'budget', ['budget']],
    ['a budget, and no known price', stop({ budget: 2.5 }), spent({ costUsd: null }), null, ['price']],
    [
      'a budget, a part of the cost known',
      stop({ budget: 2.5 }),
      spent({ costUsd: null, leastUsd: 2 }),
      null,
      ['budget', 'price'],
    ],
    [
      'a budget, all of it known to be spent',
      stop({ budget: 2.5 }),
      spent({ costUsd: null, leastUsd: 2.5 }),
      'budget',
      ['budget', 'price'],
    ],
    ['no budget, and no known price', stop({ turns: 5 }), spent({ costUsd: null }), null, []],
    ['an hour, 47 minutes run', stop({ timeMs: 60 * minuteMs }), spent({ runningMs: 47 * minuteMs }), null, []],
    ['an hour, 48 minutes run', stop({ timeMs: 60 * minuteMs }), spent({ runningMs: 48 * minuteMs }), null, ['time']],
    ['an hour, all of it run', stop({ timeMs: 60 * minuteMs }), spent({ runningMs: 60 * minuteMs }), 'time', ['time']],
    ['completion', stop({ completion: true }), spent({ turns: 999, costUsd: null }), null, []],
    [
      'all of them, of which two are near',
      { turns: 10, budget: 1, timeMs: minuteMs, completion: true },
      spent({ turns: 9, costUsd: 0.1, runningMs: 50_000 }),
      null,
      ['turns', 'time'],
    ],
    [
      'several that are met at once is stopped by the first of them',
      { turns: 10, budget: 1, timeMs: minuteMs, completion: false },
      spent({ turns: 3, costUsd: 1, runningMs: minuteMs }),
      'budget',
      ['budget', 'time'],
    ],
  ])('%s', (...[, condition, used, by, warnings]) => {
    expect(stopOf(condition, used)?.by ?? null).toBe(by as never);
    expect(warningsOf(condition, used).map((each) => each.by as string)).toEqual(warnings);
  });
});

test.each<[StopSpec, Spent, string, string]>([
  [
    stop({ turns: 5 }),
    spent({ turns: 5 }),
    'It has reached its limit of 5 turns (5 taken).',
    'It will soon reach its limit of 5 turns (5 taken).',
  ],
  [
    stop({ turns: 1 }),
    spent({ turns: 2 }),
    'It has reached its limit of 1 turn (2 taken).',
    'It will soon reach its limit of 1 turn (2 taken).',
  ],
  [
    stop({ budget: 2.5 }),
    spent({ costUsd: 2.631 }),
    'It has reached its budget of $2.50 ($2.63 spent).',
    'It will soon reach its budget of $2.50 ($2.63 spent).',
  ],
  [
    stop({ timeMs: 90 * minuteMs }),
    spent({ runningMs: 90 * minuteMs }),
    'It has reached its time of 1h 30m (1h 30m running).',
    'It will soon reach its time of 1h 30m (1h 30m running).',
  ],
  [
    stop({ budget: 2.5 }),
    spent({ costUsd: null, leastUsd: 2.631 }),
    'It has reached its budget of $2.50 (at least $2.63 spent).',
    'It will soon reach its budget of $2.50 (at least $2.63 spent).',
  ],
])('what was met is said in a sentence', (condition, used, says, warns) => {
  expect(stopOf(condition, used)?.detail).toBe(says);
  expect(warningsOf(condition, used)[0]?.detail).toBe(warns);
});

test('the time is looked at when it is time to warn, and when it is over', () => {
  const condition = stop({ timeMs: 100_000 });
  const left = (runningMs: number): number | null => timeLeftMs(condition, { runningMs });
  expect([0, 79_999, 80_000, 99_999, 100_000].map(left)).toEqual([80_000, 1, 20_000, 1, 0]);
  expect(timeLeftMs(noStop, { runningMs: 5 })).toBeNull();
  // Whatever is lost in the division, it is never looked at too early again and again.
  for (let seconds = 1; seconds < 2000; seconds += 1) {
    const odd = stop({ timeMs: seconds * 1000 });
    const warnedAt = timeLeftMs(odd, { runningMs: 0 }) ?? 0;
    expect(warningsOf(odd, spent({ runningMs: warnedAt }))).toHaveLength(1);
  }
});

test('of what was spent one unknown cost makes the sum unknown, and nothing else', () => {
  const sum = addSpent(spent({ turns: 2, costUsd: 1, runningMs: 5 }), spent({ turns: 3, costUsd: null, runningMs: 6 }));
  expect(sum).toMatchObject({ turns: 5, costUsd: null, leastUsd: 1, runningMs: 11 });
  expect(addSpent(sum, spent({ costUsd: 2 }))).toMatchObject({ costUsd: null, leastUsd: 3 });
  expect(addSpent(nothingSpent, spent({ costUsd: null }))).toEqual(spent({ costUsd: null }));
  expect(addSpent(nothingSpent, spent({ inputTokens: 7, outputTokens: 2 }))).toEqual(
    spent({ inputTokens: 7, outputTokens: 2 }),
  );
});

test('who set a budget is told whether a part of the cost is not known, or all of it', () => {
  const details = [0, 0.3].map(
    (leastUsd) => warningsOf(stop({ budget: 5 }), spent({ costUsd: null, leastUsd }))[0]?.detail,
  );
  expect(details).toEqual([
    'What it has cost is not known, so that its budget of $5.00 cannot be kept.',
    'A part of what it has cost is not known, and does not count for its budget of $5.00.',
  ]);
});
