import type { Fault } from '../../core/failover/outcome.ts';
import { creditsWindow, entitlementWindow } from '../../core/limit/limit.ts';
import type { Signal } from '../../core/limit/signal.ts';
import type { Answer, AnswerContext, Verdict } from '../provider.ts';
import { evidenceOf, namesOf, parseError, wordsOf, type OpenAiError } from './error.ts';
import { keyReadings, keyRejection } from './key-limit.ts';
import {
  isPlanUsedUp,
  lacksCredits,
  planReadings,
  planRejection,
  planWindows,
  servedFromCredits,
  unnamedOpen,
} from './plan-limit.ts';

type Closed = Extract<Signal, { kind: 'closed' }>;

/** An answer as an error tells it: of which status, with which headers. */
type Failure = { readonly status: number; readonly headers: Headers; readonly error: OpenAiError | null };

const none: readonly Signal[] = [];
const served: Verdict = { outcome: { kind: 'served' }, signals: none };

/** Judges the head of an answer and, for an error, its body. */
export function classify({ status, headers, body }: Answer, context: AnswerContext): Verdict {
  if (status < 400) return classifyServed(headers, context);
  // A proxy or a portal in between, Cloudflare among them: it knows nothing of the account.
  if (status < 500 && isPage(body)) return failed('network', `HTTP ${status} with a page for a browser`);
  return classifyFailure({ status, headers, error: parseError(body) }, context);
}

function classifyServed(headers: Headers, context: AnswerContext): Verdict {
  const windows = planWindows(headers, context.now);
  if (windows.length === 0) {
    const readings = keyReadings(headers, context);
    return readings.length === 0 ? served : { ...served, signals: readings };
  }
  return { ...served, signals: [...planReadings(windows), unnamedOpen, ...servedFromCredits(headers, windows)] };
}

/** Judges an error inside HTTP 200, of whose head the limits are told where it has any. */
export function classifyErrorEvent(data: string, context: AnswerContext): Verdict {
  const error = parseError(data);
  if (error === null) return failed('overload', 'an error event that does not parse');
  const headers = context.headers ?? new Headers();
  // The 200 said that the request is fine, so that an error of a name we do not know is the server's.
  return classifyNamed({ status: 200, headers, error }, error, context) ?? failed('overload', evidenceOf(200, error));
}

/** Judges an error of any status, with what its headers tell of the account. */
function classifyFailure(failure: Failure, context: AnswerContext): Verdict {
  const verdict = verdictOf(failure, context);
  const readings = readingsOf(failure.headers, context).filter((each) => !isContradicted(each, verdict.signals));
  return readings.length === 0 ? verdict : { ...verdict, signals: [...readings, ...verdict.signals] };
}

function readingsOf(headers: Headers, context: AnswerContext): Signal[] {
  return [...planReadings(planWindows(headers, context.now)), ...keyReadings(headers, context)];
}

/** True for the word that a window is open which the same answer closes: percents are rounded. */
function isContradicted(reading: Signal, signals: readonly Signal[]): boolean {
  if (reading.kind !== 'open') return false;
  const { window, family } = reading;
  return signals.some((each) => each.kind === 'closed' && each.window === window && each.family === family);
}

function verdictOf(failure: Failure, context: AnswerContext): Verdict {
  const { status, error } = failure;
  const named = error === null ? null : classifyNamed(failure, error, context);
  if (named !== null) return named;
  const evidence = evidenceOf(status, error);
  if (status >= 500) return failed('overload', evidence);
  switch (status) {
    case 401:
      return failed('auth', evidence, [{ kind: 'refused', evidence }]);
    case 402:
      return failed('billing', evidence, [creditsClosed(failure)]);
    case 403:
      return failed(
        'entitlement',
        evidence,
        error === null || context.model === null ? none : [entitlementClosed(failure, context.model)],
      );
    case 408:
      return failed('overload', evidence);
    case 429:
      return classifyTooMany(failure, context);
    default:
      return failed('request', evidence);
  }
}

/** Judges an error by its code, else its type; null when we know neither. */
function classifyNamed(failure: Failure, error: OpenAiError, context: AnswerContext): Verdict | null {
  const fault = namesOf(error)
    .map((name) => faultsByName.get(name))
    .find((each) => each !== undefined);
  const evidence = evidenceOf(failure.status, error);
  switch (fault ?? faultInWords(error)) {
    case undefined:
      return null;
    case 'window':
      return lacksCredits(failure.headers)
        ? failed('billing', evidence, [creditsClosed(failure)])
        : failed('window', evidence, planRejection(failure.headers, error, context));
    case 'throttle':
      return classifyRateLimit(failure, context);
    case 'billing':
      return failed('billing', evidence, [creditsClosed(failure)]);
    case 'plan':
      return ofAccount(failed('entitlement', evidence, [entitlementClosed(failure, null)]));
    case 'scopes':
      // A key that may do some things and not this one: it is a good key.
      return failed(
        'entitlement',
        evidence,
        context.model === null ? none : [entitlementClosed(failure, context.model)],
      );
    case 'model':
      // Another account may have the model. Nothing is closed: a misspelt name is no account's.
      return failed('entitlement', evidence);
    case 'auth':
      return failed('auth', evidence, [{ kind: 'refused', evidence }]);
    case 'foreign':
      return failed('foreign', evidence);
    case 'overload':
      return failed('overload', evidence);
    case 'request':
      return failed('request', evidence);
  }
}

