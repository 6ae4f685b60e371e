import type { Fault } from '../../core/failover/outcome.ts';
import type { Signal } from '../../core/limit/signal.ts';
import type { Answer, AnswerContext, Verdict } from '../provider.ts';
import { evidenceOf, parseError, type AnthropicError } from './error.ts';
import { hasKeyLimits, keyReadings, keyRejection, retryAfterRejection } from './key-limit.ts';
import { hasUnifiedLimits, isServedAsOverage, isUnifiedRejected, rejectedWindows, unifiedReadings } from './unified.ts';

const none: readonly Signal[] = [];
const served: Verdict = { outcome: { kind: 'served' }, signals: none };

/** Judges the head of an answer and, for an error, its body. */
export function classify(answer: Answer, context: AnswerContext): Verdict {
  const readings = readingsOf(answer.headers, context);
  if (answer.status < 400) return classifyServed(answer.headers, readings, context);
  const error = parseError(answer.body);
  const verdict = classifyFailure(answer, error, context);
  return readings.length === 0 ? verdict : { ...verdict, signals: [...readings, ...verdict.signals] };
}

function readingsOf(headers: Headers, context: AnswerContext): readonly Signal[] {
  if (hasUnifiedLimits(headers)) return unifiedReadings(headers, context.now);
  return hasKeyLimits(headers) ? keyReadings(headers, context) : none;
}

function classifyServed(headers: Headers, readings: readonly Signal[], context: AnswerContext): Verdict {
  if (readings.length === 0) return served;
  if (!isServedAsOverage(headers)) return { ...served, signals: readings };
  return { ...served, signals: [...readings, ...rejectedWindows(headers, true, context.now)] };
}

function classifyFailure(answer: Answer, error: AnthropicError | null, context: AnswerContext): Verdict {
  const evidence = evidenceOf(answer.status, error);
  switch (answer.status) {
    case 401:
      return failed('auth', evidence, [{ kind: 'refused', evidence }]);
    case 402:
      return failed('billing', evidence, [creditsClosed(evidence)]);
    case 429:
      return classifyTooMany(answer.headers, error, context);
    default:
      break;
  }
  // Compatible vendors have error types of their own; the status of a broken server is the same everywhere.
  if (answer.status >= 500) return failed('overload', evidence);
  return (error && classifyError(error, evidence, context)) ?? failed('request', evidence);
}

function classifyTooMany(headers: Headers, error: AnthropicError | null, context: AnswerContext): Verdict {
  const evidence = evidenceOf(429, error);
  // "Usage credits are required for long context requests": nothing is used up, this account may just not do that.
  if (error?.code === 'credits_required') return failed('entitlement', evidence);
  if (hasUnifiedLimits(headers) && isUnifiedRejected(headers)) {
    return failed('window', evidence, rejectedWindows(headers, false, context.now));
  }
  if (!hasUnifiedLimits(headers) && hasKeyLimits(headers))
    return failed('throttle', evidence, keyRejection(headers, error, context));
  const retryAfter = retryAfterRejection(headers, context);
  if (retryAfter !== null) return failed(retryAfter.brief ? 'throttle' : 'window', evidence, [retryAfter.signal]);
  return failed('scoped', evidence);
}

/** Judges an `error` event inside HTTP 200, whose head told nothing of the failure. */
export function classifyErrorEvent(data: string, context: AnswerContext): Verdict {
  const error = parseError(data);
  if (error === null) return failed('overload', 'an error event that does not parse');
  const evidence = evidenceOf(200, error);
  // The 200 said that the request is fine, so that an error of a type we do not know is the server's.
  return classifyError(error, evidence, context) ?? failed('overload', evidence);
}

/** Judges an error by its type; null for a type that we do not know. */
function classifyError(error: AnthropicError, evidence: string, context: AnswerContext): Verdict | null {
  switch (error.type) {
    case 'authentication_error':
      return failed('auth', evidence, [{ kind: 'refused', evidence }]);
    case 'permission_error':
      // Revoked tokens and organisations that refuse OAuth: no model of this account works any more.
      return /\boauth\b/i.test(error.message)
        ? failed('auth', evidence, [{ kind: 'refused', evidence }])
        : failed('entitlement', evidence, entitlementClosed(context, evidence));
    case 'billing_error':
      return failed('billing', evidence, [creditsClosed(evidence)]);
    case 'rate_limit_error':
      return classifyRateLimitEvent(error, evidence, context);
    case 'overloaded_error':
    case 'api_error':
    case 'timeout_error':
      return failed('overload', evidence);
    case 'not_found_error':
      return error.message.startsWith('model:')
        ? failed('entitlement', evidence, entitlementClosed(context, evidence))
        : failed('request', evidence);
    case 'invalid_request_error':
      return /credit balance is too low/i.test(error.message)
        ? failed('billing', evidence, [creditsClosed(evidence)])
        : failed('request', evidence);
    case 'request_too_large':
      return failed('request', evidence);
    default:
      return null;
  }
}

/** "…would exceed your account's rate limit" names the account; "Rate limited" blames nobody. */
function classifyRateLimitEvent(error: AnthropicError, evidence: string, context: AnswerContext): Verdict {
  if (error.code === 'credits_required') return failed('entitlement', evidence);
  if (!/exceed your (account|organization)/i.test(error.message)) return failed('scoped', evidence);
  const closed: Signal = {
    kind: 'closed',
    window: 'minute',
    family: context.model,
    overage: false,
    until: null,
    evidence,
  };
  return failed('throttle', evidence, [closed]);
}

function creditsClosed(evidence: string): Signal {
  return { kind: 'closed', window: 'credits', family: null, overage: false, until: null, evidence };
}

function entitlementClosed(context: AnswerContext, evidence: string): Signal[] {
  if (context.model === null) return [];
  return [{ kind: 'closed', window: 'entitlement', family: context.model, overage: false, until: null, evidence }];
}

function failed(fault: Fault, detail: string, signals: readonly Signal[] = none): Verdict {
  return { outcome: { kind: 'failed', fault, detail }, signals };
}
