import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import type { Fault } from '../../core/failover/outcome.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { classify, classifyErrorEvent } from './classify.ts';

const now = captured;
const model = 'claude-sonnet-4-5';
const context = { model, now };
const accountLimit = "This request would exceed your account's rate limit. Please try again later.";
const lowCredit =
  'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.';
const proxyPage =
  '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>';

const errorBody = (type: string, message: string, details?: object) =>
  JSON.stringify({
    type: 'error',
    error: { type, message, ...(details && { details }) },
    request_id: 'req_f345364429d95be4573ad069',
  });

const answered = (status: number, body: string | null, headers: Record<string, string> = {}) =>
  classify({ status, headers: new Headers(headers), body }, context);

const closed = (window: string, family: string | null, evidence: string) =>
  ({ kind: 'closed', window, family, overage: false, until: null, evidence }) satisfies Signal;

describe('an answer without limit headers', () => {
  const nothing = (): Signal[] => [];
  const refused = (evidence: string): Signal[] => [{ kind: 'refused', evidence }];
  const credits = (_: string, message: string): Signal[] => [closed('credits', null, message)];
  const thisModel = (_: string, message: string): Signal[] => [closed('entitlement', model, message)];

  test.each<[number, string, string, Fault, (evidence: string, message: string) => Signal[]]>([
    [401, 'authentication_error', 'Invalid bearer token', 'auth', refused],
    [
      401,
      'authentication_error',
      'OAuth token has expired. Please obtain a new token or refresh your existing token.',
      'auth',
      refused,
    ],
    [401, 'authentication_error', 'invalid x-api-key', 'auth', refused],
    [403, 'permission_error', 'OAuth token has been revoked. Please obtain a new token.', 'auth', refused],
    [403, 'permission_error', 'OAuth authentication is currently not allowed for this organization.', 'auth', refused],
    [
      403,
      'permission_error',
      'Your API key does not have permission to use the specified resource.',
      'entitlement',
      thisModel,
    ],
    [403, 'authentication_error', 'Account is disabled.', 'auth', refused],
    [400, 'invalid_request_error', lowCredit, 'billing', credits],
    [402, 'billing_error', 'Your payment method was declined.', 'billing', credits],
    [403, 'billing_error', 'Your payment method was declined.', 'billing', credits],
    [404, 'not_found_error', 'model: claude-sonnet-4-5', 'entitlement', nothing],
    [404, 'not_found_error', 'Not Found', 'request', nothing],
    [400, 'invalid_request_error', 'This organization has been disabled.', 'auth', refused],
    [429, 'rate_limit_error', 'Extra usage is required for long context requests.', 'entitlement', nothing],
    [429, 'rate_limit_error', 'Usage credits are required for long context requests.', 'entitlement', nothing],
    [400, 'invalid_request_error', 'Usage credits are required for long context requests.', 'entitlement', nothing],
    [400, 'invalid_request_error', 'messages: at least one message is required', 'request', nothing],
    [400, 'invalid_request_error', 'messages.1.content.0: Invalid signature in thinking block', 'request', nothing],
    [413, 'request_too_large', 'Request exceeds the maximum size', 'request', nothing],
    [422, 'invalid_request_error', 'max_tokens: Field required', 'request', nothing],
    [418, 'teapot_error', 'I am a teapot', 'request', nothing],
    [429, 'rate_limit_error', 'Rate limited', 'scoped', nothing],
    [429, 'rate_limit_error', accountLimit, 'scoped', nothing],
    [529, 'overloaded_error', 'Overloaded', 'overload', nothing],
    [503, 'api_error', 'Service unavailable', 'overload', nothing],
    [500, 'api_error', 'Internal server error', 'overload', nothing],
    [504, 'timeout_error', 'Request timed out', 'overload', nothing],
    [502, 'api_error', 'Bad gateway', 'overload', nothing],
    [503, 'server_error', 'a type that only a compatible vendor has', 'overload', nothing],
    [500, 'invalid_request_error', 'a broken server that blames the request', 'overload', nothing],
  ])('%d %s "%s" is a fault of kind %s', (...[status, type, message, fault, signals]) => {
    const evidence = `HTTP ${status} ${type}: ${message}`;
    expect(answered(status, errorBody(type, message))).toEqual({
      // Whether a third account may is no matter of what a second may not.
      outcome: {
        kind: 'failed',
        fault,
        detail: evidence,
        ...(/long context/.test(message) ? { ofAccount: true } : {}),
      },
      signals: signals(evidence, message),
    });
  });

  test.each<[string, number | null]>([
    ['You will regain access on 2026-12-01 at 00:00 UTC.', 1_796_083_200_000],
    ['You will regain access on 2026-11-01 at 00:00 UTC.', null],
    ['You will regain access on 2026-13-01 at 00:00 UTC.', null],
    ['You will regain access soon.', null],
  ])('that tells of a spend limit closes all that costs money until the time it names: "%s"', (rest, until) => {
    const message = `You have reached your specified API usage limits. ${rest}`;
    expect(answered(400, errorBody('invalid_request_error', message))).toMatchObject({
      outcome: { kind: 'failed', fault: 'billing' },
      signals: [{ ...closed('credits', null, message), until }],
    });
  });

  test('that refuses without a word is told by its status', () => {
    expect(answered(402, null).signals).toEqual([closed('credits', null, 'HTTP 402')]);
  });

  test.each<[string, number, string | null, Fault]>([
    ['the page of a proxy', 502, proxyPage, 'overload'],
    ['a page that blocks', 403, '<html>Cloudflare: you have been blocked</html>', 'network'],
    ['the login page of a portal', 401, '<!doctype html><title>Sign in</title>', 'network'],
    ['no body', 503, null, 'overload'],
    ['an empty body', 529, '', 'overload'],
    ['an empty body', 401, '', 'auth'],
    ['an empty body', 402, '', 'billing'],
    ['an empty body', 429, '', 'scoped'],
    ['an empty body', 400, '', 'request'],
    ['JSON that is no error', 400, '[]', 'request'],
    ['an error without a type', 500, '{"error":{"message":"no"}}', 'overload'],
    ['an error that is a text', 404, '{"error":"Not Found"}', 'request'],
    ['half a body', 429, '{"type":"error","error":{"type":"rate_li', 'scoped'],
  ])('with %s (%d) is judged by its status', (...[, status, body, fault]) => {
    expect(answered(status, body).outcome).toEqual({ kind: 'failed', fault, detail: `HTTP ${status}` });
  });

  test.each([200, 201, 304])('of status %d is good and tells nothing', (status) => {
    expect(answered(status, null)).toEqual({ outcome: { kind: 'served' }, signals: [] });
  });

  test('closes no model when none was asked for', () => {
    const body = errorBody('permission_error', 'Your API key does not have permission to use the specified resource.');
    const verdict = classify({ status: 403, headers: new Headers(), body }, { model: null, now });
    expect(verdict).toMatchObject({ outcome: { fault: 'entitlement' }, signals: [] });
  });
});

