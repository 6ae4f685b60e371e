import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { buildCandidate, buildView, captured, idOf } from '../../../test/builders.ts';
import { strategies, type Strategy } from './pool.ts';
import { preferred } from './prefer.ts';
import type { Candidate } from './view.ts';

const now = captured;
const labels = ['a', 'b', 'c', 'd'];
const served = (turns: readonly number[]) =>
  labels.map((label, index) => buildCandidate(label, { servedTurn: turns[index] ?? 0 }));
const resetting = (...resets: (number | null)[]) =>
  resets.map((nextReset, index) => buildCandidate(labels[index] ?? '', { nextReset }));

type Row = {
  readonly strategy: Strategy;
  readonly says: string;
  readonly pool?: readonly Candidate[];
  readonly open?: readonly string[];
  readonly current?: string;
  readonly affinity?: string;
  readonly chosen: string;
};

const rows: readonly Row[] = [
  { strategy: 'sticky', says: 'starts with the first account', chosen: 'a' },
  { strategy: 'sticky', says: 'stays where it was', current: 'c', chosen: 'c' },
  { strategy: 'sticky', says: 'goes on to the next open account', current: 'b', open: ['a', 'd'], chosen: 'd' },
  { strategy: 'sticky', says: 'goes round the end of the order', current: 'd', open: ['b', 'c'], chosen: 'b' },
  {
    strategy: 'sticky',
    says: 'does not go back to an earlier account that opened',
    current: 'c',
    open: ['a', 'c'],
    chosen: 'c',
  },
  {
    strategy: 'sticky',
    says: 'starts anew when its account was removed',
    current: 'gone',
    open: ['b', 'c'],
    chosen: 'b',
  },
  { strategy: 'round-robin', says: 'starts with the first account', chosen: 'a' },
  {
    strategy: 'round-robin',
    says: 'takes the one that served least recently',
    pool: served([7, 4, 5, 6]),
    chosen: 'b',
  },
  {
    strategy: 'round-robin',
    says: 'takes the next one when that is closed',
    pool: served([7, 4, 5, 6]),
    open: ['a', 'c', 'd'],
    chosen: 'c',
  },
  { strategy: 'round-robin', says: 'takes one that never served first', pool: served([3, 2, 1, 0]), chosen: 'd' },
  { strategy: 'priority', says: 'takes the first account', current: 'c', chosen: 'a' },
  { strategy: 'priority', says: 'takes the first open one', current: 'd', open: ['b', 'd'], chosen: 'b' },
  {
    strategy: 'soonest-reset',
    says: 'takes the one that resets first',
    pool: resetting(now + 9, now + 3, now + 5),
    chosen: 'b',
  },
  {
    strategy: 'soonest-reset',
    says: 'takes an unknown reset for the latest',
    pool: resetting(null, now + 9),
    chosen: 'b',
  },
  {
    strategy: 'soonest-reset',
    says: 'takes a reset that has passed for unknown',
    pool: resetting(now, now + 9),
    chosen: 'b',
  },
  {
    strategy: 'soonest-reset',
    says: 'takes the first of several unknown ones',
    pool: resetting(null, null),
    chosen: 'a',
  },
  ...strategies.map((strategy): Row => ({
    strategy,
    says: 'leaves a session on its account',
    pool: served([0, 0, 9, 0]),
    current: 'b',
    affinity: 'c',
    chosen: 'c',
  })),
  ...strategies.map((strategy): Row => ({
    strategy,
    says: 'moves a session whose account is closed',
    affinity: 'd',
    open: ['a'],
    chosen: 'a',
  })),
];

describe('the strategy', () => {
  test.each(rows.map((row) => [row.strategy, row.says, row] as const))('%s %s', (strategy, _, row) => {
    const { pool = served([0, 0, 0, 0]), open = labels, current, affinity, chosen } = row;
    const view = buildView(pool, {
      strategy,
      current: current === undefined ? null : idOf(current),
      affinity: affinity === undefined ? null : idOf(affinity),
    });
    const candidates = pool.filter((each) => open.includes(each.account.label));
    expect(preferred(view, candidates, now).account.id).toBe(idOf(chosen));
  });

  test('round-robin serves every open account once before any twice, after any history, removal and skip', () => {
    const history = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 6, maxLength: 6 });
    const never = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
    const subset = fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 });
    fc.assert(
      fc.property(history, never, subset, subset, (turns, fresh, kept, open) => {
        let pool = kept.map((index) =>
          buildCandidate(`n${index}`, { servedTurn: fresh[index] ? 0 : (turns[index] ?? 0) }),
        );
        const isOpen = (each: Candidate) => open.some((index) => each.account.id === idOf(`n${index}`));
        const size = pool.filter(isOpen).length;
        const order: string[] = [];
        for (let turn = 1001; turn <= 1000 + 2 * size; turn += 1) {
          const { account } = preferred(buildView(pool, { strategy: 'round-robin' }), pool.filter(isOpen), now);
          order.push(account.id);
          pool = pool.map((each) => (each.account === account ? { ...each, servedTurn: turn } : each));
        }
        expect(new Set(order.slice(0, size)).size).toBe(size);
        expect(order.slice(size)).toEqual(order.slice(0, size));
      }),
    );
  });
});
