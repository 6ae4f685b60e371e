import type { Fault } from '../../core/failover/outcome.ts';
import { coversModel } from '../../core/limit/family.ts';
import { creditsWindow, entitlementWindow } from '../../core/limit/limit.ts';
import { parseReset } from '../../core/limit/reset.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { minuteMs, type EpochMs } from '../../core/time.ts';
import type { AnswerContext } from '../provider.ts';
import { excerptOf, type GoogleError } from './error.ts';

type Closed = Extract<Signal, { kind: 'closed' }>;

/** What a 429 means, and what it closes. */
export type Quota = { readonly fault: Fault; readonly ofAccount?: true; readonly signals: readonly Closed[] };

/** From this length on a wait is no throttle. */
const briefMs = 2 * minuteMs;

/** Judges a 429 or a RESOURCE_EXHAUSTED, most certain sign first. */
export function judgeQuota(error: GoogleError | null, headers: Headers, context: AnswerContext): Quota {
  const retryAfter = parseReset(headers.get('retry-after'), context.now);
  if (error === null) return retryAfter === null ? blameless : waiting(retryAfter, 'Retry-After', context);
  const { reason } = error;
  const evidence = excerptOf(error.message.split('\n', 1)[0] || error.status);
  if (/^MODEL_CAPACITY_(EXHAUSTED|EXCEEDED)$/.test(reason)) return { fault: 'overload', signals: [] };
  if (isMoney(error)) return { fault: 'billing', signals: [close(creditsWindow, null, { until: null, evidence })] };
  // A free key asking for a model of the paid tier: it never had any of this, and no wait brings it.
  if (/\blimit: ?0(?![\d.])/i.test(error.message))
    return {
      fault: 'entitlement',
      ofAccount: true,
      signals: [close(entitlementWindow, context.model, { until: null, evidence })],
    };
  const until = resetOf(error, context.now) ?? retryAfter;
  if (error.violations.length > 0) return violated(error, until, context);
  const family = familyOf(error.metadata['model'] ?? null, context);
  if (reason === 'QUOTA_EXHAUSTED') return { fault: 'window', signals: [close('quota', family, { until, evidence })] };
  const named = windowOf(`${error.metadata['quota_limit'] ?? ''} ${error.message}`);
  const reset: Reset = { until, resetAt: ownResetOf(error, context.now), evidence, now: context.now };
  if (named !== null) return closing([{ window: named, family }], reset);
  if (until !== null) return waiting(until, evidence, { ...context, model: family });
  if (reason === 'RATE_LIMIT_EXCEEDED') return closing([{ window: 'minute', family }], reset);
  return blameless;
}

/** Google says this of a model that is short of capacity, too: another account may be served at once. */
const blameless: Quota = { fault: 'overload', signals: [] };

/** Credits of an AI plan, a prepaid balance, a cap on spending. The last two are texts of AI Studio. */
function isMoney({ reason, message }: GoogleError): boolean {
  return (
    reason === 'INSUFFICIENT_G1_CREDITS_BALANCE' ||
    /\b(prepay(ment)?|prepaid) credits? (are|is|have been) (depleted|exhausted)|\bspend(ing)? (cap|limit)\b/i.test(
      message,
    )
  );
}

function violated(error: GoogleError, until: EpochMs | null, context: AnswerContext): Quota {
  const windows = error.violations.map(({ quotaId, model }) => ({
    window: windowOf(quotaId) ?? 'quota',
    family: familyOf(model, context),
    evidence: excerptOf(quotaId),
  }));
  const resetAt = ownResetOf(error, context.now);
  return closing(windows, { until, resetAt, evidence: excerptOf(error.message), now: context.now });
}

type Window = { readonly window: string; readonly family: string | null; readonly evidence?: string };
/** `resetAt` is the quota's own reset where the answer has it, `until` that or anything else that tells when to come back. */
type Reset = {
  readonly until: EpochMs | null;
  readonly resetAt: EpochMs | null;
  readonly evidence: string;
  readonly now: EpochMs;
};

/** Closes windows. RetryInfo of a used up day is seconds away: it belongs to the minute that is empty as well. */
function closing(windows: readonly Window[], { until, resetAt, evidence, now }: Reset): Quota {
  const endOfDay = resetAt ?? pacificMidnight(now);
  const signals = windows.map(({ window, family, evidence: own }) =>
    close(window, family, { until: window === 'day' ? endOfDay : until, evidence: own || evidence }),
  );
  return { fault: windows.every(({ window }) => window === 'minute') ? 'throttle' : 'window', signals };
}

/** A limit that tells only when to come back. */
function waiting(until: EpochMs, evidence: string, { model, now }: AnswerContext): Quota {
  const brief = until - now <= briefMs;
  return {
    fault: brief ? 'throttle' : 'window',
    signals: [close(brief ? 'minute' : 'quota', model, { until, evidence })],
  };
}

/** `GenerateRequestsPerDayPerProjectPerModel-FreeTier`, `… Requests per day per user per tier`. */
function windowOf(quota: string): string | null {
  if (/per ?day|daily/i.test(quota)) return 'day';
  if (/per ?hour/i.test(quota)) return 'hour';
  return /per ?minute/i.test(quota) ? 'minute' : null;
}

/** When the quota itself is new. */
function ownResetOf({ metadata }: GoogleError, now: EpochMs): EpochMs | null {
  return parseReset(metadata['quotaResetTimeStamp'], now) ?? parseReset(metadata['quotaResetDelay'], now);
}

/** The provider's own fields first, then its words: `Please retry in 35.6s.`, `Your quota will reset after 3h12m5s.` */
function resetOf({ metadata, retryDelay, message }: GoogleError, now: EpochMs): EpochMs | null {
  const words = /\b(?:retry in|reset after) ((?:\d+(?:\.\d+)?(?:ms|[dhms]))+)/i.exec(message)?.[1];
  for (const text of [metadata['quotaResetTimeStamp'], metadata['quotaResetDelay'], retryDelay, words]) {
    const at = parseReset(text, now);
    if (at !== null) return at;
  }
  return null;
}

/** A model that is named in other words than ours would not stop the next request for it. */
function familyOf(named: string | null, { model }: AnswerContext): string | null {
  return named !== null && (model === null || coversModel(named, model)) ? named : model;
}

/** A day of Google's quotas ends at midnight Pacific time. https://ai.google.dev/gemini-api/docs/rate-limits */
export function pacificMidnight(now: EpochMs): EpochMs {
  const today = Temporal.Instant.fromEpochMilliseconds(Math.round(now)).toZonedDateTimeISO('America/Los_Angeles');
  return today.add({ days: 1 }).startOfDay().epochMilliseconds;
}

function close(window: string, family: string | null, rest: Pick<Closed, 'until' | 'evidence'>): Closed {
  return { kind: 'closed', window, family, overage: false, ...rest };
}