describe('usage credits that long context requires', () => {
  const body = errorBody('rate_limit_error', 'Usage credits are required for long context requests.', {
    error_code: 'credits_required',
    disabled_reason: 'overage_not_provisioned',
    can_user_purchase_credits: true,
    has_chargeable_saved_payment_method: false,
  });

  test('are a matter of entitlement and close no window, though one is rejected', () => {
    const { outcome, signals } = answered(429, body, {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-5h-status': 'allowed',
      'anthropic-ratelimit-unified-5h-reset': '1795231499',
      'anthropic-ratelimit-unified-7d_oi-status': 'rejected',
      'anthropic-ratelimit-unified-7d_oi-reset': '1795226099',
    });
    expect(outcome).toMatchObject({ kind: 'failed', fault: 'entitlement' });
    expect(signals.filter((each) => each.kind === 'closed')).toEqual([]);
  });

  test.each([
    ['Extra usage is required for long context requests.'],
    ['Usage credits are required for long context requests.'],
  ])('are that without a code, beside a five-hour window that is rejected: %s', (message) => {
    const { outcome, signals } = answered(429, errorBody('rate_limit_error', message), {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-reset': '1795226099',
      'retry-after': '3600',
    });
    expect(outcome).toMatchObject({ kind: 'failed', fault: 'entitlement' });
    expect(signals.filter((each) => each.kind === 'closed')).toEqual([]);
  });

  test('are that inside a stream as well', () => {
    expect(classifyErrorEvent(body, context)).toMatchObject({ outcome: { fault: 'entitlement' }, signals: [] });
  });
});

