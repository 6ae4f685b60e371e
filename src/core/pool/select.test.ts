import { describe, expect, test } from 'bun:test';
import { buildCandidate, buildView, captured, idOf } from '../../../test/builders.ts';
import type { AccountId } from '../ids.ts';
import type { Limit } from '../limit/limit.ts';
import { hourMs, minuteMs } from '../time.ts';
import { overagePolicies, type OveragePolicy } from './pool.ts';
import { select } from './select.ts';
import type { Selection } from './selection.ts';
import type { Candidate, Want } from './view.ts';

const now = captured;
const any: Want = { model: 'claude-sonnet-5', exclude: [], queuedMs: 0 };
const [a, b] = [idOf('a'), idOf('b')];
const open = (label: string) => buildCandidate(label);
const closed = (label: string, until = now + hourMs) => buildCandidate(label, { limits: [{ until }] });

const choose = (candidates: readonly Candidate[], want: Partial<Want> = {}) =>
  select(buildView(candidates), { ...any, ...want }, now);
const chosen = (selection: Selection): AccountId | null => (selection.kind === 'use' ? selection.account : null);

describe('an account is skipped, with the reason and its end', () => {
  const ramping = buildCandidate('a', { rampFrom: now - 100, inFlight: 1 });
  const probing = buildCandidate('a', {
    probeSince: now - 1000,
    limits: [{ observedAt: now - hourMs, until: now - 1 }],
  });
  test.each<[string, Candidate, number | null, string | null]>([
    ['disabled', buildCandidate('a', { account: { standing: 'disabled' } }), null, null],
    ['needs-login', buildCandidate('a', { account: { standing: 'needs-login' } }), null, null],
    ['closed', closed('a'), now + hourMs, 'five_hour'],
    ['resting', buildCandidate('a', { restUntil: now + 10_000 }), now + 10_000, null],
    ['overage', buildCandidate('a', { limits: [{ overage: true }] }), now + hourMs, 'five_hour'],
    ['ramping', ramping, now + 150, null],
    ['probing', probing, now + 4000, null],
  ])('%s', (reason, candidate, until, window) => {
    // `b` takes the request, but for the ramp: there the request would queue.
    const selection = select(buildView([candidate, open('b')], { current: b }), any, now);
    expect(selection).toEqual({
      kind: 'use',
      account: b,
      probe: false,
      skipped: [{ account: a, reason: reason as never, until, window }],
    });
  });

  test('tried', () => {
    const skipped = [{ account: a, reason: 'tried' as const, until: null, window: null }];
    expect(choose([open('a'), open('b')], { exclude: [a] })).toEqual({
      kind: 'use',
      account: b,
      probe: false,
      skipped,
    });
  });

  test('unsuitable', () => {
    const skipped = [{ account: a, reason: 'unsuitable' as const, until: null, window: null }];
    const suits = ({ id }: { id: AccountId }): boolean => id !== a;
    expect(choose([open('a'), open('b')], { suits })).toEqual({ kind: 'use', account: b, probe: false, skipped });
  });

  test('bound', () => {
    const skipped = [{ account: a, reason: 'bound' as const, until: null, window: null }];
    expect(choose([open('a'), open('b')], { only: b })).toEqual({ kind: 'use', account: b, probe: false, skipped });
    expect(choose([open('a'), closed('b')], { only: b })).toMatchObject({ kind: 'wait', until: now + hourMs });
  });

  test('not-pinned', () => {
    const skipped = [{ account: a, reason: 'not-pinned' as const, until: null, window: null }];
    const view = buildView([open('a'), open('b')], { pinned: b, affinity: a, current: a });
    expect(select(view, any, now)).toEqual({ kind: 'use', account: b, probe: false, skipped });
  });

  test('with the longest of its limits', () => {
    const both = buildCandidate('a', { limits: [{ until: now + 1000 }, { window: 'seven_day', until: now + 9000 }] });
    expect(choose([both])).toEqual({
      kind: 'wait',
      until: now + 9000,
      queued: false,
      skipped: [{ account: a, reason: 'closed', until: now + 9000, window: 'seven_day' }],
    });
  });

  test('with the most lasting of several reasons', () => {
    const all = { restUntil: now + 1, account: { standing: 'disabled' as const }, limits: [{}] };
    const reasonOf = (candidate: Candidate) => choose([candidate], { exclude: [a] }).skipped[0]?.reason;
    expect(reasonOf(buildCandidate('a', all))).toBe('disabled');
    expect(reasonOf(buildCandidate('a', { ...all, account: {} }))).toBe('closed');
    expect(reasonOf(buildCandidate('a', { restUntil: now + 1 }))).toBe('tried');
  });
});

