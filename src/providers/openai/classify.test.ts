import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import type { Fault } from '../../core/failover/outcome.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { classify, classifyErrorEvent } from './classify.ts';

const now = captured;
const model = 'gpt-5.1-codex';
const context = { model, now };
const resetsAt = 1_795_226_099;
const usageLimit = JSON.stringify({
  error: {
    type: 'usage_limit_reached',
    message: 'The usage limit has been reached',
    plan_type: 'plus',
    resets_at: resetsAt,
    eligible_promo: null,
    resets_in_seconds: 3600,
  },
});

/** The headers of a plan whose five hours are used to a percentage; the week to 20. */
const plan = (primary: number, more: Record<string, string> = {}): Record<string, string> => ({
  'x-codex-active-limit': 'codex',
  'x-codex-credits-balance': '',
  'x-codex-credits-has-credits': 'False',
  'x-codex-credits-unlimited': 'False',
  'x-codex-plan-type': 'plus',
  'x-codex-primary-over-secondary-limit-percent': '0',
  'x-codex-primary-reset-after-seconds': '3600',
  'x-codex-primary-reset-at': String(resetsAt),
  'x-codex-primary-used-percent': String(primary),
  'x-codex-primary-window-minutes': '300',
  'x-codex-secondary-reset-after-seconds': '345600',
  'x-codex-secondary-reset-at': '1795568099',
  'x-codex-secondary-used-percent': '20',
  'x-codex-secondary-window-minutes': '10080',
  ...more,
});

const judged = (status: number, body: string | null, headers: Record<string, string> = {}) =>
  classify({ status, headers: new Headers(headers), body }, context);
const faultOf = (verdict: ReturnType<typeof judged>) =>
  verdict.outcome.kind === 'failed' ? verdict.outcome.fault : verdict.outcome.kind;
const closings = (signals: readonly Signal[]): Signal[] =>
  signals.filter((each) => each.kind === 'closed' || each.kind === 'refused');
type ClosedOf = [window: string, family: string | null, until: number | null, evidence: string];
const closed = (...[window, family, until, evidence]: ClosedOf): Signal => ({
  kind: 'closed',
  window,
  family,
  overage: false,
  until,
  evidence,
});
const error = (fields: object) => JSON.stringify({ error: { param: null, ...fields } });

