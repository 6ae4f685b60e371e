import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { buildLimit, captured, idOf } from '../../../test/builders.ts';
import { dayMs, hourMs, minuteMs, secondMs, type EpochMs } from '../time.ts';
import { clearLimit, isClosed, limitSources, type Limit } from './limit.ts';
import { observeClosed, observeOpen } from './observe.ts';

const now = captured;

function closedUntil(until: EpochMs | null) {
  return {
    kind: 'closed',
    window: 'five_hour',
    family: null,
    overage: false,
    until,
    evidence: 'five_hour rejected',
  } as const;
}

function observe(known: Limit | undefined, until: EpochMs | null, at: EpochMs): Limit {
  return observeClosed(idOf('a'), known, closedUntil(until), at);
}

describe('a closed window', () => {
  test.each([
    ['in the past', now - hourMs, 10 * secondMs],
    ['now', now, 10 * secondMs],
    ['in 9 seconds', now + 9 * secondMs, 10 * secondMs],
    ['in 10 seconds', now + 10 * secondMs, 10 * secondMs],
    ['in an hour', now + hourMs, hourMs],
    ['in 35 days', now + 35 * dayMs, 35 * dayMs],
    ['in 36 days', now + 36 * dayMs, 35 * dayMs],
    ['in the year 33658', 999_999_999_999_999, 35 * dayMs],
  ])('with a reset %s rests within ten seconds and 35 days', (_, until, cooldownMs) => {
    expect(observe(undefined, until, now)).toEqual({
      account: idOf('a'),
      window: 'five_hour',
      family: null,
      overage: false,
      version: 1,
      source: 'provider',
      until: now + cooldownMs,
      observedAt: now,
      repeats: 0,
      evidence: 'five_hour rejected',
    });
  });

  test('without a reset rests 60 seconds, doubling each time it happens again, up to 30 minutes', () => {
    const cooldowns: number[] = [];
    let known: Limit | undefined;
    for (let at = now; cooldowns.length < 8; at = (known?.until ?? 0) + secondMs) {
      known = observe(known, null, at);
      expect(known.source).toBe('estimated');
      cooldowns.push((known.until - at) / minuteMs);
    }
    expect(cooldowns).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });

  test('without a reset does not double for the rest of the herd that ran into it', () => {
    const first = observe(undefined, null, now);
    const herd = observe(observe(first, null, now + 10), null, now + 1500);
    expect(herd).toMatchObject({ repeats: 1, until: now + 1500 + minuteMs });
  });

  test('starts with 60 seconds again after it was cleared', () => {
    const third = observe(observe(undefined, null, now), null, now + hourMs);
    expect(observe(clearLimit(third, now + 2 * hourMs), null, now + 3 * hourMs).until).toBe(
      now + 3 * hourMs + minuteMs,
    );
  });

  test('starts with 60 seconds after a time from the provider', () => {
    const told = observe(undefined, now + hourMs, now);
    expect(observe(told, null, now + 2 * hourMs)).toMatchObject({
      source: 'estimated',
      until: now + 2 * hourMs + minuteMs,
    });
  });

  test.each([
    ['a later reset moves its deadline', now + 2 * hourMs, now + 2 * hourMs],
    ['an earlier reset does not', now + minuteMs, now + hourMs],
    ['an unknown reset does not', null, now + hourMs],
    ['a reset in the past does not', now - hourMs, now + hourMs],
  ])('until the provider’s time: %s', (_, until, deadline) => {
    expect(observe(buildLimit(), until, now + 1).until).toBe(deadline);
  });

  test('that was estimated takes the provider’s time, the earlier one too', () => {
    const estimated = buildLimit({ source: 'estimated', until: now + 30 * minuteMs, repeats: 6 });
    expect(observe(estimated, now + minuteMs, now)).toMatchObject({
      source: 'provider',
      until: now + minuteMs,
      version: 1,
    });
  });

  test('that has run out takes an estimate, though the provider’s old time has the stronger source', () => {
    const old = buildLimit({ until: now - 1 });
    expect(observe(old, null, now)).toMatchObject({ source: 'estimated', until: now + minuteMs, version: 2 });
  });

  test('that many answers tell of, rounded to seconds, is one fact and not written again', () => {
    const known = buildLimit();
    expect(observe(known, known.until + 999, now + 5)).toBe(known);
    expect(observe(known, known.until - 999, now + 5)).toBe(known);
    expect(observe(known, known.until + 1000, now + 5)).not.toBe(known);
  });
});

describe('word that a window is open', () => {
  const limit = buildLimit({ observedAt: now });

  test('clears its limit when the request was sent after the limit was seen', () => {
    const cleared = observeOpen(limit, now + 1, now + 50);
    expect(cleared).toMatchObject({ until: 0, version: 2, observedAt: now + 50 });
    expect(isClosed(cleared, now)).toBe(false);
  });

  test.each([
    ['before the limit was seen', now - 1],
    ['in the same millisecond', now],
  ])('clears nothing when the request was sent %s', (_, sentAt) => {
    expect(observeOpen(limit, sentAt, now + hourMs)).toBe(limit);
  });

  test('ends the doubling of an estimate that has run out', () => {
    const estimated = buildLimit({ source: 'estimated', repeats: 3, observedAt: now - hourMs, until: now - minuteMs });
    expect(observeOpen(estimated, now, now + 1)).toMatchObject({ repeats: 0, until: 0 });
  });

  test('changes nothing in a limit that is cleared', () => {
    const cleared = clearLimit(limit, now);
    expect(observeOpen(cleared, now + hourMs, now + hourMs)).toBe(cleared);
  });
});

describe('the deadline of a window', () => {
  const told = fc.record({
    kind: fc.constant('closed' as const),
    afterMs: fc.integer({ min: 0, max: 3 * hourMs }),
    until: fc.option(fc.integer({ min: -hourMs, max: 40 * dayMs }), { nil: null }),
  });
  const served = fc.record({
    kind: fc.constant('open' as const),
    afterMs: fc.integer({ min: 0, max: hourMs }),
    tookMs: fc.integer({ min: 0, max: hourMs }),
  });

  test('of one source never shrinks without a clear, and only a stronger source replaces it by an earlier one', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(told, served), { maxLength: 20 }), (events) => {
        let at = now;
        let known: Limit | undefined;
        for (const event of events) {
          at += event.afterMs;
          const before: Limit | undefined = known;
          if (event.kind === 'closed') known = observe(before, event.until === null ? null : at + event.until, at);
          else if (before !== undefined) known = observeOpen(before, at - event.tookMs, at);
          if (before === undefined || known === undefined) continue;
          expect(known.version).toBeGreaterThanOrEqual(before.version);
          if (known.version === before.version) {
            expect(limitSources.indexOf(known.source)).toBeGreaterThanOrEqual(limitSources.indexOf(before.source));
          }
          const cleared = event.kind === 'open' && at - event.tookMs > before.observedAt;
          const corrected = before.source === 'estimated' && known.source === 'provider';
          if (!cleared && !corrected) expect(known.until).toBeGreaterThanOrEqual(before.until);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('is the same whichever of two answers is read first', () => {
    const until = fc.integer({ min: -hourMs, max: 40 * dayMs }).map((each) => now + each);
    fc.assert(
      fc.property(until, until, (one, other) => {
        const forth = observe(observe(undefined, one, now), other, now);
        const back = observe(observe(undefined, other, now), one, now);
        expect(Math.abs(forth.until - back.until)).toBeLessThan(secondMs);
      }),
    );
  });
});
