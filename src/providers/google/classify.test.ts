import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import type { Fault } from '../../core/failover/outcome.ts';
import type { Signal } from '../../core/limit/signal.ts';
import type { AnswerContext, Verdict } from '../provider.ts';
import { classify, classifyFrame } from './classify.ts';
import { pacificMidnight } from './quota.ts';

const now = captured;
const context: AnswerContext = { model: 'gemini-2.5-pro', now };
/** 2026-11-21T00:54:59Z is 16:54 of the day before in Los Angeles. */
const midnight = Date.parse('2026-11-21T08:00:00Z');

const types = 'type.googleapis.com/google.rpc.';
type Body = { code?: number; message?: string; status?: string; details?: object[] };

function bodyOf(error: Body): string {
  return JSON.stringify({ error: { status: 'RESOURCE_EXHAUSTED', message: '', ...error } });
}

function info(reason: string, metadata: Record<string, string> = {}, domain = 'cloudcode-pa.googleapis.com'): object {
  return { '@type': `${types}ErrorInfo`, reason, domain, metadata };
}

function retry(retryDelay: string): object {
  return { '@type': `${types}RetryInfo`, retryDelay };
}

function quota(...ids: string[]): object {
  const violations = ids.map((quotaId) => ({
    quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
    quotaId,
    quotaDimensions: { location: 'global', model: 'gemini-2.5-pro' },
    quotaValue: '10',
  }));
  return { '@type': `${types}QuotaFailure`, violations };
}

function judge(status: number, body: string | null, headers: Record<string, string> = {}): Verdict {
  return classify({ status, body, headers: new Headers(headers) }, context);
}

function faultOf({ outcome }: Verdict): Fault | 'none' {
  return outcome.kind === 'failed' ? outcome.fault : 'none';
}

function told(signals: readonly Signal[]): unknown[] {
  return signals.map((each) =>
    each.kind === 'closed' ? [each.window, each.family, each.until === null ? null : each.until - now] : [each.kind],
  );
}

const perMinute = 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier';
const perDay = 'GenerateRequestsPerDayPerProjectPerModel-FreeTier';
const freeTier =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, head over to: https://ai.google.dev/gemini-api/docs/rate-limits. \n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 10, model: gemini-2.5-pro\nPlease retry in 35.684207132s.';
const capacity = 'You have exhausted your capacity on this model. Your quota will reset after 3h12m5s.';
const perUser =
  "Quota exceeded for quota metric 'Gemini 2.5 Pro Requests' and limit 'Gemini 2.5 Pro Requests per day per user per tier' of service 'cloudcode-pa.googleapis.com' for consumer 'project_number:681255809395'.";
const own = 'gemini-2.5-pro';

