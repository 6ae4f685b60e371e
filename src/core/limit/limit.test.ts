import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { buildLimit, captured } from '../../../test/builders.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';
import {
  awaitsProbe,
  clearLimit,
  isClosed,
  isRefusal,
  limitCovers,
  limitSources,
  mergeLimits,
  slotOf,
  type Limit,
} from './limit.ts';

const now = captured;

describe('two copies of a limit', () => {
  test.each<[string, Partial<Limit>, Partial<Limit>]>([
    [
      'the higher version wins over everything else',
      { version: 2, until: 0, source: 'estimated' },
      { version: 1, until: now + dayMs },
    ],
    [
      'the provider beats an estimate that ends later',
      { source: 'provider', until: now + 60_000 },
      { source: 'estimated', until: now + 120_000 },
    ],
    ['the later deadline wins', { until: now + 2 }, { until: now + 1 }],
    ['of one deadline the later observation wins', { observedAt: now + 1 }, { observedAt: now }],
    ['then the one with more repeats', { repeats: 2 }, { repeats: 1 }],
    ['then the evidence decides, so that there is always an answer', { evidence: 'b' }, { evidence: 'a' }],
  ])('merge: %s', (_, winner, loser) => {
    const [won, lost] = [buildLimit(winner), buildLimit(loser)];
    expect(mergeLimits(won, lost)).toEqual(won);
    expect(mergeLimits(lost, won)).toEqual(won);
  });

  const copy: fc.Arbitrary<Limit> = fc
    .record({
      version: fc.integer({ min: 1, max: 3 }),
      source: fc.constantFrom(...limitSources),
      until: fc.constantFrom(0, now, now + 1, now + hourMs),
      observedAt: fc.constantFrom(now - 1, now),
      repeats: fc.integer({ min: 0, max: 2 }),
      evidence: fc.constantFrom('', 'a', 'b'),
    })
    .map(buildLimit);

  test('merge to the same limit in any order, any number of times', () => {
    fc.assert(
      fc.property(copy, copy, copy, (a, b, c) => {
        expect(mergeLimits(a, a)).toEqual(a);
        expect(mergeLimits(a, b)).toEqual(mergeLimits(b, a));
        expect(mergeLimits(mergeLimits(a, b), c)).toEqual(mergeLimits(a, mergeLimits(b, c)));
        expect(mergeLimits(mergeLimits(a, b), b)).toEqual(mergeLimits(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  test('merge to no weaker source within a version, and to no earlier deadline of one source', () => {
    fc.assert(
      fc.property(copy, copy, (a, b) => {
        const merged = mergeLimits(a, b);
        for (const each of [a, b].filter(({ version }) => version === merged.version)) {
          expect(limitSources.indexOf(merged.source)).toBeGreaterThanOrEqual(limitSources.indexOf(each.source));
          if (each.source === merged.source) expect(merged.until).toBeGreaterThanOrEqual(each.until);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('merge to the same limit when they arrive shuffled and doubled', () => {
    fc.assert(
      fc.property(
        fc
          .array(copy, { minLength: 1, maxLength: 8 })
          .chain((copies) =>
            fc.tuple(
              fc.constant(copies),
              fc.shuffledSubarray([...copies, ...copies], { minLength: copies.length * 2 }),
            ),
          ),
        ([copies, shuffled]) => {
          expect(shuffled.reduce(mergeLimits)).toEqual(copies.reduce(mergeLimits));
        },
      ),
    );
  });
});

describe('a limit', () => {
  test.each([
    ['before its deadline', true, now + 1],
    ['at its deadline', false, now],
    ['after its deadline', false, now - 1],
    ['that is cleared', false, 0],
  ])('%s is closed: %p', (_, closed, until) => {
    expect(isClosed(buildLimit({ until }), now)).toBe(closed);
  });

  test('that is cleared is open, with a higher version and no repeats', () => {
    const cleared = clearLimit(buildLimit({ version: 3, repeats: 4 }), now + 5);
    expect(cleared).toMatchObject({ version: 4, until: 0, observedAt: now + 5, repeats: 0 });
    expect(isClosed(cleared, 0)).toBe(false);
  });

  test('beaten by its clear stays cleared when an older copy arrives late', () => {
    const limit = buildLimit();
    const cleared = clearLimit(limit, now);
    expect(mergeLimits(cleared, { ...limit, until: now + 30 * dayMs, source: 'provider' })).toEqual(cleared);
  });

  test.each([
    ['of ten minutes that has run out', true, { observedAt: now - 10 * minuteMs, until: now }],
    ['of five hours that ran out long ago', true, { observedAt: now - dayMs, until: now - 19 * hourMs }],
    ['of less than ten minutes', false, { observedAt: now - 10 * minuteMs + 1, until: now }],
    ['that still holds', false, { observedAt: now - hourMs, until: now + 1 }],
    ['that was cleared', false, { observedAt: now - hourMs, until: 0 }],
  ])('%s awaits a probe: %p', (_, awaits, times) => {
    expect(awaitsProbe(buildLimit(times), now)).toBe(awaits);
  });

  test.each<[string, string, Limit['source'], boolean]>([
    ['credits, by our guess', 'credits', 'estimated', true],
    ['entitlement, by our guess', 'entitlement', 'estimated', true],
    ['credits, until the provider’s own time', 'credits', 'provider', false],
    ['entitlement, until the provider’s own time', 'entitlement', 'provider', false],
    ['a window that fills, by our guess', 'minute', 'estimated', false],
  ])('of %s is a refusal as it should be', (...[, window, source, refusal]) => {
    expect(isRefusal({ window, source })).toBe(refusal);
  });

  test('on Opus closes Opus only, and a five-hour limit closes every model', () => {
    const opus = buildLimit({ window: 'seven_day_opus', family: 'opus' });
    const fiveHour = buildLimit();
    const models = ['claude-opus-4-8[1m]', 'claude-sonnet-5', 'claude-haiku-4-5', null];
    expect(models.map((model) => limitCovers(opus, model))).toEqual([true, false, false, false]);
    expect(models.map((model) => limitCovers(fiveHour, model))).toEqual([true, true, true, true]);
  });

  test('has a slot of its own for each window, each family, and for overage', () => {
    const slots = [
      {},
      { window: 'seven_day' },
      { family: 'opus' },
      { overage: true },
      { window: 'seven_day', family: 'opus', overage: true },
    ].map((each) => slotOf(buildLimit(each)));
    expect(new Set(slots).size).toBe(slots.length);
    expect(slotOf(buildLimit({ until: 1, version: 9, source: 'estimated' }))).toBe(slotOf(buildLimit()));
  });
});