describe('an error event inside HTTP 200', () => {
  const streamed = (type: string, message: string) =>
    JSON.stringify({
      type: 'error',
      error: { details: null, type, message },
      request_id: 'req_e2b729a018d81bea0fc41327',
    });

  test('closes the windows that its head rejects, until their own reset', () => {
    const headers = new Headers({
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-5h-reset': String(Math.ceil(now / 1000) + 7200),
    });
    const verdict = classifyErrorEvent(streamed('rate_limit_error', 'too much'), { ...context, headers });
    expect(verdict).toMatchObject({
      outcome: { fault: 'window' },
      signals: [{ kind: 'closed', window: 'five_hour', family: null, until: (Math.ceil(now / 1000) + 7200) * 1000 }],
    });
  });

  test.each<[string, string, Fault, (evidence: string, message: string) => Signal[]]>([
    ['overloaded_error', 'Overloaded', 'overload', () => []],
    ['api_error', 'Internal server error', 'overload', () => []],
    ['timeout_error', 'Request timed out', 'overload', () => []],
    ['rate_limit_error', accountLimit, 'throttle', (evidence) => [closed('minute', model, evidence)]],
    ['rate_limit_error', 'Rate limited', 'scoped', () => []],
    ['authentication_error', 'OAuth token has expired.', 'auth', (evidence) => [{ kind: 'refused', evidence }]],
    ['invalid_request_error', lowCredit, 'billing', (_, message) => [closed('credits', null, message)]],
    ['invalid_request_error', 'messages: too long', 'request', () => []],
    ['server_error', 'a type that only a compatible vendor has', 'overload', () => []],
  ])('%s "%s" is a fault of kind %s', (...[type, message, fault, signals]) => {
    const evidence = `HTTP 200 ${type}: ${message}`;
    expect(classifyErrorEvent(streamed(type, message), context)).toEqual({
      outcome: { kind: 'failed', fault, detail: evidence },
      signals: signals(evidence, message),
    });
  });

  test.each([[''], ['{'], ['null'], ['{"type":"error"}'], ['Overloaded']])(
    'with the data %j is the server’s fault',
    (data) => {
      expect(classifyErrorEvent(data, context)).toEqual({
        outcome: { kind: 'failed', fault: 'overload', detail: 'an error event that does not parse' },
        signals: [],
      });
    },
  );
});

describe('a 429 that only says when to come back', () => {
  test.each<[string, Fault, string, number]>([
    ['7', 'throttle', 'minute', now + 7000],
    ['120', 'throttle', 'minute', now + 120_000],
    ['121', 'window', 'retry_after', now + 121_000],
    ['2094', 'window', 'retry_after', now + 2_094_000],
    ['Sat, 21 Nov 2026 00:55:09 GMT', 'throttle', 'minute', now + 10_000],
  ])('Retry-After: %s is a fault of kind %s', (...[retryAfter, fault, window, until]) => {
    const verdict = answered(429, errorBody('rate_limit_error', accountLimit), { 'retry-after': retryAfter });
    expect(verdict.outcome).toMatchObject({ kind: 'failed', fault });
    expect(verdict.signals).toEqual([{ ...closed(window, model, 'Retry-After'), until }]);
  });

  test.each([['Rate limited'], ['rate limited.']])('and says "%s" is nobody’s fault all the same', (message) => {
    expect(answered(429, errorBody('rate_limit_error', message), { 'retry-after': '7' })).toMatchObject({
      outcome: { fault: 'scoped' },
      signals: [],
    });
  });

  test.each([['soon'], ['-1'], ['1e9'], ['Sun, 06 Nov 1994 08:49:37 GMT']])(
    'Retry-After: %s is a bare 429',
    (retryAfter) => {
      expect(answered(429, errorBody('rate_limit_error', accountLimit), { 'retry-after': retryAfter })).toMatchObject({
        outcome: { fault: 'scoped' },
        signals: [],
      });
    },
  );
});
