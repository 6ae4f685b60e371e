import type { Account } from '../core/account/account.ts';
import { mendOf } from '../core/account/mend.ts';
import { isClosed, slotOf, type Limit } from '../core/limit/limit.ts';
import type { Notice, NoticeFacts } from '../core/notice.ts';
import { minuteMs, type EpochMs } from '../core/time.ts';
import { selectionOf, type PoolView } from './episode.ts';
import type { Episode } from './ports.ts';

/** Of a limit that is over sooner nobody has to be told: the requests of these minutes go elsewhere or wait. */
const toldFromMs = 10 * minuteMs;

/** The notice of an episode's beginning; `widened` is that of one which began for a narrower family and grew. */
export function exhaustedNotice(pool: PoolView, episode: Episode, widened: boolean): Notice {
  const at = episode.exhaustedAt;
  return {
    id: widened ? `${episode.id}:exhausted:${episode.family ?? '*'}` : `${episode.id}:exhausted`,
    kind: 'pool-exhausted',
    thread: threadOf(episode),
    at,
    facts: { ...factsOf(pool, episode), since: at, ...outlook(pool, episode, at) },
  };
}

export function recoveredNotice(pool: PoolView, episode: Episode, at: EpochMs): Notice {
  const verified = episode.verifiedBy === null ? {} : { verifiedBy: episode.verifiedBy };
  return {
    id: `${episode.id}:recovered`,
    kind: 'pool-recovered',
    thread: threadOf(episode),
    at,
    facts: { ...factsOf(pool, episode), since: episode.exhaustedAt, ...verified },
  };
}

export function needsLoginNotice(account: Account, evidence: string, at: EpochMs): Notice {
  const { id, provider } = account;
  return {
    id: `${id}:needs-login:${at}`,
    kind: 'account-needs-login',
    thread: `needs-login:${id}`,
    at,
    facts: { provider, account: id, since: at, evidence, mend: mendOf(account) },
  };
}

/** The notice of a limit that a provider has told; null for one that is no news. */
export function limitNotice({ provider }: Account, known: Limit | undefined, limit: Limit): Notice | null {
  if (limit.source === 'operator' || !isNews(limit)) return null;
  if (known !== undefined && known.version === limit.version && isNews(known)) return null;
  const { account, window, family, until, observedAt, source, evidence } = limit;
  const slot = `${account}|${slotOf(limit)}`;
  return {
    // A limit that is over is forgotten after a day, and its versions begin anew.
    id: `${slot}:${limit.version}:${until}`,
    kind: limit.overage ? 'overage-begun' : 'account-limited',
    thread: slot,
    at: observedAt,
    facts: {
      provider,
      account,
      window,
      ...(family === null ? {} : { family }),
      since: observedAt,
      until,
      ...(source === 'estimated' ? { estimated: true } : {}),
      evidence,
    },
  };
}

function isNews(limit: Limit): boolean {
  return limit.overage ? isClosed(limit, limit.observedAt) : limit.until - limit.observedAt >= toldFromMs;
}

function threadOf({ id }: Episode): string {
  return `episode:${id}`;
}

function factsOf({ pool }: PoolView, { family }: Episode): NoticeFacts {
  return { provider: pool.provider, pool: pool.name, ...(family === null ? {} : { family }) };
}

/** When the pool goes on by itself, and where it does not, what a person can do. */
function outlook(pool: PoolView, episode: Episode, now: EpochMs): NoticeFacts {
  const selection = selectionOf(pool, episode.family, now);
  const limits = pool.candidates.flatMap((each) => [...each.limits.values()]).filter((each) => isClosed(each, now));
  if (selection.kind === 'wait') {
    const first = limits.find((each) => each.until === selection.until);
    const { until } = selection;
    if (first === undefined) return { until };
    return { until, ...(first.source === 'estimated' ? { estimated: true } : {}), evidence: first.evidence };
  }
  const refused = pool.candidates.find((each) => each.account.standing === 'needs-login')?.account;
  if (refused !== undefined) return { evidence: refused.standingReason ?? 'needs a login', mend: mendOf(refused) };
  const last = limits.at(-1);
  return last === undefined ? {} : { evidence: last.evidence };
}
