import type { Fault } from '../../core/failover/outcome.ts';
import { creditsWindow, entitlementWindow } from '../../core/limit/limit.ts';
import { parseReset } from '../../core/limit/reset.ts';
import type { Signal } from '../../core/limit/signal.ts';
import type { Answer, AnswerContext, Verdict } from '../provider.ts';
import { evidenceOf, parseError, wordsOf, type AnthropicError } from './error.ts';
import { hasKeyLimits, keyReadings, keyRejection, retryAfterRejection } from './key-limit.ts';
import { hasUnifiedLimits, isServedAsOverage, isUnifiedRejected, rejectedWindows, unifiedReadings } from './unified.ts';

type Closed = Extract<Signal, { kind: 'closed' }>;

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
  // A proxy or a portal in between: it knows nothing of the account, and the next try may get past it.
  if (answer.status < 500 && isPage(answer.body)) return failed('network', evidence);
  if (refusesLongContext(error)) return lacksLongContext(evidence);
  switch (answer.status) {
    case 401:
      return failed('auth', evidence, [{ kind: 'refused', evidence }]);
    case 402:
      return failed('billing', evidence, [creditsClosed(answer.status, error)]);
    case 429:
      return classifyTooMany(answer.headers, error, context);
    default:
      break;
  }
  // Compatible vendors have error types of their own; the status of a broken server is the same everywhere.
  if (answer.status >= 500) return failed('overload', evidence);
  return (error && classifyError(answer.status, error, context)) ?? failed('request', evidence);
}

function classifyTooMany(headers: Headers, error: AnthropicError | null, context: AnswerContext): Verdict {
  const evidence = evidenceOf(429, error);
  if (hasUnifiedLimits(headers) && isUnifiedRejected(headers, context.model)) {
    return failed('window', evidence, rejectedWindows(headers, false, context.now));
  }
  if (!hasUnifiedLimits(headers) && hasKeyLimits(headers))
    return failed('throttle', evidence, keyRejection(headers, error, context));
  // Claude Code tells people of this one that it is not their usage limit: a time to come back makes it no account's.
  if (!hasUnifiedLimits(headers) && blamesNobody(error)) return failed('scoped', evidence);
  const retryAfter = retryAfterRejection(headers, context);
  if (retryAfter !== null) return failed(retryAfter.brief ? 'throttle' : 'window', evidence, [retryAfter.signal]);
  return failed('scoped', evidence);
}

/** Judges an error inside HTTP 200, of whose head the limits are told where it has any. */
export function classifyErrorEvent(data: string, context: AnswerContext): Verdict {
  const error = parseError(data);
  if (error === null) return failed('overload', 'an error event that does not parse');
  const evidence = evidenceOf(200, error);
  // The 200 said that the request is fine, so that an error of a type we do not know is the server's.
  if (refusesLongContext(error)) return lacksLongContext(evidence);
  const { headers } = context;
  if (error.type === 'rate_limit_error' && headers !== undefined && isUnifiedRejected(headers, context.model)) {
    return classifyTooMany(headers, error, context);
  }
  return classifyError(200, error, context) ?? failed('overload', evidence);
}

/**
 * "Usage credits are required for long context requests", "Extra usage is required …": nothing is used up, this account
 * may just not do that. Some answers have the code, others the words alone (anthropics/claude-code#42616, #50784).
 */
function refusesLongContext(error: AnthropicError | null): boolean {
  if (error === null) return false;
  return (
    error.code === 'credits_required' ||
    /\b(extra usage is|usage credits are) required for long context\b/i.test(error.message)
  );
}

function lacksLongContext(detail: string): Verdict {
  return { outcome: { kind: 'failed', fault: 'entitlement', detail, ofAccount: true }, signals: none };
}

function isPage(body: string | null): boolean {
  return body !== null && /^\s*</.test(body);
}

function blamesNobody(error: AnthropicError | null): boolean {
  return error !== null && /^rate limited\.?$/i.test(error.message.trim());
}

/** Judges an error by its type; null for a type that we do not know. */
function classifyError(status: number, error: AnthropicError, context: AnswerContext): Verdict | null {
  const evidence = evidenceOf(status, error);
  switch (error.type) {
    case 'authentication_error':
      return failed('auth', evidence, [{ kind: 'refused', evidence }]);
    case 'permission_error':
      // Revoked tokens and organisations that refuse OAuth: no model of this account works any more.
      return /\boauth\b/i.test(error.message)
        ? failed('auth', evidence, [{ kind: 'refused', evidence }])
        : failed('entitlement', evidence, entitlementClosed(context, wordsOf(status, error)));
    case 'billing_error':
      return failed('billing', evidence, [creditsClosed(status, error)]);
    case 'rate_limit_error':
      return classifyRateLimitEvent(error, evidence, context);
    case 'overloaded_error':
    case 'api_error':
    case 'timeout_error':
      return failed('overload', evidence);
    case 'not_found_error':
      // Another account may have the model. Nothing is closed: a misspelt name is no account's.
      return failed(error.message.startsWith('model:') ? 'entitlement' : 'request', evidence);
    case 'invalid_request_error':
      return classifyInvalid(status, error, context);
    case 'request_too_large':
      return failed('request', evidence);
    default:
      return null;
  }
}

/** What Anthropic calls an invalid request and is the account's state: seen in public reports of Claude Code's users. */
function classifyInvalid(status: number, error: AnthropicError, { now }: AnswerContext): Verdict {
  const evidence = evidenceOf(status, error);
  const { message } = error;
  if (/credit balance is too low/i.test(message)) return failed('billing', evidence, [creditsClosed(status, error)]);
  // anthropics/claude-code#38035: "… You will regain access on 2026-04-01 at 00:00 UTC."
  if (/reached your specified API usage limits/i.test(message)) {
    const [, day, time] = /regain access on (\d{4}-\d\d-\d\d) at (\d\d:\d\d) UTC/i.exec(message) ?? [];
    const until = day === undefined ? null : parseReset(`${day}T${time}Z`, now);
    return failed('billing', evidence, [{ ...creditsClosed(status, error), until }]);
  }
  // anthropics/claude-code#54311
  if (/organization has been disabled/i.test(message)) return failed('auth', evidence, [{ kind: 'refused', evidence }]);
  return failed('request', evidence);
}

/** "…would exceed your account's rate limit" names the account; "Rate limited" blames nobody. */
function classifyRateLimitEvent(error: AnthropicError, evidence: string, context: AnswerContext): Verdict {
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

function creditsClosed(status: number, error: AnthropicError | null): Closed {
  const evidence = wordsOf(status, error);
  return { kind: 'closed', window: creditsWindow, family: null, overage: false, until: null, evidence };
}

function entitlementClosed({ model }: AnswerContext, evidence: string): Closed[] {
  if (model === null) return [];
  return [{ kind: 'closed', window: entitlementWindow, family: model, overage: false, until: null, evidence }];
}

function failed(fault: Fault, detail: string, signals: readonly Signal[] = none): Verdict {
  return { outcome: { kind: 'failed', fault, detail }, signals };
}
