import { describe, expect, test } from 'bun:test';
import { buildCandidate, buildView, captured, idOf } from '../../../test/builders.ts';
import { creditsWindow, entitlementWindow, type Limit } from '../limit/limit.ts';
import { select } from '../pool/select.ts';
import type { Selection, Skipped, SkipReason } from '../pool/selection.ts';
import type { Candidate } from '../pool/view.ts';
import { decide, decideFirst, type Step, type Tries } from './decide.ts';
import { faults, type Fault, type Outcome } from './outcome.ts';

const now = captured;
const b = idOf('b');
const soon = now + 5000;
const late = now + 3_600_000;

const skip = (reason: SkipReason, until: number | null = null): Skipped => ({
  account: idOf('a'),
  reason,
  until,
  window: null,
});
const use: Selection = { kind: 'use', account: b, probe: false, skipped: [skip('tried')] };
const probe: Selection = { ...use, probe: true };
const busy: Selection = { kind: 'wait', until: now + 250, queued: true, skipped: [skip('ramping', now + 250)] };
const waitSoon: Selection = { kind: 'wait', until: soon, queued: false, skipped: [skip('closed', soon)] };
const waitLate: Selection = { kind: 'wait', until: late, queued: false, skipped: [skip('closed', late)] };
const nobody: Selection = { kind: 'none', skipped: [skip('tried')] };
const noLogin: Selection = { kind: 'none', skipped: [skip('needs-login')] };
const oneDisabled: Selection = { kind: 'none', skipped: [skip('needs-login'), skip('disabled')] };
const pinnedOut: Selection = { kind: 'none', skipped: [skip('needs-login'), skip('not-pinned')] };
const profileBeside: Selection = { kind: 'none', skipped: [skip('needs-login'), skip('unsuitable')] };
const onlyNotPinned: Selection = { kind: 'none', skipped: [skip('not-pinned')] };

/** The first send of a request to a pool of three, which may be held for four minutes. */
const first: Tries = {
  accounts: 3,
  sends: 1,
  sendsOnAccount: 1,
  hops: 0,
  passing: false,
  mended: false,
  unrenewed: false,
  repeated: false,
  holdUntil: now + 240_000,
  jitter: 0.5,
};
const second: Partial<Tries> = { sends: 2, sendsOnAccount: 2 };
const hopped: Partial<Tries> = { sends: 3, sendsOnAccount: 1, hops: 1 };
const spent: Partial<Tries> = { sends: 5 };
const noHold: Partial<Tries> = { holdUntil: now };
const hasPassing: Partial<Tries> = { passing: true };

const deliver = (reason: string): Step => ({ kind: 'deliver', answer: 'last', reason });
const passing: Step = { kind: 'deliver', answer: 'passing', reason: 'every other account is closed' };
const retrySame = (fault: Fault): Step => ({
  kind: 'retry-same',
  delayMs: 500,
  reason: `${fault}: once more on the same account`,
});
const nextAccount = (reason: string): Step => ({ kind: 'next-account', account: b, probe: false, reason });
const queue = (reason: string): Step => ({ kind: 'queue', until: now + 250, reason });
const hold: Step = { kind: 'hold', until: soon, reason: 'every account is closed, one opens soon' };
const exhausted = (until: number | null): Step => ({
  kind: 'give-up',
  why: 'exhausted',
  until,
  reason: 'every account is closed',
});
const needsLogin: Step = { kind: 'give-up', why: 'needs-login', until: null, reason: 'no account is logged in' };

const alone = (fault: Fault) => deliver(`${fault}, and no other account is open`);
const tooLate = (fault: Fault): Step => deliver(`${fault}, and no other account opens in time`);
const noMore = deliver('the request was sent often enough');
const notYours = deliver('a 429 that names no limit is not the account’s fault');
const refused = deliver('the request itself is refused, on every account');

type Row = readonly [says: string, fault: Fault, next: Selection, tries: Partial<Tries>, step: Step];

