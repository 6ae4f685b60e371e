import { describe, expect, test } from 'bun:test';
import { idOf } from '../../../test/builders.ts';
import type { Selection, Skipped } from '../pool/selection.ts';
import { hourMs, minuteMs } from '../time.ts';
import { parkFor } from './park.ts';

const now = 1_000_000;
const skipped = (label: string, more: Partial<Skipped> = {}): Skipped => {
  return { account: idOf(label), reason: 'closed', until: null, window: 'five_hour', ...more };
};
const wait = (inMs: number): Selection => ({ kind: 'wait', until: now + inMs, queued: false, skipped: [skipped('a')] });

describe('a job is parked', () => {
  test.each([
    // The margin: a tenth of the wait, two seconds at least, a minute at most.
    [[wait(5000)], 0, 5000 + 2000],
    [[wait(100_000)], 0, 100_000 + 10_000],
    [[wait(5 * hourMs)], 0, 5 * hourMs + 60_000],
    // As much jitter at most.
    [[wait(5000)], 0.999_999, 5000 + 4000],
    [[wait(5 * hourMs)], 0.5, 5 * hourMs + 90_000],
    // Until the first of all rungs opens.
    [[wait(hourMs), wait(minuteMs), wait(2 * hourMs)], 0, minuteMs + 6000],
    // Long after 24.8 days, which no timer holds.
    [[wait(30 * 24 * hourMs)], 0, 30 * 24 * hourMs + 60_000],
  ])('for %j with %p until %p from now', (selections, random, inMs) => {
    expect(parkFor(selections, now, random)).toMatchObject({ reason: 'limit', dueAt: now + inMs, estimated: false });
  });

  test('as a guess, where that is what closes what opens first', () => {
    const until = now + hourMs;
    const guessed: Selection = {
      ...{ kind: 'wait', until, queued: false },
      skipped: [skipped('a', { until, estimated: true }), skipped('b', { until: until + 1 })],
    };
    expect(parkFor([guessed], now, 0)).toMatchObject({ reason: 'limit', estimated: true });
    expect(parkFor([guessed, wait(minuteMs)], now, 0)).toMatchObject({ estimated: false });
  });

  test('for an hour, as a guess, where nobody says until when', () => {
    const nobody: Selection = {
      kind: 'none',
      skipped: [skipped('a'), skipped('b', { reason: 'disabled', window: null })],
    };
    expect(parkFor([nobody], now, 0)).toEqual({
      reason: 'limit',
      dueAt: now + hourMs,
      estimated: true,
      detail: 'anthropic/a five_hour, anthropic/b disabled',
    });
  });

  test.each([
    [[skipped('a', { reason: 'needs-login', window: null })], 'anthropic/a needs-login'],
    [[], 'no account'],
  ])('until a person mends it where that alone helps: %j', (all, detail) => {
    expect(parkFor([{ kind: 'none', skipped: all }], now, 0)).toEqual({
      reason: 'login',
      dueAt: null,
      estimated: false,
      detail,
    });
  });
});
