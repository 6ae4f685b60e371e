import { describe, expect, test } from 'bun:test';
import { History, type HistoryBudget } from './history.ts';

function historyOf(limit = 100, budget: HistoryBudget = { free: 1000 }) {
  const history = new History(limit, budget);
  return {
    history,
    budget,
    add: (id: string, continues: string | null, ...items: string[]) =>
      history.add(id, { continues, items, upstream: null }),
  };
}

describe('a history', () => {
  test('is told from its beginning, in order', () => {
    const { history, add } = historyOf();
    add('r1', null, 'a');
    add('r2', 'r1', 'b', 'c');
    add('r3', 'r2', 'd');
    expect(history.upTo('r3')?.items).toEqual(['a', 'b', 'c', 'd']);
    expect(history.upTo('r2')?.items).toEqual(['a', 'b', 'c']);
  });

  test('of which a part is missing is none', () => {
    const { history, add } = historyOf();
    add('r2', 'r1', 'b');
    expect(history.upTo('r2')).toBeNull();
    expect(history.upTo('r9')).toBeNull();
  });

  test('that names itself is none', () => {
    const { history, add } = historyOf();
    add('r1', 'r2', 'a');
    add('r2', 'r1', 'b');
    expect(history.upTo('r2')).toBeNull();
  });

  test('ends where a complete request begins another', () => {
    const { history, budget, add } = historyOf();
    add('r1', null, 'a'.repeat(60));
    add('r2', null, 'b'.repeat(50));
    expect([history.upTo('r1'), history.upTo('r2')?.items.length]).toEqual([null, 1]);
    expect(budget.free).toBe(950);
  });

  test.each([
    ['its own bound', 100, 1000],
    ['the bound of all', 1000, 100],
  ])('beyond %s is forgotten, and gives back what it had', (_, limit, free) => {
    const { history, budget, add } = historyOf(limit, { free });
    add('r1', null, 'a'.repeat(60));
    add('r2', 'r1', 'b'.repeat(60));
    expect([history.upTo('r1'), history.upTo('r2')]).toEqual([null, null]);
    expect(budget.free).toBe(free);
  });
});