describe('a failed answer', () => {
  const nothing: Signal[] = [];
  const refused = (evidence: string): Signal[] => [{ kind: 'refused', evidence }];
  const quota =
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.';
  const expired = 'Provided authentication token is expired. Please try signing in again.';
  const invalidated = 'Your authentication token has been invalidated. Please try signing in again.';

  test.each<[string, number, string | null, Fault, Signal[]]>([
    [
      'a plan without Codex',
      429,
      '{"error":{"type":"usage_not_included","message":"To use Codex with your ChatGPT plan, upgrade to Plus","plan_type":"free"}}',
      'entitlement',
      [closed('entitlement', null, null, 'To use Codex with your ChatGPT plan, upgrade to Plus')],
    ],
    [
      'an empty purse',
      429,
      error({ message: quota, type: 'insufficient_quota', code: 'insufficient_quota' }),
      'billing',
      [closed('credits', null, null, quota.slice(0, 160))],
    ],
    [
      'a deactivated workspace',
      402,
      '{"detail":{"code":"deactivated_workspace"}}',
      'billing',
      [closed('credits', null, null, 'HTTP 402')],
    ],
    [
      'a spending limit',
      400,
      error({ message: 'Hard limit.', code: 'billing_hard_limit_reached' }),
      'billing',
      [closed('credits', null, null, 'Hard limit.')],
    ],
    ['a 429 that says nothing', 429, '{"detail":"Too Many Requests"}', 'scoped', nothing],
    ['a 429 without a body', 429, '', 'scoped', nothing],
    ['a 429 with a page', 429, '<html>slow down</html>', 'network', nothing],
    [
      'an overloaded server',
      503,
      error({
        message: 'Our servers are currently overloaded.',
        type: 'service_unavailable_error',
        code: 'server_is_overloaded',
      }),
      'overload',
      nothing,
    ],
    ['a server that says slow down', 503, error({ message: 'Slow down.', code: 'slow_down' }), 'overload', nothing],
    ['a 429 of an overloaded server', 429, error({ message: 'Slow down.', code: 'slow_down' }), 'overload', nothing],
    [
      'a broken server',
      500,
      error({ message: 'Sorry about that!', type: 'server_error', code: null }),
      'overload',
      nothing,
    ],
    ['a broken proxy', 502, '<html><head><title>502 Bad Gateway</title></head></html>', 'overload', nothing],
    ['a Cloudflare page', 403, '<html>Cloudflare: you have been blocked</html>', 'network', nothing],
    [
      'an expired token',
      401,
      JSON.stringify({ error: { message: expired, type: null, code: 'token_expired', param: null }, status: 401 }),
      'auth',
      refused(`HTTP 401 token_expired: ${expired}`),
    ],
    [
      'an invalidated token',
      401,
      JSON.stringify({ error: { message: invalidated, type: 'invalid_request_error', code: 'token_invalidated' } }),
      'auth',
      refused(`HTTP 401 token_invalidated: ${invalidated}`),
    ],
    ['a bare 401', 401, '{"detail":"Unauthorized"}', 'auth', refused('HTTP 401 error: Unauthorized')],
    [
      'a key that may not do this',
      401,
      error({ message: 'You have insufficient permissions. Missing scopes: api.responses.write', code: null }),
      'entitlement',
      [closed('entitlement', model, null, 'You have insufficient permissions. Missing scopes: api.responses.write')],
    ],
    [
      'a key that may not do that',
      403,
      error({ message: 'You have insufficient permissions.', type: 'invalid_request_error', code: null }),
      'entitlement',
      [closed('entitlement', model, null, 'You have insufficient permissions.')],
    ],
    ['a 403 without words', 403, '', 'entitlement', nothing],
    [
      'an unknown model',
      404,
      error({ message: 'The model `x` does not exist.', code: 'model_not_found' }),
      'entitlement',
      nothing,
    ],
    [
      'a model that a plan has not',
      400,
      '{"detail":"The \'gpt-5.3-codex\' model is not supported when using Codex with a ChatGPT account."}',
      'entitlement',
      nothing,
    ],
    [
      'reasoning of another account',
      400,
      error({
        message: 'The encrypted content gAAA...GDc= could not be verified.',
        type: 'invalid_request_error',
        code: 'invalid_encrypted_content',
      }),
      'foreign',
      nothing,
    ],
    [
      'reasoning of another account, without a code',
      400,
      error({ message: 'The encrypted content gAAA...Rg== could not be verified.', code: null }),
      'foreign',
      nothing,
    ],
    [
      'a wrong request',
      400,
      error({ message: 'Unknown parameter', type: 'invalid_request_error', code: 'unknown_parameter' }),
      'request',
      nothing,
    ],
    [
      'a response that is not there',
      400,
      error({ message: 'x', code: 'previous_response_not_found' }),
      'request',
      nothing,
    ],
    ['a body that is too large', 413, '{"detail":"too large"}', 'request', nothing],
    [
      'a country that is not served',
      403,
      error({ message: 'Country', code: 'unsupported_country_region_territory' }),
      'request',
      nothing,
    ],
  ])('%s', (...[, status, body, fault, signals]) => {
    const verdict = judged(status, body);
    expect(faultOf(verdict)).toBe(fault);
    expect(verdict.signals).toEqual(signals);
  });

  test('never repeats a secret that the provider repeats', () => {
    const { outcome, signals } = judged(
      401,
      error({ message: 'Incorrect API key provided: sk-test-1234567890abcdef.', code: 'invalid_api_key' }),
    );
    expect(JSON.stringify([outcome, signals])).not.toContain('1234567890');
  });
});