describe('a 429 of Google', () => {
  const table: [string, Body, Fault, unknown[]][] = [
    [
      'a minute with RetryInfo',
      { message: freeTier, details: [quota(perMinute), retry('35s')] },
      'throttle',
      [['minute', own, 35_000]],
    ],
    [
      'a minute with the words alone',
      { message: freeTier, details: [quota(perMinute)] },
      'throttle',
      [['minute', own, 35_685]],
    ],
    ['a minute without a time', { details: [quota(perMinute)] }, 'throttle', [['minute', own, null]]],
    [
      'a day, whose RetryInfo is not believed',
      { message: freeTier, details: [quota(perDay), retry('35s')] },
      'window',
      [['day', own, midnight - now]],
    ],
    [
      'a day with its own time, which is believed',
      { details: [quota(perDay), info('RATE_LIMIT_EXCEEDED', { quotaResetTimeStamp: '2026-11-21T01:54:59Z' })] },
      'window',
      [['day', own, 3_600_000]],
    ],
    [
      'a day and a minute',
      { details: [quota(perDay, perMinute), retry('20s')] },
      'window',
      [
        ['day', own, midnight - now],
        ['minute', own, 20_000],
      ],
    ],
    ['a quota of an unknown length', { details: [quota('Something'), retry('9s')] }, 'window', [['quota', own, 9000]]],
    [
      'a model that the plan does not have',
      { message: freeTier.replace('limit: 10', 'limit: 0'), details: [quota(perDay)] },
      'entitlement',
      [['entitlement', own, null]],
    ],
    [
      'a quota with its own time',
      {
        message: capacity,
        details: [info('QUOTA_EXHAUSTED', { model: own, quotaResetTimeStamp: '2026-11-21T01:54:59Z' }), retry('9s')],
      },
      'window',
      [['quota', own, 3_600_000]],
    ],
    [
      'a quota with its delay',
      { details: [info('QUOTA_EXHAUSTED', { quotaResetDelay: '1h0m0.123456s' })] },
      'window',
      [['quota', own, 3_600_124]],
    ],
    [
      'a quota with RetryInfo of nine digits',
      { message: capacity, details: [info('QUOTA_EXHAUSTED'), retry('11741.478632015s')] },
      'window',
      [['quota', own, 11_741_479]],
    ],
    [
      'a quota with the words alone',
      { message: capacity, details: [info('QUOTA_EXHAUSTED')] },
      'window',
      [['quota', own, 11_525_000]],
    ],
    ['the words without a reason', { message: capacity }, 'window', [['quota', own, 11_525_000]]],
    [
      'a rate',
      { message: 'Your quota will reset after 3s.', details: [info('RATE_LIMIT_EXCEEDED', { model: own })] },
      'throttle',
      [['minute', own, 3000]],
    ],
    ['a rate without a time', { details: [info('RATE_LIMIT_EXCEEDED')] }, 'throttle', [['minute', own, null]]],
    [
      'a day per user',
      {
        message: perUser,
        details: [
          info('RATE_LIMIT_EXCEEDED', { quota_limit: 'Gemini25ProRequestsPerDayPerUserPerTier' }, 'googleapis.com'),
        ],
      },
      'window',
      [['day', own, midnight - now]],
    ],
    [
      'a minute of Vertex AI',
      {
        details: [
          info(
            'RATE_LIMIT_EXCEEDED',
            { quota_limit: 'GenerateContentRequestsPerMinutePerProjectPerRegion' },
            'googleapis.com',
          ),
        ],
      },
      'throttle',
      [['minute', own, null]],
    ],
    [
      'a limit on another model',
      { details: [info('QUOTA_EXHAUSTED', { model: 'gemini-2.5-flash' })] },
      'window',
      [['quota', own, null]],
    ],
    [
      'no capacity',
      {
        message: 'No capacity available for model gemini-2.5-pro on the server',
        details: [info('MODEL_CAPACITY_EXHAUSTED', { model: own })],
      },
      'overload',
      [],
    ],
    [
      'no credits',
      {
        message: 'You have insufficient AI credits to make this request.',
        details: [info('INSUFFICIENT_G1_CREDITS_BALANCE')],
      },
      'billing',
      [['credits', null, null]],
    ],
    ['no balance', { message: 'Your prepayment credits are depleted.' }, 'billing', [['credits', null, null]]],
    ['nothing but its status', { message: 'Resource has been exhausted (e.g. check quota).' }, 'overload', []],
  ];

  test.each(table)('that tells of %s', (_, error, ...expected) => {
    const [fault, signals] = expected;
    for (const body of [bodyOf({ code: 429, ...error }), `[${bodyOf({ code: 429, ...error })}]`]) {
      const verdict = judge(429, body);
      expect(faultOf(verdict)).toBe(fault);
      expect(told(verdict.signals)).toEqual(signals);
    }
  });

  test.each([
    [{}, 'overload', []],
    [{ 'retry-after': '30' }, 'throttle', [['minute', own, 30_000]]],
    [{ 'retry-after': '7200' }, 'window', [['quota', own, 7_200_000]]],
  ] as const)('without a body goes by its headers: %j', (headers, fault, signals) => {
    const verdict = judge(429, null, headers);
    expect(faultOf(verdict)).toBe(fault);
    expect(told(verdict.signals)).toEqual([...signals] as unknown[]);
  });

  test('names its quota as the evidence', () => {
    const { signals } = judge(429, bodyOf({ message: freeTier, details: [quota(perDay)] }));
    expect(signals).toMatchObject([{ evidence: perDay }]);
  });
});

