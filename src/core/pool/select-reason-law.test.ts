import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { buildCandidate, buildView, captured, idOf } from '../../../test/builders.ts';
import { isClosed, limitCovers } from '../limit/limit.ts';
import { select } from './select.ts';
import type { Candidate, View, Want } from './view.ts';

const now = captured;
const labels = ['a', 'b', 'c', 'd'] as const;
const kinds = ['api-key', 'plan-login', 'profile'] as const;
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const id = fc.constantFrom(...[...labels, 'gone'].map(idOf));

const parts = fc.record({
  account: fc.record({
    credential: fc.constantFrom(...kinds),
    maxConcurrent: maybe(fc.integer({ min: 1, max: 3 })),
    standing: fc.constantFrom('enabled', 'enabled', 'enabled', 'needs-login'),
  }),
  inFlight: fc.integer({ min: 0, max: 4 }),
  limits: fc.array(fc.record({ until: fc.integer({ min: -9000, max: 9000 }).map((each) => now + each) }), {
    maxLength: 1,
  }),
});

type Asked = { readonly view: View; readonly want: Want };

const asked: fc.Arbitrary<Asked> = fc
  .tuple(
    fc.array(parts, { minLength: 1, maxLength: 4 }),
    fc.record({ current: maybe(id), affinity: maybe(id), probesClosed: fc.boolean() }),
    fc.record({
      only: fc.option(id, { nil: undefined }),
      wantedKind: maybe(fc.constantFrom(...kinds)),
      exclude: fc.array(id, { maxLength: 1 }),
      queuedMs: fc.constantFrom(0, 1999, 2000, 5000, 60_000, 90_000, Infinity),
    }),
  )
  .map(([each, more, { wantedKind, only, ...want }]) => ({
    view: buildView(
      each.map((one, index) => buildCandidate(labels[index] ?? '', one)),
      more,
    ),
    want: {
      ...want,
      model: null,
      only,
      suits: wantedKind === null ? undefined : ({ credential }) => credential === wantedKind,
    },
  }));

const holds = (check: (asked: Asked) => void) => fc.assert(fc.property(asked, check), { seed: 11, numRuns: 3000 });

function chosen({ view, want }: Asked): Candidate | undefined {
  const selection = select(view, want, now);
  return view.candidates.find((each) => selection.kind === 'use' && each.account.id === selection.account);
}

describe('selection, whatever a request asks of its account,', () => {
  test('never uses one that cannot serve it, or that does not have what it names', () => {
    holds((each) => {
      const account = chosen(each)?.account;
      if (account === undefined) return;
      expect(each.want.suits?.(account) ?? true).toBe(true);
      expect([undefined, account.id]).toContain(each.want.only);
      const hasGateway = each.view.candidates.some((one) => one.account.credential !== 'profile');
      if (each.want.suits === undefined) expect(account.credential === 'profile').toBe(!hasGateway);
    });
  });

  test('never uses one that is closed, and none beyond its cap while the request can still wait', () => {
    holds((each) => {
      const candidate = chosen(each);
      if (candidate === undefined) return;
      const limits = [...candidate.limits.values()];
      expect(limits.some((limit) => isClosed(limit, now) && limitCovers(limit, each.want.model))).toBe(false);
      const { maxConcurrent } = candidate.account;
      if (Number.isFinite(each.want.queuedMs)) expect(candidate.inFlight).toBeLessThan(maxConcurrent ?? Infinity);
    });
  });

  test('gives each account the reason that lasts longest', () => {
    holds(({ view, want }) => {
      for (const { account, reason } of select(view, want, now).skipped) {
        const candidate = view.candidates.find((each) => each.account.id === account);
        if (reason === 'bound') expect(account).not.toBe(want.only as never);
        if (reason === 'full')
          expect(candidate?.inFlight).toBeGreaterThanOrEqual(candidate?.account.maxConcurrent ?? 0);
        if (reason !== 'unsuitable' && candidate !== undefined && candidate.account.standing === 'enabled')
          expect(want.suits?.(candidate.account) ?? true).toBe(true);
      }
    });
  });

  test('does not wait for an account that will never serve it', () => {
    holds(({ view, want }) => {
      const selection = select(view, want, now);
      if (selection.kind !== 'wait') return;
      const able = view.candidates.filter(
        ({ account }) =>
          account.standing === 'enabled' &&
          (want.suits?.(account) ?? true) &&
          [undefined, account.id].includes(want.only),
      );
      expect(able).not.toBeEmpty();
    });
  });
});
