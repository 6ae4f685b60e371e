// Small values of the core for tests: what a test does not name has the plainest value there is.
import type { Account } from '../src/core/account/account.ts';
import { accountId, asProviderId, parseLabel, type AccountId, type Label } from '../src/core/ids.ts';
import { slotOf, type Limit } from '../src/core/limit/limit.ts';
import { poolDefaults, type Pool } from '../src/core/pool/pool.ts';
import type { Candidate, View } from '../src/core/pool/view.ts';

/** The moment at which the wire forms in these tests were captured: 2026-11-21T00:54:59Z. */
export const captured = 1_795_222_499_000;

const provider = asProviderId('anthropic');

export function labelFrom(text: string): Label {
  const label = parseLabel(text);
  if (label === undefined) throw new Error(`${JSON.stringify(text)} makes no label`);
  return label;
}

/** The id of an account of the builders: `anthropic/a` for `a`. */
export function idOf(label: string): AccountId {
  return accountId(provider, labelFrom(label));
}

export function buildAccount(label: string, more: Partial<Account> = {}): Account {
  return {
    id: idOf(label),
    provider,
    label: labelFrom(label),
    credential: 'api-key',
    baseUrl: null,
    profile: null,
    project: null,
    maxConcurrent: null,
    standing: 'enabled',
    standingReason: null,
    addedAt: 0,
    ...more,
  };
}

export function buildPool(accounts: readonly AccountId[], more: Partial<Pool> = {}): Pool {
  return {
    name: labelFrom('anthropic'),
    provider,
    accounts,
    ...poolDefaults,
    ...more,
  };
}

/** A five-hour limit of account `a` that the provider gave: one hour from `captured` on. */
export function buildLimit(more: Partial<Limit> = {}): Limit {
  return {
    account: idOf('a'),
    window: 'five_hour',
    family: null,
    overage: false,
    version: 1,
    source: 'provider',
    until: captured + 3_600_000,
    observedAt: captured,
    repeats: 0,
    evidence: 'five_hour rejected',
    ...more,
  };
}

type CandidateParts = Partial<Omit<Candidate, 'account' | 'limits'>> & {
  readonly account?: Partial<Account>;
  readonly limits?: readonly Partial<Limit>[];
};

export function buildCandidate(label: string, { account, limits, ...more }: CandidateParts = {}): Candidate {
  const built = (limits ?? []).map((limit) => buildLimit({ account: idOf(label), ...limit }));
  return {
    account: buildAccount(label, account),
    limits: new Map(built.map((limit) => [slotOf(limit), limit])),
    inFlight: 0,
    restUntil: 0,
    rampFrom: null,
    probeSince: null,
    nextReset: null,
    servedTurn: 0,
    verifiedAt: 0,
    ...more,
  };
}

/** A pool of exactly these candidates, in this order. */
export function buildView(
  candidates: readonly Candidate[],
  more: Partial<Pool> & Partial<Pick<View, 'current' | 'affinity' | 'probesClosed'>> = {},
): View {
  const { current = null, affinity = null, probesClosed = false, ...pool } = more;
  return {
    pool: buildPool(
      candidates.map((each) => each.account.id),
      pool,
    ),
    candidates,
    current,
    affinity,
    probesClosed,
  };
}
