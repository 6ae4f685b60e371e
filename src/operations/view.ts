import { mendOf } from '../core/account/mend.ts';
import { isClosed, type Limit } from '../core/limit/limit.ts';
import type { Selection } from '../core/pool/selection.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import type { AccountNow, EpisodeNow, OperationContext, PoolNow } from './context.ts';
import type { AccountView, EpisodeView, LimitView, NextView, PoolView } from './shape.ts';

/** An account as every surface shows it. */
export function viewAccount(now: EpochMs, known: AccountNow): AccountView {
  const { account, limits, readings, inFlight, restUntil, notRenewed } = known;
  const closed = limits.filter((each) => isClosed(each, now));
  return {
    id: account.id,
    provider: account.provider,
    label: account.label,
    credential: account.credential,
    baseUrl: account.baseUrl,
    profile: account.profile,
    project: account.project,
    maxConcurrent: account.maxConcurrent,
    ...stateOf({ account, limits: closed, restUntil }, now),
    mend: account.standing === 'needs-login' ? mendOf(account) : null,
    inFlight,
    notRenewed,
    limits: closed.map(viewLimit),
    windows: readings.map(({ window, family, utilization, resetsAt, at }) => ({
      window,
      family,
      utilization,
      resetsAt,
      observedAt: at,
    })),
    addedAt: account.addedAt,
  };
}

export function viewLimit({ window, family, overage, until, source, observedAt, evidence }: Limit): LimitView {
  return { window, family, overage, until, source, observedAt, evidence };
}

type State = Pick<AccountView, 'state' | 'until' | 'reason'>;

function stateOf(
  { account, limits, restUntil }: Pick<AccountNow, 'account' | 'limits' | 'restUntil'>,
  now: EpochMs,
): State {
  if (account.standing !== 'enabled') return { state: account.standing, until: null, reason: account.standingReason };
  const longest = limits.toSorted((a, b) => b.until - a.until);
  const all = longest.filter((each) => each.family === null);
  const closing = all.find((each) => !each.overage);
  if (closing !== undefined) return closedBy('closed', closing);
  if (restUntil > now) return { state: 'resting', until: restUntil, reason: 'network errors' };
  const billing = all[0];
  if (billing !== undefined) return closedBy('overage', billing);
  const part = longest.find((each) => !each.overage);
  if (part !== undefined) return closedBy('partly-closed', part);
  return longest[0] === undefined ? { state: 'open', until: null, reason: null } : closedBy('overage', longest[0]);
}

function closedBy(state: State['state'], { until, window }: Limit): State {
  return { state, until, reason: window };
}

/** A pool with the answer to "who is next, and why not the others", per family that a limit singles out. */
export function viewPool(context: OperationContext, now: PoolNow, model: string | null): PoolView {
  const { pool, current, episodes } = now;
  const families = model === null ? [null, ...limitedFamilies(context, now)] : [model];
  return {
    name: pool.name,
    provider: pool.provider,
    accounts: [...pool.accounts],
    strategy: pool.strategy,
    overage: pool.overage,
    pinned: pool.pinned,
    shareSessions: pool.shareSessions,
    holdSeconds: pool.holdMs === null ? null : Math.round(pool.holdMs / secondMs),
    probe: pool.probe,
    authResetTarget: pool.authResetTarget,
    current,
    exhausted: episodes.flatMap(viewEpisode),
    resets: episodes.flatMap(({ family, reset }) => (reset === null ? [] : [{ family, ...reset }])),
    next: families.map((family) => viewNext(family, context.pools.next(pool.name, family, null))),
  };
}

function viewEpisode({ family, exhaustedAt, state, nextTryAt }: EpisodeNow): EpisodeView[] {
  return state === 'recovered' ? [] : [{ family, since: exhaustedAt, state, nextTryAt }];
}

/** When somebody may open; one that was refused is tried again some day as well. */
export function soonestOf(next: Exclude<Selection, { kind: 'use' }>): EpochMs | null {
  if (next.kind === 'wait') return next.until;
  const times = next.skipped.flatMap((each) => each.until ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

function limitedFamilies(context: OperationContext, { pool }: PoolNow): string[] {
  const now = context.clock();
  const families = pool.accounts.flatMap((id) => {
    const limits = context.accounts.find(id)?.limits ?? [];
    return limits.flatMap((each) => (each.family !== null && isClosed(each, now) ? [each.family] : []));
  });
  return [...new Set(families)].toSorted();
}

/** Whom a request would wait for that is open and only busy. */
export function waitOf(selection: Selection): Pick<NextView, 'waitsFor'> {
  if (selection.kind !== 'wait' || selection.waitsFor === undefined) return {};
  return { waitsFor: { ...selection.waitsFor } };
}

function viewNext(model: string | null, selection: Selection): NextView {
  return {
    model,
    kind: selection.kind,
    account: selection.kind === 'use' ? selection.account : null,
    until: selection.kind === 'wait' ? selection.until : null,
    ...waitOf(selection),
    skipped: selection.skipped.map((each) => ({ ...each })),
  };
}
