import { describe, expect, test } from 'bun:test';
import { buildCandidate, buildLimit, buildView, captured, idOf } from '../../../test/builders.ts';
import { select } from '../pool/select.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';
import { clearLimit } from './limit.ts';
import { closeByHand, observeClosed, observeOpen } from './observe.ts';

const now = captured;
const wanted = { account: idOf('a'), window: 'five_hour', family: null, until: now + hourMs, evidence: 'set by hand' };
const byHand = closeByHand(wanted, undefined, now);
const rejected = (until: number | null) =>
  ({ kind: 'closed', window: 'five_hour', family: null, overage: false, until, evidence: 'rejected' }) as const;

describe('a limit that an operator has set', () => {
  test.each([
    ['a later time of the provider', now + 3 * hourMs],
    ['an earlier one', now + minuteMs],
    ['a refusal without a time', null],
  ])('stays as it is at %s', (_, until) => {
    expect(observeClosed(idOf('a'), byHand, rejected(until), now + 1)).toEqual(byHand);
  });

  test('is opened by no answer before its time, and by any after it', () => {
    expect(observeOpen(byHand, now + minuteMs, now + minuteMs)).toBe(byHand);
    expect(observeOpen(byHand, now + hourMs, now + hourMs)).toMatchObject({ until: 0 });
  });

  test('takes the place of what the provider said, be that longer', () => {
    const known = buildLimit({ until: now + 5 * hourMs });
    expect(closeByHand(wanted, known, now)).toEqual({ ...byHand, version: known.version + 1 });
  });

  test('may be made shorter, and longer', () => {
    const shorter = closeByHand({ ...wanted, until: now + minuteMs }, byHand, now);
    expect(shorter.until).toBe(now + minuteMs);
    expect(closeByHand({ ...wanted, until: now + dayMs }, shorter, now).until).toBe(now + dayMs);
  });

  test('yields to the provider once it has run out or was cleared', () => {
    const late = now + 2 * hourMs;
    expect(observeClosed(idOf('a'), byHand, rejected(late + hourMs), late)).toMatchObject({ source: 'provider' });
    const cleared = clearLimit(byHand, now);
    expect(observeClosed(idOf('a'), cleared, rejected(late), now + 1)).toMatchObject({
      source: 'provider',
      until: late,
    });
  });

  test.each([
    ['the longest', [{ source: 'operator', until: now + 9 * dayMs }], 'wait'],
    [
      'hidden by a longer one of the provider',
      [
        { source: 'operator', window: 'operator', until: now + 2 * hourMs },
        { source: 'provider', until: now + 9 * dayMs },
      ],
      'wait',
    ],
    ['of another model', [{ source: 'operator', family: 'opus', window: 'operator', until: now + dayMs }, {}], 'use'],
    ['over', [{ source: 'operator', window: 'operator', until: now - 1, observedAt: 0 }, {}], 'use'],
  ] as const)('that is %s is not probed within its time', (_, limits, kind) => {
    const long = { until: now + 9 * dayMs, observedAt: now - 2 * hourMs };
    const candidate = buildCandidate('a', { limits: limits.map((each) => ({ ...long, ...each })) });
    const view = buildView([candidate], { probesClosed: true });
    expect(select(view, { model: 'claude-sonnet-4-5', exclude: [], queuedMs: 0 }, now).kind).toBe(kind);
  });
});