describe('a request', () => {
  test('goes to the only account', () => {
    expect(choose([open('a')])).toEqual({ kind: 'use', account: a, probe: false, skipped: [] });
  });

  test('finds nobody in an empty pool', () => {
    expect(choose([])).toEqual({ kind: 'none', skipped: [] });
  });

  test('finds nobody where waiting changes nothing', () => {
    const off = buildCandidate('b', { account: { standing: 'disabled' } });
    const selection = choose([open('a'), off], { exclude: [a] });
    expect(selection.kind).toBe('none');
    expect(selection.skipped.map((each) => each.reason)).toEqual(['tried', 'disabled']);
  });

  test('waits for the account that opens first, and hears of everybody', () => {
    const off = buildCandidate('c', { account: { standing: 'disabled' } });
    const selection = choose([closed('a', now + hourMs), closed('b', now + 30 * minuteMs), off]);
    expect(selection).toMatchObject({ kind: 'wait', until: now + 30 * minuteMs, queued: false });
    expect(selection.skipped.map((each) => [each.account, each.reason])).toEqual([
      [a, 'closed'],
      [b, 'closed'],
      [idOf('c'), 'disabled'],
    ]);
  });

  test('waits for nobody’s network: an account that rests serves while nobody else is open', () => {
    const rests = buildCandidate('b', { restUntil: now + 10_000 });
    expect(choose([closed('a', now + 1000), rests])).toMatchObject({ kind: 'use', account: b });
    expect(choose([open('a'), rests])).toMatchObject({ kind: 'use', account: a });
    expect(choose([closed('a'), rests], { exclude: [b] })).toMatchObject({ kind: 'wait', until: now + hourMs });
  });

  test('waits for an account that failed this request once its limit ends', () => {
    expect(choose([closed('a')], { exclude: [a] })).toMatchObject({ kind: 'wait', until: now + hourMs });
  });

  test('does not wait for accounts besides the pinned one', () => {
    const view = buildView([closed('a'), closed('b', now + 1000)], { pinned: a });
    expect(select(view, any, now)).toMatchObject({ kind: 'wait', until: now + hourMs });
    expect(select(buildView([open('a')], { pinned: idOf('gone') }), any, now).kind).toBe('none');
  });

  test.each([
    ['claude-opus-4-8[1m]', b],
    ['claude-sonnet-5', a],
    [null, a],
  ])('for the model %j passes a limit on Opus as it should', (model, account) => {
    const noOpus = buildCandidate('a', { limits: [{ window: 'seven_day_opus', family: 'opus' }] });
    expect(chosen(choose([noOpus, open('b')], { model }))).toBe(account);
  });

  test('keeps its session’s account only while that is open for its model', () => {
    const noOpus = buildCandidate('b', { limits: [{ window: 'seven_day_opus', family: 'opus' }] });
    const view = buildView([open('a'), noOpus], { affinity: b, current: a });
    expect(chosen(select(view, any, now))).toBe(b);
    expect(chosen(select(view, { ...any, model: 'claude-opus-4-8' }, now))).toBe(a);
  });
});

