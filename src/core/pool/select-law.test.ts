import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { buildCandidate, buildView, captured, idOf } from '../../../test/builders.ts';
import { isClosed, isRefusal, limitCovers } from '../limit/limit.ts';
import { hourMs } from '../time.ts';
import { overagePolicies, strategies } from './pool.ts';
import { select } from './select.ts';
import type { Candidate, View, Want } from './view.ts';

const now = captured;
const moment = fc.integer({ min: -12_000, max: 12_000 }).map((each) => now + each);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

const limit = fc.record({
  window: fc.constantFrom('five_hour', 'seven_day', 'minute', 'credits', 'entitlement'),
  source: fc.constantFrom('estimated', 'provider', 'operator'),
  family: fc.constantFrom(null, 'opus', 'sonnet'),
  overage: fc.boolean(),
  until: fc.oneof(fc.constant(0), moment),
  observedAt: fc.constantFrom(now - hourMs, now - 1000),
});

const candidateParts = fc.record({
  account: fc.record({ standing: fc.constantFrom('enabled', 'enabled', 'enabled', 'disabled', 'needs-login') }),
  limits: fc.array(limit, { maxLength: 3 }),
  inFlight: fc.integer({ min: 0, max: 5 }),
  restUntil: fc.oneof(fc.constant(0), moment),
  rampFrom: maybe(fc.integer({ min: 0, max: 12_000 }).map((each) => now - each)),
  probeSince: maybe(fc.integer({ min: 0, max: 60_000 }).map((each) => now - each)),
  nextReset: maybe(moment),
  servedTurn: fc.integer({ min: 0, max: 9 }),
});

const id = fc.constantFrom(...['a', 'b', 'c', 'd', 'gone'].map(idOf));

const asked: fc.Arbitrary<{ view: View; want: Want }> = fc.record({
  view: fc
    .tuple(
      fc.array(candidateParts, { maxLength: 4 }),
      fc.record({
        strategy: fc.constantFrom(...strategies),
        overage: fc.constantFrom(...overagePolicies),
        pinned: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, id),
        current: maybe(id),
        affinity: maybe(id),
      }),
    )
    .map(([parts, more]) =>
      buildView(
        parts.map((each, index) => buildCandidate('abcd'[index] ?? '', each)),
        more,
      ),
    ),
  want: fc.record({
    model: fc.constantFrom(null, 'claude-opus-4-8', 'claude-sonnet-5'),
    exclude: fc.array(id, { maxLength: 2 }),
    queuedMs: fc.integer({ min: 0, max: 6000 }),
  }),
});

const holds = (check: (view: View, want: Want) => void) =>
  fc.assert(
    fc.property(asked, ({ view, want }) => check(view, want)),
    { numRuns: 3000 },
  );

const closing = (candidate: Candidate, want: Want) =>
  [...candidate.limits.values()].filter((each) => isClosed(each, now) && limitCovers(each, want.model));

describe('selection, whatever the pool and the request', () => {
  test('never uses an account that is closed, out of service, tried or not the pinned one', () => {
    holds((view, want) => {
      const selection = select(view, want, now);
      if (selection.kind !== 'use') return;
      const candidate = view.candidates.find((each) => each.account.id === selection.account);
      if (candidate === undefined) throw new Error('used an account that is not in the pool');
      expect(candidate.account.standing).toBe('enabled');
      if (candidate.restUntil > now) expect(selection.skipped).toHaveLength(view.candidates.length - 1);
      expect(want.exclude).not.toContain(selection.account);
      expect([null, selection.account]).toContain(view.pool.pinned);
      const limits = closing(candidate, want);
      expect(limits.filter((each) => !each.overage)).toEqual([]);
      if (view.pool.overage === 'forbid') expect(limits).toEqual([]);
    });
  });

  test('uses overage under `last` only when nobody is open without it', () => {
    holds((view, want) => {
      if (view.pool.overage !== 'last') return;
      const selection = select(view, want, now);
      const candidate = view.candidates.find(
        (each) => selection.kind === 'use' && each.account.id === selection.account,
      );
      if (candidate === undefined || closing(candidate, want).length === 0) return;
      const others = selection.skipped.map((each) => each.reason);
      expect(others).not.toContain('ramping');
      expect(others).not.toContain('probing');
      expect(selection.skipped).toHaveLength(view.candidates.length - 1);
    });
  });

  test('uses an account when one is open and nothing makes the request queue', () => {
    holds((view, want) => {
      const selection = select(view, { ...want, queuedMs: 5000 }, now);
      const reasons = new Set(selection.skipped.map((each) => each.reason));
      if (selection.kind === 'use') return;
      expect(selection.skipped).toHaveLength(view.candidates.length);
      expect(reasons.has('ramping') || reasons.has('probing')).toBe(false);
    });
  });

  test('waits only for a moment that is still to come', () => {
    holds((view, want) => {
      const selection = select(view, want, now);
      if (selection.kind === 'wait') expect(selection.until).toBeGreaterThan(now);
    });
  });

  test('waits for the earliest moment at which somebody it skipped may open', () => {
    holds((view, want) => {
      const selection = select(view, want, now);
      const ends = selection.skipped.flatMap(({ reason, until, refusal }) => {
        const lastResort = reason === 'overage' && view.pool.overage === 'last';
        return until === null || lastResort || refusal !== undefined
          ? []
          : [{ until, busy: reason === 'ramping' || reason === 'probing' }];
      });
      if (selection.kind === 'none') expect(ends).toEqual([]);
      if (selection.kind !== 'wait') return;
      const awaited = ends.filter((each) => each.busy === selection.queued).map((each) => each.until);
      expect(selection.until).toBe(Math.min(...awaited));
    });
  });

  test('waits for the end of a limit or of a rest, and never of a refusal', () => {
    holds((view, want) => {
      const selection = select(view, want, now);
      if (selection.kind !== 'wait' || selection.queued) return;
      const limits = view.candidates.flatMap((each) => closing(each, want)).filter((each) => !isRefusal(each));
      const ends = [...limits.map((each) => each.until), ...view.candidates.map((each) => each.restUntil)];
      expect(ends).toContain(selection.until);
    });
  });

  test('names everybody it does not use but those that are open too, each once', () => {
    holds((view, want) => {
      const selection = select(view, want, now);
      const named = selection.skipped.map((each) => each.account);
      expect(new Set(named).size).toBe(named.length);
      if (selection.kind === 'use') expect(named).not.toContain(selection.account);
      for (const { account, reason, until } of selection.skipped) {
        expect(view.candidates.map((each) => each.account.id)).toContain(account);
        const lasting = ['disabled', 'needs-login', 'not-pinned', 'tried'].includes(reason);
        expect(until === null).toBe(lasting);
      }
    });
  });

  test('gives the same answer to the same question', () => {
    holds((view, want) => expect(select(view, want, now)).toEqual(select(view, want, now)));
  });
});