const limited = (['window', 'throttle'] as const).flatMap((fault): Row[] => [
  ['goes to the next account', fault, use, {}, nextAccount(`${fault}: next account`)],
  [
    'marks the probe',
    fault,
    probe,
    {},
    { kind: 'next-account', account: b, probe: true, reason: `${fault}: next account` },
  ],
  ['queues for the next account while it is busy', fault, busy, {}, queue(`${fault}: the next account is busy`)],
  ['never goes to the same account again', fault, waitLate, noHold, exhausted(late)],
  ['is held when an account opens in time', fault, waitSoon, {}, hold],
  ['is held up to the last moment', fault, waitSoon, { holdUntil: soon }, hold],
  ['gives up a millisecond after that', fault, waitSoon, { holdUntil: soon - 1 }, exhausted(soon)],
  ['gives up, with the time, when that is too far', fault, waitLate, {}, exhausted(late)],
  ['gives up when it may not be held', fault, waitSoon, noHold, exhausted(soon)],
  ['gives up without a time where waiting changes nothing', fault, nobody, {}, exhausted(null)],
  ['asks for a login where that is all that is missing', fault, noLogin, {}, needsLogin],
  ['asks for a login where the pin leaves nobody else', fault, pinnedOut, {}, needsLogin],
  ['asks for no login where a disabled account lacks none', fault, oneDisabled, {}, exhausted(null)],
  ['gives way to an answer for lack of capacity rather than hold', fault, waitSoon, hasPassing, passing],
  ['gives way to an answer for lack of capacity rather than give up', fault, nobody, hasPassing, passing],
  ['goes on rather than give way', fault, use, hasPassing, nextAccount(`${fault}: next account`)],
  ['goes on after a hop too', fault, use, hopped, nextAccount(`${fault}: next account`)],
  ['is not sent once more than accounts and two', fault, use, spent, exhausted(now)],
  ['does not queue for one send too many', fault, busy, spent, exhausted(now)],
  ['is still held, which gives it new sends', fault, waitSoon, spent, hold],
]);

const hopping = (['overload', 'network'] as const).flatMap((fault): Row[] => [
  [
    'goes on at once where the login is not renewed',
    fault,
    use,
    { unrenewed: true },
    nextAccount(`${fault}: next account`),
  ],
  [
    'is delivered where the login is not renewed and nobody else is open',
    fault,
    nobody,
    { unrenewed: true },
    alone(fault),
  ],
  ['is tried once more on the same account', fault, use, {}, retrySame(fault)],
  ['is tried once more where nobody else is open', fault, nobody, {}, retrySame(fault)],
  ['goes to the next account after the second send', fault, use, second, nextAccount(`${fault}: next account`)],
  ['queues for the next account while it is busy', fault, busy, second, queue(`${fault}: the next account is busy`)],
  ['is delivered where nobody else is open', fault, nobody, second, alone(fault)],
  ['is delivered rather than held, since waiting mends no server', fault, waitSoon, second, alone(fault)],
  [
    'gets one send on the account after the hop, then is delivered',
    fault,
    use,
    hopped,
    deliver(`${fault} on a second account too`),
  ],
  ['is not repeated beyond accounts and two', fault, use, spent, noMore],
  ['is not sent to another account beyond accounts and two', fault, use, { ...spent, sendsOnAccount: 2 }, noMore],
]);

const moving = (['billing', 'entitlement'] as const).flatMap((fault): Row[] => [
  ['goes to the next account', fault, use, {}, nextAccount(`${fault}: next account`)],
  ['queues for the next account while it is busy', fault, busy, {}, queue(`${fault}: the next account is busy`)],
  ['is delivered where nobody else is open', fault, nobody, {}, tooLate(fault)],
  ['is held when another account opens in time', fault, waitSoon, {}, hold],
  ['is delivered when that is too far', fault, waitLate, {}, tooLate(fault)],
  ['is delivered itself, though an earlier answer was for lack of capacity', fault, nobody, hasPassing, tooLate(fault)],
  ['gives way to an answer for lack of capacity rather than hold', fault, waitSoon, hasPassing, passing],
  ['is not sent once more than accounts and two', fault, use, spent, noMore],
]);