describe('an account that is refused', () => {
  const refused = (window: string, more: Partial<Limit> = {}): Partial<Limit> => ({
    window,
    source: 'estimated',
    until: now + minuteMs,
    evidence: 'no money',
    ...more,
  });
  const skipped = { account: a, reason: 'closed' as const, until: now + minuteMs, refusal: 'no money' };

  test.each<[string, readonly Partial<Limit>[], object]>([
    ['for lack of money', [refused('credits')], { kind: 'none', skipped: [{ ...skipped, window: 'credits' }] }],
    ['for this model', [refused('entitlement', { family: 'claude-sonnet-5' })], { kind: 'none' }],
    ['for longer than its limit lasts', [refused('credits'), { until: now + 1 }], { kind: 'none' }],
    ['with a limit that lasts longer', [refused('credits'), {}], { kind: 'wait', until: now + hourMs }],
    [
      'until the provider’s own time',
      [refused('credits', { source: 'provider' })],
      { kind: 'wait', until: now + minuteMs },
    ],
    ['by an estimate of a window that fills', [refused('minute')], { kind: 'wait', until: now + minuteMs }],
    ['no longer, its time being over', [refused('credits', { until: now })], { kind: 'use', skipped: [] }],
    ['for another model', [refused('entitlement', { family: 'opus' })], { kind: 'use', skipped: [] }],
  ])('%s: nobody waits for what waiting does not mend', (_, limits, selection) => {
    expect(choose([buildCandidate('a', { limits })])).toMatchObject(selection);
  });

  test('is told beside a real limit, which alone is waited for', () => {
    const candidates = [buildCandidate('a', { limits: [refused('credits')] }), closed('b')];
    expect(choose(candidates)).toMatchObject({ kind: 'wait', until: now + hourMs, skipped: [skipped, { account: b }] });
  });

  test('gives way to one that is open', () => {
    expect(chosen(choose([buildCandidate('a', { limits: [refused('credits')] }), open('b')]))).toBe(b);
  });
});

describe('an account that bills overage', () => {
  const overage = (label: string) => buildCandidate(label, { limits: [{ overage: true }] });
  const table: Record<OveragePolicy, [string | null, string | null, string | null]> = {
    // Beside an open account, beside a closed one, after every limit of its own.
    forbid: ['b', null, null],
    allow: ['a', 'a', null],
    last: ['b', 'a', null],
  };

  test.each(overagePolicies.map((policy) => [policy, ...table[policy]] as const))(
    'under `%s` gives way to an open one: %j, to a closed one: %j, and stays closed when it is',
    (policy, besideOpen, besideClosed, whenClosed) => {
      const ask = (...candidates: Candidate[]) => {
        const account = chosen(select(buildView(candidates, { overage: policy }), any, now));
        return account === null ? null : account.slice('anthropic/'.length);
      };
      expect(ask(overage('a'), open('b'))).toBe(besideOpen);
      expect(ask(overage('a'), closed('b'))).toBe(besideClosed);
      expect(ask(buildCandidate('a', { limits: [{ overage: true }, { window: 'seven_day' }] }), closed('b'))).toBe(
        whenClosed,
      );
    },
  );

  test('is waited for under `forbid` until its plan has something left', () => {
    expect(choose([overage('a')])).toMatchObject({ kind: 'wait', until: now + hourMs, queued: false });
  });

  test('is not told as skipped when it is chosen after all', () => {
    const view = buildView([overage('a'), closed('b')], { overage: 'last' });
    expect(select(view, any, now).skipped.map((each) => each.account)).toEqual([b]);
  });

  test('under `last` is not used while an open one is only busy', () => {
    const ramping = buildCandidate('b', { rampFrom: now, inFlight: 1 });
    const view = buildView([overage('a'), ramping], { overage: 'last' });
    expect(select(view, any, now)).toMatchObject({ kind: 'wait', queued: true, until: now + 250 });
  });
});