describe('a used up plan', () => {
  const evidence = 'The usage limit has been reached';
  const spark = {
    'x-codex-active-limit': 'codex_bengalfox',
    'x-codex-bengalfox-limit-name': 'gpt-5.3-codex-spark',
    'x-codex-bengalfox-primary-reset-after-seconds': '3600',
    'x-codex-bengalfox-primary-reset-at': String(resetsAt),
    'x-codex-bengalfox-primary-used-percent': '100',
    'x-codex-bengalfox-primary-window-minutes': '300',
  };
  const weekGone = { 'x-codex-secondary-used-percent': '100' };
  const noReset = '{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached"}}';
  const later = { 'x-codex-primary-reset-at': String(resetsAt + 60) };

  test.each<[string, string, Record<string, string>, Signal[]]>([
    ['closes the window at 100 %', usageLimit, plan(100), [closed('five_hour', null, resetsAt * 1000, evidence)]],
    [
      'believes the body over the header',
      usageLimit,
      plan(100, later),
      [closed('five_hour', null, resetsAt * 1000, evidence)],
    ],
    [
      'reads the seconds where the moment is missing',
      '{"error":{"type":"usage_limit_reached","message":"x","resets_in_seconds":1800}}',
      plan(100),
      [closed('five_hour', null, now + 1_800_000, evidence)],
    ],
    [
      'reads the seconds where the moment has passed',
      '{"error":{"type":"usage_limit_reached","message":"x","resets_at":1695226099,"resets_in_seconds":1800}}',
      plan(100),
      [closed('five_hour', null, now + 1_800_000, evidence)],
    ],
    [
      'takes the reset of the window where the body has none',
      noReset,
      plan(100),
      [closed('five_hour', null, resetsAt * 1000, evidence)],
    ],
    [
      'takes Retry-After where nothing else is told',
      noReset,
      { 'retry-after': '120' },
      [closed('usage_limit', null, now + 120_000, evidence)],
    ],
    [
      'closes both windows at 100 %, each until its own reset',
      usageLimit,
      plan(100, weekGone),
      [closed('five_hour', null, resetsAt * 1000, evidence), closed('seven_day', null, 1_795_568_099_000, evidence)],
    ],
    [
      'closes the window that resets when the body says',
      usageLimit,
      plan(99),
      [closed('five_hour', null, resetsAt * 1000, evidence)],
    ],
    [
      'closes a window without a name where none is told',
      usageLimit,
      {},
      [closed('usage_limit', null, resetsAt * 1000, evidence)],
    ],
    [
      'closes nothing of other models for one of a family',
      usageLimit,
      plan(30, spark),
      [closed('five_hour', model, resetsAt * 1000, evidence)],
    ],
  ])('%s', (...[, body, headers, signals]) => {
    const verdict = judged(429, body, headers);
    expect(faultOf(verdict)).toBe('window');
    expect(closings(verdict.signals)).toEqual(signals);
  });

  test('closes the family by its name for a model of it', () => {
    const asked = { model: 'gpt-5.3-codex-spark', now };
    const { signals } = classify({ status: 429, headers: new Headers(plan(30, spark)), body: usageLimit }, asked);
    expect(closings(signals)).toEqual([closed('five_hour', 'gpt-5.3-codex-spark', resetsAt * 1000, evidence)]);
  });

  test('tells that the other windows are open, and never that of the one it closes', () => {
    const { signals } = judged(429, usageLimit, plan(99));
    expect(signals.filter((each) => each.kind === 'open')).toEqual([
      { kind: 'open', window: 'seven_day', family: null },
    ]);
  });

  test('is known by its headers where the body says nothing', () => {
    const verdict = judged(429, '{"detail":"Too Many Requests"}', plan(100));
    expect(faultOf(verdict)).toBe('window');
    expect(closings(verdict.signals)).toEqual([closed('five_hour', null, resetsAt * 1000, evidence)]);
  });

  test.each([
    'workspace_member_credits_depleted',
    'workspace_owner_credits_depleted',
    'workspace_member_usage_limit_reached',
    'workspace_owner_usage_limit_reached',
  ])('is a matter of money in a workspace: %s', (kind) => {
    const verdict = judged(429, usageLimit, plan(100, { 'x-codex-rate-limit-reached-type': kind }));
    expect(faultOf(verdict)).toBe('billing');
    expect(closings(verdict.signals)).toEqual([closed('credits', null, null, evidence)]);
  });

  test('is a used up plan where the reached type says no more', () => {
    const headers = plan(100, { 'x-codex-rate-limit-reached-type': 'rate_limit_reached' });
    expect(faultOf(judged(429, usageLimit, headers))).toBe('window');
  });
});