const auth: Row[] = [
  ['goes to the next account', 'auth', use, {}, nextAccount('auth: next account')],
  ['queues for the next account while it is busy', 'auth', busy, {}, queue('auth: the next account is busy')],
  ['is held until another account opens', 'auth', waitSoon, {}, hold],
  ['gives up, with the time, when that is too far', 'auth', waitLate, {}, exhausted(late)],
  ['gives up without a time where others failed for other reasons', 'auth', nobody, {}, exhausted(null)],
  ['asks for no login where a disabled account lacks none', 'auth', oneDisabled, {}, exhausted(null)],
  ['gives way to an answer for lack of capacity', 'auth', noLogin, hasPassing, passing],
  ['asks for a login where that is all that is missing', 'auth', noLogin, {}, needsLogin],
  ['asks for a login where the others could not serve anyhow', 'auth', profileBeside, {}, needsLogin],
  ['is not sent once more than accounts and two', 'auth', use, spent, noMore],
];

const again = (fault: Fault): Step => ({ kind: 'retry-same', delayMs: 0, reason: `${fault}: mended` });
const mended = { mended: true };
const repeated = deliver('a second account refused it in the same words');
const unreadable = deliver('the request holds what no account here can read');

const mendable: Row[] = [
  ['is sent again at once with the renewed credential', 'auth', use, mended, again('auth')],
  ['is sent again though nobody else is open', 'auth', noLogin, mended, again('auth')],
  ['is not sent a third time on one account', 'auth', use, { ...second, ...mended }, nextAccount('auth: next account')],
  ['is not sent again beyond accounts and two', 'auth', use, { ...spent, ...mended }, noMore],
  ['is sent again on the same account without the reasoning', 'foreign', use, mended, again('foreign')],
  ['is delivered where nothing can be left out', 'foreign', use, {}, unreadable],
  ['is delivered when that did not help', 'foreign', use, { ...second, ...mended }, unreadable],
  ['is delivered rather than held', 'foreign', waitSoon, second, unreadable],
  ['is delivered when two accounts say the same', 'entitlement', use, { ...hopped, repeated: true }, repeated],
  ['is delivered rather than held when two say the same', 'entitlement', waitSoon, { repeated: true }, repeated],
];

const blameless: Row[] = [
  ['is tried once more on the same account', 'scoped', use, {}, retrySame('scoped')],
  ['is delivered after that, though another account is open', 'scoped', use, second, notYours],
  ['is delivered where nobody else is open', 'scoped', nobody, second, notYours],
  ['is delivered rather than held', 'scoped', waitSoon, second, notYours],
  ['gets no second send after a hop', 'scoped', use, hopped, notYours],
  ['is not repeated beyond accounts and two', 'scoped', use, spent, notYours],
  ...[use, busy, waitSoon, waitLate, nobody, noLogin].map((next): Row => [
    `is delivered at once, with ${next.kind} ahead`,
    'request',
    next,
    {},
    refused,
  ]),
];

describe('a try that failed with', () => {
  const rows = [...limited, ...hopping, ...moving, ...auth, ...mendable, ...blameless];

  test.each(rows.map((row) => [row[1], row[0], row] as const))(
    '%s %s',
    (_fault, _says, [, fault, next, tries, step]) => {
      const outcome: Outcome = { kind: 'failed', fault, detail: 'in the provider’s words' };
      expect(decide({ ...first, ...tries }, outcome, next, now)).toEqual(step);
    },
  );

  test('every kind of fault has rows', () => {
    expect([...new Set(rows.map((row) => row[1]))].toSorted()).toEqual([...faults].toSorted());
  });

  test.each([
    [0, 250],
    [0.5, 500],
    [0.999, 749.5],
  ])('overload waits before it is repeated: jitter %p makes %p ms', (jitter, delayMs) => {
    const step = decide({ ...first, jitter }, { kind: 'failed', fault: 'overload', detail: '' }, use, now);
    expect(step).toMatchObject({ kind: 'retry-same', delayMs });
  });
});