describe('another error of Google', () => {
  const denied = { code: 403, status: 'PERMISSION_DENIED' };
  test.each([
    [503, bodyOf({ code: 503, status: 'UNAVAILABLE', message: 'The model is overloaded.' }), 'overload', []],
    [500, bodyOf({ code: 500, status: 'INTERNAL' }), 'overload', []],
    [502, '<html><title>502 Bad Gateway</title></html>', 'overload', []],
    [504, null, 'overload', []],
    [
      401,
      bodyOf({ code: 401, status: 'UNAUTHENTICATED', details: [info('ACCESS_TOKEN_EXPIRED')] }),
      'auth',
      [['refused']],
    ],
    [
      400,
      bodyOf({
        code: 400,
        status: 'INVALID_ARGUMENT',
        message: 'API key not valid. Please pass a valid API key.',
        details: [info('API_KEY_INVALID')],
      }),
      'auth',
      [['refused']],
    ],
    [
      400,
      bodyOf({ code: 400, status: 'INVALID_ARGUMENT', message: 'API key expired. Please renew the API key.' }),
      'auth',
      [['refused']],
    ],
    [400, bodyOf({ code: 400, status: 'INVALID_ARGUMENT', message: 'Corrupted thought signature.' }), 'foreign', []],
    [400, bodyOf({ code: 400, status: 'INVALID_ARGUMENT', message: 'Invalid value at contents' }), 'request', []],
    [
      400,
      bodyOf({
        code: 400,
        status: 'FAILED_PRECONDITION',
        message: 'The free tier is not available in your country. Please enable billing.',
      }),
      'entitlement',
      [['entitlement', own, null]],
    ],
    [
      403,
      bodyOf({ ...denied, message: 'The caller does not have permission' }),
      'entitlement',
      [['entitlement', own, null]],
    ],
    [
      403,
      bodyOf({ ...denied, message: 'Verify your account to continue.', details: [info('VALIDATION_REQUIRED')] }),
      'auth',
      [['refused']],
    ],
    [403, bodyOf({ ...denied, details: [info('SERVICE_DISABLED')] }), 'entitlement', [['entitlement', null, null]]],
    [
      403,
      bodyOf({ ...denied, message: 'Gemini API has not been used in project 1 before or it is disabled.' }),
      'entitlement',
      [['entitlement', null, null]],
    ],
    [403, bodyOf({ ...denied, details: [info('BILLING_DISABLED')] }), 'billing', [['credits', null, null]]],
    [
      403,
      bodyOf({ ...denied, message: 'This API method requires billing to be enabled.' }),
      'billing',
      [['credits', null, null]],
    ],
    [
      403,
      bodyOf({ ...denied, message: 'Your API key was reported as leaked. Please use another API key.' }),
      'auth',
      [['refused']],
    ],
    [403, '<html>captive portal</html>', 'network', []],
    [402, null, 'billing', [['credits', null, null]]],
    [
      404,
      bodyOf({ code: 404, status: 'NOT_FOUND', message: 'models/gemini-9 is not found for API version v1beta' }),
      'entitlement',
      [],
    ],
    [404, null, 'request', []],
    [413, null, 'request', []],
  ] as const)('%d %s', (status, body, ...expected) => {
    const [fault, signals] = expected;
    const verdict = judge(status, body);
    expect(faultOf(verdict)).toBe(fault);
    expect(told(verdict.signals)).toEqual([...signals] as unknown[]);
  });

  test('never repeats a key', () => {
    const { outcome } = judge(400, bodyOf({ message: 'bad key AIza-test-0123456789 and ya29.test-0123 here' }));
    expect(JSON.stringify(outcome)).not.toContain('test-0123');
  });

  test('is no error below 400', () => {
    expect(judge(200, null)).toEqual({ outcome: { kind: 'served' }, signals: [] });
  });
});

describe('an error inside HTTP 200', () => {
  test.each([
    [bodyOf({ code: 503, status: 'UNAVAILABLE' }), 'overload', []],
    [bodyOf({ code: 429, details: [quota(perDay)] }), 'window', [['day', own, midnight - now]]],
    [bodyOf({ code: 400, status: 'INVALID_ARGUMENT' }), 'request', []],
    ['{"error":{}}', 'overload', []],
    ['{"error":', 'overload', []],
  ] as const)('%s', (data, fault, signals) => {
    const verdict = classifyFrame(data, context);
    expect(faultOf(verdict)).toBe(fault);
    expect(told(verdict.signals)).toEqual([...signals] as unknown[]);
  });
});

test.each([
  ['2026-11-21T00:54:59Z', '2026-11-21T08:00:00Z'],
  ['2026-11-21T08:00:00Z', '2026-11-22T08:00:00Z'],
  ['2026-07-01T06:59:59Z', '2026-07-01T07:00:00Z'],
  // The day on which summer time begins has 23 hours, the one on which it ends 25.
  ['2026-03-08T08:00:00Z', '2026-03-09T07:00:00Z'],
  ['2026-11-01T07:00:00Z', '2026-11-02T08:00:00Z'],
])('the day of %s ends in Los Angeles at %s', (at, end) => {
  expect(new Date(pacificMidnight(Date.parse(at))).toISOString()).toBe(new Date(end).toISOString());
});