type Named =
  | 'window'
  | 'throttle'
  | 'billing'
  | 'plan'
  | 'scopes'
  | 'model'
  | 'auth'
  | 'foreign'
  | 'overload'
  | 'request';

/** Codes and types as OpenAI's API, the ChatGPT backend and Codex 0.169.0 name them. */
const faultsByName: ReadonlyMap<string, Named> = new Map([
  ['usage_limit_reached', 'window'],
  ['rate_limit_exceeded', 'throttle'],
  ['rate_limit_error', 'throttle'],
  ['insufficient_quota', 'billing'],
  ['billing_hard_limit_reached', 'billing'],
  ['billing_not_active', 'billing'],
  ['organization_spend_limit_exceeded', 'billing'],
  ['organization_usage_limit_exceeded', 'billing'],
  ['deactivated_workspace', 'billing'],
  ['usage_not_included', 'plan'],
  ['missing_scope', 'scopes'],
  ['model_not_found', 'model'],
  ['token_expired', 'auth'],
  ['token_invalidated', 'auth'],
  ['token_revoked', 'auth'],
  ['invalid_api_key', 'auth'],
  ['invalid_authentication', 'auth'],
  ['account_deactivated', 'auth'],
  ['invalid_encrypted_content', 'foreign'],
  ['server_is_overloaded', 'overload'],
  ['slow_down', 'overload'],
  ['engine_overloaded', 'overload'],
  ['service_unavailable_error', 'overload'],
  ['server_error', 'overload'],
  // A connection may live for 60 minutes; the next one is served.
  ['websocket_connection_limit_reached', 'overload'],
  ['previous_response_not_found', 'request'],
  ['context_length_exceeded', 'request'],
  ['invalid_prompt', 'request'],
  ['content_policy_violation', 'request'],
  ['cyber_policy', 'request'],
  ['bio_policy', 'request'],
  ['unsupported_country_region_territory', 'request'],
]);

/** What the ChatGPT backend says without a code, as `{"detail":"…"}` or as a mere `invalid_request_error`. */
function faultInWords({ message }: OpenAiError): Named | undefined {
  if (/\bmodel is not supported when using Codex with a ChatGPT account\b/i.test(message)) return 'model';
  if (/^The encrypted content \S+ could not be (verified|decrypted)/i.test(message)) return 'foreign';
  if (/\bMissing scopes: /i.test(message)) return 'scopes';
  return undefined;
}

function classifyRateLimit(failure: Failure, context: AnswerContext): Verdict {
  const evidence = evidenceOf(failure.status, failure.error);
  const rejection = keyRejection(failure.headers, failure.error, context);
  if (rejection === null) return failed('scoped', evidence);
  return failed(rejection.brief ? 'throttle' : 'window', evidence, [rejection.signal]);
}

/** A 429 that does not say what it is: a window of the plan with nothing left, a limit of a key, or nobody's. */
function classifyTooMany(failure: Failure, context: AnswerContext): Verdict {
  const { headers, error } = failure;
  if (lacksCredits(headers)) return failed('billing', evidenceOf(429, error), [creditsClosed(failure)]);
  if (isPlanUsedUp(headers, context.now)) {
    return failed('window', evidenceOf(429, error), planRejection(headers, error, context));
  }
  return classifyRateLimit(failure, context);
}

function isPage(body: string | null): boolean {
  return body !== null && /^\s*</.test(body);
}

function creditsClosed({ status, error }: Failure): Closed {
  const evidence = wordsOf(status, error);
  return { kind: 'closed', window: creditsWindow, family: null, overage: false, until: null, evidence };
}

/** For a model, or null for all models of the account. */
function entitlementClosed({ status, error }: Failure, family: string | null): Closed {
  const evidence = wordsOf(status, error);
  return { kind: 'closed', window: entitlementWindow, family, overage: false, until: null, evidence };
}

function ofAccount({ outcome, signals }: Verdict): Verdict {
  return { outcome: outcome.kind === 'failed' ? { ...outcome, ofAccount: true } : outcome, signals };
}

function failed(fault: Fault, detail: string, signals: readonly Signal[] = none): Verdict {
  return { outcome: { kind: 'failed', fault, detail }, signals };
}