describe('a try that was refused for good, with what selection really says,', () => {
  const refusal = (window: string): Partial<Limit> => ({ window, source: 'estimated', until: now + 60_000 });
  const limited = (label: string, limit?: Partial<Limit>) =>
    buildCandidate(label, limit === undefined ? {} : { limits: [limit] });
  const ahead = (others: readonly Candidate[], window: string) =>
    select(
      buildView([limited('a', refusal(window)), ...others]),
      { model: null, exclude: [idOf('a')], queuedMs: 0 },
      now,
    );

  test.each<[string, readonly Candidate[], (fault: Fault) => Step]>([
    ['is delivered where it is the only account', [], tooLate],
    ['is delivered where another account is refused as well', [limited('b', refusal(creditsWindow))], tooLate],
    ['is delivered where another account opens too late', [limited('b', { until: late })], tooLate],
    ['is held until another account’s real limit ends', [limited('b', { until: soon })], () => hold],
    ['goes to another account that is open', [limited('b')], (fault) => nextAccount(`${fault}: next account`)],
  ])('%s', (_, others, step) => {
    for (const [fault, window] of [
      ['billing', creditsWindow],
      ['entitlement', entitlementWindow],
    ] as const) {
      const outcome: Outcome = { kind: 'failed', fault, detail: '' };
      expect(decide(first, outcome, ahead(others, window), now)).toEqual(step(fault));
    }
  });

  test('is answered without a time when it comes again', () => {
    const next = ahead([limited('b', refusal(entitlementWindow))], creditsWindow);
    expect(decideFirst(next, first, now)).toEqual(exhausted(null));
  });
});

describe('whatever lies ahead', () => {
  test.each([use, busy, waitSoon, waitLate, nobody, noLogin].map((next) => [next.kind, next] as const))(
    'a good answer is delivered and an absent client gets none (%s)',
    (_, next) => {
      expect(decide(first, { kind: 'served' }, next, now)).toEqual(deliver('the answer is good'));
      expect(decide(first, { kind: 'aborted' }, next, now)).toEqual({ kind: 'drop', reason: 'the client went away' });
    },
  );
});

describe('a request that has not been sent', () => {
  test.each<[string, Selection, Step]>([
    ['gives way to an answer for lack of capacity rather than hold', waitSoon, passing],
    ['gives way to an answer for lack of capacity rather than give up', waitLate, passing],
    ['gives way to an answer for lack of capacity where nobody is left', nobody, passing],
    ['queues rather than give way', busy, queue('the account is busy')],
    ['goes on rather than give way', use, nextAccount('selected')],
  ])('again: %s', (_, next, step) => {
    expect(decideFirst(next, { holdUntil: now + 240_000, passing: true }, now)).toEqual(step);
  });

  test.each<[string, Selection, number, Step]>([
    ['goes to the account that was selected', use, now, nextAccount('selected')],
    ['goes there as the probe', probe, now, { kind: 'next-account', account: b, probe: true, reason: 'selected' }],
    ['queues while the account is busy', busy, now, queue('the account is busy')],
    ['is held until one opens', waitSoon, now + 240_000, hold],
    ['is held up to the last moment', waitSoon, soon, hold],
    ['gives up when nobody opens in time', waitLate, now + 240_000, exhausted(late)],
    ['gives up at once when it may not be held', waitSoon, now, exhausted(soon)],
    ['gives up when its hold has run out', waitSoon, now - 1, exhausted(soon)],
    ['gives up where waiting changes nothing', nobody, now + 240_000, exhausted(null)],
    ['gives up on an empty pool', { kind: 'none', skipped: [] }, now, exhausted(null)],
    ['asks for a login where that is all that is missing', noLogin, now + 240_000, needsLogin],
    ['asks for no login where a disabled account lacks none', oneDisabled, now + 240_000, exhausted(null)],
    ['asks for no login where the pinned account is gone', onlyNotPinned, now + 240_000, exhausted(null)],
  ])('%s', (_, next, holdUntil, step) => {
    expect(decideFirst(next, { holdUntil, passing: false }, now)).toEqual(step);
  });
});