describe('a served answer', () => {
  test('tells how full the plan is, and what is open', () => {
    const { outcome, signals } = judged(200, null, plan(92));
    expect(outcome).toEqual({ kind: 'served' });
    expect(signals).toEqual([
      { kind: 'reading', window: 'five_hour', family: null, utilization: 0.92, resetsAt: resetsAt * 1000 },
      { kind: 'open', window: 'five_hour', family: null },
      { kind: 'reading', window: 'seven_day', family: null, utilization: 0.2, resetsAt: 1_795_568_099_000 },
      { kind: 'open', window: 'seven_day', family: null },
      { kind: 'open', window: 'usage_limit', family: null },
    ]);
  });

  test('with a used up window and bought credits is overage', () => {
    const { outcome, signals } = judged(200, null, plan(100, { 'x-codex-credits-has-credits': 'True' }));
    expect(outcome).toEqual({ kind: 'served' });
    expect(closings(signals)).toEqual([
      {
        ...closed('five_hour', null, resetsAt * 1000, 'five_hour used up, served from credits'),
        overage: true,
      } as Signal,
    ]);
  });

  test.each([
    ['without credits', {}],
    ['with credits without end', { 'x-codex-credits-has-credits': 'True', 'x-codex-credits-unlimited': 'True' }],
  ])('with a used up window %s closes nothing', (_, more) => {
    expect(closings(judged(200, null, plan(100, more)).signals)).toEqual([]);
  });

  test('of an API key tells how full its windows are', () => {
    const { signals } = judged(200, null, {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
    });
    expect(signals).toEqual([
      { kind: 'reading', window: 'requests', family: model, utilization: 1 - 499 / 500, resetsAt: now + 120 },
    ]);
  });

  test('without headers tells nothing', () => {
    expect(judged(200, null)).toEqual({ outcome: { kind: 'served' }, signals: [] });
  });
});

describe('an error inside HTTP 200', () => {
  const failed = (fields: object) =>
    JSON.stringify({ type: 'response.failed', response: { status: 'failed', error: fields, output: [] } });
  const tokens =
    'Rate limit reached for gpt-5.1-codex in organization org-FAKE on tokens per min (TPM): Limit 30000, Used 29000, Requested 4000. Please try again in 2s.';

  test.each<[string, string, Fault, Signal[]]>([
    [
      'a rate limit',
      failed({ code: 'rate_limit_exceeded', message: tokens }),
      'throttle',
      [closed('tokens', model, now + 2000, tokens.slice(0, 160))],
    ],
    [
      'a rate limit without words',
      failed({ code: 'rate_limit_exceeded', message: 'Slow.' }),
      'throttle',
      [closed('minute', model, null, 'Slow.')],
    ],
    [
      'an empty purse',
      failed({ code: 'insufficient_quota', message: 'No money.' }),
      'billing',
      [closed('credits', null, null, 'No money.')],
    ],
    [
      'a used up plan',
      failed({ type: 'usage_limit_reached', code: 'usage_limit_reached', message: 'x', resets_at: resetsAt }),
      'window',
      [closed('usage_limit', null, resetsAt * 1000, 'The usage limit has been reached')],
    ],
    ['an overload', failed({ code: 'server_is_overloaded', message: 'x' }), 'overload', []],
    ['a broken server', failed({ code: 'server_error', message: 'x' }), 'overload', []],
    ['an error of next year', failed({ code: 'lunar_eclipse', message: 'x' }), 'overload', []],
    ['a refused prompt', failed({ code: 'invalid_prompt', message: 'x' }), 'request', []],
    ['too long a conversation', failed({ code: 'context_length_exceeded', message: 'x' }), 'request', []],
    ['an error event', '{"type":"error","code":"server_is_overloaded","message":"x","param":null}', 'overload', []],
    [
      'a chunk of Chat Completions',
      error({ message: 'x', code: 'insufficient_quota' }),
      'billing',
      [closed('credits', null, null, 'x')],
    ],
    ['what does not parse', '{"type":"response.failed"', 'overload', []],
    ['a failure without an error', '{"type":"response.failed","response":{"error":null}}', 'overload', []],
  ])('%s', (...[, data, fault, signals]) => {
    const verdict = classifyErrorEvent(data, context);
    expect(faultOf(verdict)).toBe(fault);
    expect(verdict.signals).toEqual(signals);
  });

  test('of a used up plan closes the window that the head names', () => {
    const data = failed({ code: 'usage_limit_reached', message: 'x', resets_at: resetsAt });
    const { signals } = classifyErrorEvent(data, { ...context, headers: new Headers(plan(100)) });
    expect(signals).toEqual([closed('five_hour', null, resetsAt * 1000, 'The usage limit has been reached')]);
  });
});