describe('an account that ramps up', () => {
  test.each([
    [0, 0, null],
    [0, 1, 250],
    [249, 1, 1],
    [250, 1, null],
    [250, 2, 250],
    [1000, 4, null],
    [1000, 5, 250],
    [9999, 39, null],
    [9999, 40, 1],
    [10_000, 500, null],
  ])('%d ms after it began, with %d in flight, has its next turn in %p ms', (elapsedMs, inFlight, waitMs) => {
    const selection = choose([buildCandidate('a', { rampFrom: now - elapsedMs, inFlight })]);
    if (waitMs === null) expect(chosen(selection)).toBe(a);
    else expect(selection).toMatchObject({ kind: 'wait', until: now + waitMs, queued: true });
  });

  const full = buildCandidate('a', { rampFrom: now, inFlight: 1 });

  test.each([
    ['waits at first', 0, [full, open('b')], null],
    ['waits for almost two seconds', 1999, [full, open('b')], null],
    ['spills to another open account then', 2000, [full, open('b')], b],
    ['goes all the same where there is none', 2000, [full, closed('b')], a],
  ])('makes a request queue: it %s', (_, queuedMs, candidates, account) => {
    expect(chosen(choose(candidates, { queuedMs }))).toBe(account);
  });

  test('does not delay a request that wants another account', () => {
    expect(chosen(select(buildView([full, open('b')], { affinity: b }), any, now))).toBe(b);
  });
});

describe('an account after a long cooldown', () => {
  const ended = { observedAt: now - hourMs, until: now - minuteMs };
  const awaiting = buildCandidate('a', { limits: [ended] });
  const probed = (sinceMs: number) => buildCandidate('a', { limits: [ended], probeSince: now - sinceMs });

  test('takes one request as its probe', () => {
    expect(choose([awaiting])).toEqual({ kind: 'use', account: a, probe: true, skipped: [] });
  });

  test('needs no probe after a short cooldown', () => {
    expect(choose([buildCandidate('a', { limits: [{ observedAt: now - minuteMs, until: now }] })])).toMatchObject({
      kind: 'use',
      probe: false,
    });
  });

  test('needs no probe for a model that its limit does not cover', () => {
    const opus = buildCandidate('a', {
      limits: [{ ...ended, window: 'seven_day_opus', family: 'opus' }],
      probeSince: now,
    });
    expect(choose([opus])).toMatchObject({ kind: 'use', probe: false });
  });

  test('sends the others to other accounts while the probe is out', () => {
    expect(chosen(choose([probed(100), open('b')]))).toBe(b);
  });

  test.each([
    ['at first', 100, 0, null],
    ['for almost five seconds', 4999, 4998, null],
    ['no longer after five seconds', 5000, 5000, a],
  ])('makes the others wait where there is none: %s', (_, sinceMs, queuedMs, account) => {
    const selection = choose([probed(sinceMs), closed('b')], { queuedMs });
    expect(chosen(selection)).toBe(account);
    if (selection.kind === 'use') expect(selection.probe).toBe(false);
    else expect(selection).toMatchObject({ queued: true, until: now + 5000 - Math.min(sinceMs, 4750) });
  });

  test('lets a request that comes when the probe is long out look again a little later, not at once', () => {
    expect(choose([probed(30_000)])).toMatchObject({ kind: 'wait', queued: true, until: now + 250 });
  });

  test('that ramps up as well is probed by the one request it may have', () => {
    const both = { limits: [ended], rampFrom: now - 100 };
    expect(choose([buildCandidate('a', both)])).toMatchObject({ kind: 'use', probe: true });
    expect(choose([buildCandidate('a', { ...both, inFlight: 1 })], { queuedMs: 2000 })).toMatchObject({
      kind: 'use',
      probe: true,
    });
  });
});

