import type { Fault } from '../../core/failover/outcome.ts';
import { creditsWindow, entitlementWindow } from '../../core/limit/limit.ts';
import type { Signal } from '../../core/limit/signal.ts';
import type { Answer, AnswerContext, Verdict } from '../provider.ts';
import { evidenceOf, parseError, wordsOf, type GoogleError } from './error.ts';
import { judgeQuota } from './quota.ts';

const served: Verdict = { outcome: { kind: 'served' }, signals: [] };

type Failure = { readonly status: number; readonly error: GoogleError | null; readonly headers: Headers };

/** Judges the head of an answer and, for an error, its body. Google says nothing of limits in the headers of a 200. */
export function classify({ status, headers, body }: Answer, context: AnswerContext): Verdict {
  if (status < 400) return served;
  // A proxy or a portal in between: it knows nothing of the account, and the next try may get past it.
  if (status < 500 && body !== null && /^\s*</.test(body)) return failed('network', `HTTP ${status}`);
  return judge({ status, error: parseError(body), headers }, context);
}

/** Judges an error inside HTTP 200. */
export function classifyFrame(data: string, context: AnswerContext): Verdict {
  const error = parseError(data);
  if (error === null) return failed('overload', 'an error event that does not parse');
  return judge({ status: error.code ?? 500, error, headers: new Headers() }, context);
}

function judge(failure: Failure, context: AnswerContext): Verdict {
  const { status, error, headers } = failure;
  const evidence = evidenceOf(status, error);
  if (status === 429 || (status < 500 && error?.status === 'RESOURCE_EXHAUSTED')) {
    const { signals, ...judged } = judgeQuota(error, headers, context);
    return { outcome: { kind: 'failed', detail: evidence, ...judged }, signals };
  }
  switch (status) {
    case 400:
      return judgeInvalid(failure, context);
    case 401:
      return refused(failure);
    case 402:
      return billing(failure);
    case 403:
      return judgeForbidden(failure, context);
    case 404:
      // Another account may have the model. Nothing is closed: a misspelt name is no account's.
      return failed(/\bmodels?\b/i.test(error?.message ?? '') ? 'entitlement' : 'request', evidence);
    default:
      return failed(status >= 500 || status === 499 ? 'overload' : 'request', evidence);
  }
}

/** What Google calls an invalid request and is the account's state. */
function judgeInvalid(failure: Failure, context: AnswerContext): Verdict {
  const { reason = '', status = '', message = '' } = failure.error ?? {};
  if (/^API_KEY_(INVALID|EXPIRED)$/.test(reason) || /\bapi key (not valid|not found|expired)/i.test(message))
    return refused(failure);
  // "Gemini API free tier is not available in your country. Please enable billing on your project …"
  if (status === 'FAILED_PRECONDITION' && /\bbilling\b/i.test(message))
    return closedFor(failure, 'entitlement', context.model);
  if (/\bthought[ _]?signature/i.test(message)) return failed('foreign', evidenceOf(failure.status, failure.error));
  return failed('request', evidenceOf(failure.status, failure.error));
}

/** Reasons of https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto */
function judgeForbidden(failure: Failure, context: AnswerContext): Verdict {
  const { reason = '', message = '' } = failure.error ?? {};
  switch (reason) {
    case 'BILLING_DISABLED':
      return billing(failure);
    case 'SERVICE_DISABLED':
    case 'API_KEY_SERVICE_BLOCKED':
    case 'ACCESS_TOKEN_SCOPE_INSUFFICIENT':
      return closedFor(failure, 'entitlement', null);
    // Only a person can mend these: verify the account, or make another key.
    case 'VALIDATION_REQUIRED':
    case 'CONSUMER_INVALID':
    case 'CONSUMER_SUSPENDED':
    case 'USER_PROJECT_DENIED':
    case 'API_KEY_INVALID':
    case 'API_KEY_HTTP_REFERRER_BLOCKED':
    case 'API_KEY_IP_ADDRESS_BLOCKED':
    case 'API_KEY_ANDROID_APP_BLOCKED':
    case 'API_KEY_IOS_APP_BLOCKED':
      return refused(failure);
    default:
      break;
  }
  if (/\bbilling\b/i.test(message)) return billing(failure);
  if (/\bhas not been used in project\b|\bit is disabled\b/i.test(message))
    return closedFor(failure, 'entitlement', null);
  // "Your API key was reported as leaked. Please use another API key."
  if (/\breported as leaked\b|\bhas been suspended\b/i.test(message)) return refused(failure);
  return context.model === null
    ? failed('entitlement', evidenceOf(failure.status, failure.error))
    : closedFor(failure, 'entitlement', context.model);
}

function refused({ status, error }: Failure): Verdict {
  const evidence = evidenceOf(status, error);
  return failed('auth', evidence, [{ kind: 'refused', evidence }]);
}

function billing(failure: Failure): Verdict {
  return closedFor(failure, 'billing', null);
}

function closedFor({ status, error }: Failure, fault: 'billing' | 'entitlement', family: string | null): Verdict {
  const window = fault === 'billing' ? creditsWindow : entitlementWindow;
  const evidence = wordsOf(status, error);
  const closed: Signal = { kind: 'closed', window, family, overage: false, until: null, evidence };
  return failed(fault, evidenceOf(status, error), [closed]);
}

function failed(fault: Fault, detail: string, signals: readonly Signal[] = []): Verdict {
  return { outcome: { kind: 'failed', fault, detail }, signals };
}
