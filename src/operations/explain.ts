import { asSessionId } from '../core/ids.ts';
import { operatorWindow } from '../core/limit/limit.ts';
import type { Skipped, SkipReason } from '../core/pool/selection.ts';
import { formatDuration, formatWhen, type EpochMs } from '../core/time.ts';
import { localTimeZone } from '../lib/local-time-zone.ts';
import type { OperationContext, PoolNow } from './context.ts';
import type { Explanation } from './shape.ts';
import { soonestOf, waitOf } from './view.ts';

type Asked = { readonly model?: string | undefined; readonly session?: string | undefined };

/** What selection says of a request, as data and in words; the gateway asks the same question. */
export function explain(context: OperationContext, { pool }: PoolNow, asked: Asked): Explanation {
  const { model = null, session = null } = asked;
  const next = context.pools.next(pool.name, model, session === null ? null : asSessionId(session));
  const known = context.sessions.all().find((each) => each.id === session && each.pool === pool.name);
  const at = { now: context.clock(), timeZone: localTimeZone() };
  const skipped = next.skipped.map((each) => ({ ...each, sentence: sentenceOf(each, at) }));
  const until = next.kind === 'use' ? null : soonestOf(next);
  const account = next.kind === 'use' ? next.account : null;
  const what = model === null ? 'A request' : `A request for ${model}`;
  const { waitsFor } = waitOf(next);
  const busy = next.skipped.find((each) => each.account === waitsFor?.account);
  const answer =
    waitsFor !== undefined && busy !== undefined
      ? `${what} to pool ${pool.name} would wait up to ${formatDuration(waitsFor.upToMs)} for ${waitsFor.account}, which ${words[busy.reason]}.`
      : account !== null
        ? `${what} to pool ${pool.name} would use ${account}${account === known?.account ? ', where its session stays' : ''}.`
        : `Nobody in pool ${pool.name} would serve ${model === null ? 'a request' : `a request for ${model}`}${until === null ? '' : `; the first may open ${formatWhen(until, at.now, at.timeZone)}`}.`;
  return {
    pool: pool.name,
    model,
    session,
    kind: next.kind,
    account,
    until,
    ...waitOf(next),
    probe: next.kind === 'use' && next.probe,
    affinity: known?.account ?? null,
    pinned: pool.pinned,
    strategy: pool.strategy,
    skipped,
    sentence: [answer, ...emptyWords(pool.accounts.length), ...skipped.map((each) => each.sentence)].join(' '),
  };
}

function emptyWords(members: number): string[] {
  return members === 0 ? ['It has no accounts.'] : [];
}

type At = { readonly now: EpochMs; readonly timeZone: string };

const words: Readonly<Record<SkipReason, string>> = {
  closed: 'is closed',
  overage: 'would bill overage',
  disabled: 'is disabled',
  'needs-login': 'needs a login',
  'not-pinned': 'is not the one that the pool is pinned to',
  unsuitable: 'cannot serve such requests',
  bound: 'does not have what the request names',
  tried: 'failed already',
  resting: 'rests after network errors',
  probing: 'is being probed after a long cooldown',
  full: 'has as many requests in flight as it may',
  ramping: 'is taking over step by step',
};

export function sentenceOf({ account, reason, until, window, refusal }: Skipped, { now, timeZone }: At): string {
  const which = window === null ? '' : window === operatorWindow ? ' by hand' : ` (${window})`;
  const said = refusal === undefined ? '' : `: ${refusal.replace(/\s+/g, ' ').slice(0, 160)}`;
  const again = refusal === undefined ? ', opens' : '; it is tried again';
  const end = until === null ? '' : `${again} ${formatWhen(until, now, timeZone)}`;
  return `${account} ${words[reason]}${which}${said}${end}.`;
}