describe('an account at its cap of requests in flight', () => {
  const full = (label: string) => buildCandidate(label, { account: { maxConcurrent: 2 }, inFlight: 2 });
  const at = (queuedMs: number, ...candidates: Candidate[]) =>
    select(buildView(candidates, { affinity: a, current: a }), { ...any, queuedMs }, now);

  test('makes its session wait for a place, for the sake of the prompt cache, and then spills', () => {
    expect(at(0, full('a'), open('b'))).toMatchObject({ kind: 'wait', until: now + 1000, queued: true });
    expect(at(1999, full('a'), open('b'))).toMatchObject({ kind: 'wait', queued: true });
    expect(at(2000, full('a'), open('b'))).toMatchObject({ kind: 'use', account: b });
  });

  test('never gets one more, however long that waits', () => {
    expect(at(0, full('a'))).toMatchObject({ kind: 'wait', queued: true });
    expect(at(59_999, full('a'), full('b'))).toMatchObject({ kind: 'wait', queued: true });
    expect(at(60_000, full('a'), full('b'))).toMatchObject({
      kind: 'wait',
      until: now + 5000,
      queued: false,
      skipped: [{ reason: 'full' }, { reason: 'full' }],
    });
  });

  test('takes requests below it', () => {
    const one = buildCandidate('a', { account: { maxConcurrent: 2 }, inFlight: 1 });
    expect(at(0, one, open('b'))).toMatchObject({ kind: 'use', account: a });
  });

  test('still takes requests when the question is whether it takes any at all', () => {
    expect(at(Number.POSITIVE_INFINITY, full('a'))).toMatchObject({ kind: 'use', account: a });
  });
});

describe('an account that is closed for long', () => {
  const day = (label: string, more: Partial<Limit> = {}, verifiedAt = 0) =>
    buildCandidate(label, { limits: [{ until: now + 24 * hourMs, observedAt: now - hourMs, ...more }], verifiedAt });
  const ask = (candidates: readonly Candidate[], probesClosed = true) =>
    select(buildView(candidates, { probesClosed }), any, now);

  test('is asked by one request an hour, where that is wanted and nobody else is open', () => {
    expect(ask([day('a')])).toEqual({ kind: 'use', account: a, probe: true, skipped: [] });
    expect(ask([day('a')], false)).toMatchObject({ kind: 'wait' });
    expect(ask([day('a'), open('b')])).toMatchObject({ kind: 'use', account: b });
    expect(ask([day('a', {}, now - hourMs + 1)])).toMatchObject({ kind: 'wait' });
    expect(ask([day('a', { observedAt: now - hourMs + 1 })])).toMatchObject({ kind: 'wait' });
  });

  test('is not asked when its time is near, or waiting does not mend it', () => {
    expect(ask([day('a', { until: now + hourMs })])).toMatchObject({ kind: 'wait' });
    expect(ask([day('a', { window: 'credits', source: 'estimated' })])).toMatchObject({ kind: 'none' });
  });

  test('is not asked twice at once, and the one asked longest ago is first', () => {
    const probing = { ...day('a'), probeSince: now - 1000 };
    expect(ask([probing])).toMatchObject({ kind: 'wait' });
    expect(ask([day('a', {}, now - 2 * hourMs), day('b', {}, now - 3 * hourMs)])).toMatchObject({ account: b });
  });
});

describe('a pool with accounts of both modes', () => {
  const profile = (label: string) => buildCandidate(label, { account: { credential: 'profile' } });

  test('is one of the gateway, in which profiles stand by', () => {
    expect(choose([profile('a'), open('b')])).toMatchObject({
      account: b,
      skipped: [{ account: a, reason: 'unsuitable' }],
    });
    expect(choose([profile('a'), closed('b')])).toMatchObject({ kind: 'wait', until: now + hourMs });
  });

  test('is one of profiles when it has nothing else, unless the request says otherwise', () => {
    expect(choose([profile('a'), profile('b')])).toMatchObject({ kind: 'use', account: a });
    const suits = ({ credential }: { credential: string }): boolean => credential !== 'profile';
    expect(choose([profile('a')], { suits })).toMatchObject({ kind: 'none', skipped: [{ reason: 'unsuitable' }] });
  });
});
