import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { FaultInput } from './fault.ts';
import {
  ask,
  eventNames,
  type Fixture,
  keySecret,
  limitHeadersOf,
  readBroken,
  startedAt,
  startFixture,
} from './request-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

const accountLimit = "This request would exceed your account's rate limit. Please try again later.";
const usageLimit =
  'You have reached your specified API usage limits. You will regain access on 2026-11-21 at 01:00 UTC.';
const organizationLimit =
  "This request would exceed your organization's rate limit of 50,000 input tokens per minute (org: 0a1b2c3d-0000-4000-8000-000000000001, model: claude-sonnet-4-5). For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later. You may also contact sales at https://www.anthropic.com/contact-sales to discuss your options for a rate limit increase.";

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('refusals without limit headers', () => {
  test.each<[FaultInput['kind'], number, string, string, Record<string, string>]>([
    ['throttle', 429, 'rate_limit_error', 'Rate limited', {}],
    ['retry_after_only', 429, 'rate_limit_error', accountLimit, { 'retry-after': '3600' }],
    ['overloaded', 529, 'overloaded_error', 'Overloaded', { 'x-should-retry': 'true' }],
    ['unavailable', 503, 'api_error', 'Service unavailable', {}],
    ['internal', 500, 'api_error', 'Internal server error', { 'x-should-retry': 'true' }],
    ['timeout', 504, 'timeout_error', 'Request timed out', {}],
    ['invalid_bearer', 401, 'authentication_error', 'Invalid bearer token', {}],
    [
      'expired_token',
      401,
      'authentication_error',
      'OAuth token has expired. Please obtain a new token or refresh your existing token.',
      {},
    ],
    ['invalid_key', 401, 'authentication_error', 'invalid x-api-key', {}],
    ['revoked', 403, 'permission_error', 'OAuth token has been revoked. Please obtain a new token.', {}],
    [
      'org_disallows_oauth',
      403,
      'permission_error',
      'OAuth authentication is currently not allowed for this organization.',
      {},
    ],
    [
      'low_credit',
      400,
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      {},
    ],
    ['usage_limit', 400, 'invalid_request_error', usageLimit, {}],
    ['org_disabled', 400, 'invalid_request_error', 'This organization has been disabled.', {}],
    ['long_context_credits', 429, 'rate_limit_error', 'Usage credits are required for long context requests.', {}],
    ['long_context_extra_usage', 429, 'rate_limit_error', 'Extra usage is required for long context requests.', {}],
    ['model_not_found', 404, 'not_found_error', 'model: claude-sonnet-4-5', {}],
    ['too_large', 413, 'request_too_large', 'Request exceeds the maximum size', {}],
    ['invalid_request', 400, 'invalid_request_error', 'max_tokens: Field required', {}],
    [
      'invalid_thinking_signature',
      400,
      'invalid_request_error',
      'messages.1.content.0: Invalid `signature` in `thinking` block',
      {},
    ],
  ])('%s answers %i', async (...[kind, status, type, message, headers]) => {
    fixture.simulator.inject({ kind });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(status);
    expect(limitHeadersOf(response)).toEqual(headers);
    expect(response.headers.get('content-type')).toBe('application/json');
    const requestId = response.headers.get('request-id');
    expect(requestId).toMatch(/^req_[0-9a-f]{24}$/);
    expect(await response.json()).toEqual({ type: 'error', error: { type, message }, request_id: requestId });
    expect((await ask(fixture.simulator)).status).toBe(200);
  });

  test('a bad gateway is a page of HTML', async () => {
    fixture.simulator.inject({ kind: 'bad_gateway_html' });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(await response.text()).toContain('<h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center>');
  });
});

describe('refusals with limit headers', () => {
  test.each<[FaultInput['kind'], string, Record<string, string>]>([
    ['five_hour', 'five_hour', { '5h-status': 'rejected', '5h-utilization': '1', '7d-status': 'allowed' }],
    ['seven_day', 'seven_day', { '5h-status': 'allowed', '7d-status': 'rejected', '7d-utilization': '1' }],
    ['seven_day_opus', 'seven_day_opus', { '5h-status': 'allowed', '7d-status': 'allowed' }],
    ['seven_day_sonnet', 'seven_day_sonnet', { '5h-status': 'allowed', '7d-status': 'allowed' }],
    [
      'seven_day_overage_included',
      'seven_day_overage_included',
      { '7d-status': 'allowed', '7d_oi-status': 'rejected', '7d_oi-utilization': '1' },
    ],
    ['spend_cap', 'five_hour', { '5h-status': 'rejected', 'overage-disabled-reason': 'org_spend_cap_reached' }],
    ['out_of_credits', 'five_hour', { '5h-status': 'rejected', 'overage-disabled-reason': 'out_of_credits' }],
  ])('%s names its claim and its reset', async (kind, claim, expected) => {
    fixture.simulator.inject({ kind, resetInSeconds: 120 });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(429);
    const prefixed = Object.entries(expected).map(([name, value]) => [`anthropic-ratelimit-unified-${name}`, value]);
    expect(limitHeadersOf(response)).toMatchObject({
      ...Object.fromEntries(prefixed),
      'retry-after': '120',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-representative-claim': claim,
      'anthropic-ratelimit-unified-reset': String(startedAt / 1000 + 120),
      'anthropic-ratelimit-unified-overage-status': 'rejected',
    });
    expect(await response.text()).toContain(accountLimit);
  });

  test('required credits for a long context come with details', async () => {
    fixture.simulator.inject({ kind: 'credits_required' });
    const response = await ask(fixture.simulator);
    expect(response.headers.get('anthropic-ratelimit-unified-7d_oi-status')).toBe('rejected');
    expect(await response.json()).toMatchObject({
      error: {
        type: 'rate_limit_error',
        message: 'Usage credits are required for long context requests.',
        details: {
          error_code: 'credits_required',
          disabled_reason: 'overage_not_provisioned',
          can_user_purchase_credits: true,
          has_chargeable_saved_payment_method: false,
        },
      },
    });
  });

  test('the limit of an organization comes in the family of API keys', async () => {
    fixture.simulator.inject({ kind: 'org_rate_limit', resetInSeconds: 30 });
    const response = await ask(fixture.simulator, { secret: keySecret });
    expect(limitHeadersOf(response)).toEqual({
      'retry-after': '30',
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2026-11-21T00:00:30Z',
      'anthropic-ratelimit-input-tokens-limit': '50000',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2026-11-21T00:01:30Z',
      'anthropic-ratelimit-output-tokens-limit': '10000',
      'anthropic-ratelimit-output-tokens-remaining': '10000',
      'anthropic-ratelimit-output-tokens-reset': '2026-11-21T00:00:30Z',
    });
    expect(await response.json()).toMatchObject({ error: { type: 'rate_limit_error', message: organizationLimit } });
  });

  test.each(['gzip', 'br', 'zstd', 'deflate'] as const)('an error body can be encoded with %s', async (encoding) => {
    fixture.simulator.inject({ kind: 'five_hour', encoding });
    const response = await ask(fixture.simulator);
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(await response.json()).toMatchObject({ error: { message: accountLimit } });
  });
});

describe('faults in a stream', () => {
  const start = ['message_start', 'content_block_start', 'ping'];

  test.each([
    [false, ['message_start', 'error']],
    [true, ['message_start', 'ping', 'error']],
  ])('an error before content follows message_start, after a ping: %p', async (afterPing, names) => {
    fixture.simulator.inject({ kind: 'error_event_before_content', afterPing, errorType: 'rate_limit_error' });
    const response = await ask(fixture.simulator, { stream: true });
    expect(response.status).toBe(200);
    const { text, broken } = await readBroken(response);
    expect(broken).toBe(false);
    expect(eventNames(text)).toEqual(names);
    const requestId = response.headers.get('request-id');
    expect(text).toEndWith(
      `event: error\ndata: {"type":"error","error":{"details":null,"type":"rate_limit_error","message":"${accountLimit}"},"request_id":"${requestId}"}\n\n`,
    );
  });

  test('an error in the middle comes after the deltas asked for', async () => {
    fixture.simulator.inject({ kind: 'error_event_mid', afterDeltas: 2, errorType: 'api_error' });
    const { text } = await readBroken(await ask(fixture.simulator, { stream: true }));
    expect(eventNames(text)).toEqual([...start, 'content_block_delta', 'content_block_delta', 'error']);
    expect(text).toContain('"type":"api_error","message":"Internal server error"');
  });

  test.each(['close', 'reset'] as const)('a stream cut by a %s breaks after its deltas', async (cut) => {
    fixture.simulator.inject({ kind: 'cut_mid', afterDeltas: 3, cut });
    const { text, broken } = await readBroken(await ask(fixture.simulator, { stream: true }));
    expect(broken).toBe(true);
    expect(eventNames(text).filter((name) => name === 'content_block_delta')).toHaveLength(3);
  });

  test('a clean end in the middle has no message_stop', async () => {
    fixture.simulator.inject({ kind: 'clean_end_mid', afterDeltas: 1 });
    const { text, broken } = await readBroken(await ask(fixture.simulator, { stream: true }));
    expect(broken).toBe(false);
    expect(eventNames(text)).toEqual([...start, 'content_block_delta']);
  });

  test('a stalled stream stays open until the client leaves', async () => {
    fixture.simulator.inject({ kind: 'stall_mid', afterDeltas: 1 });
    const leaving = new AbortController();
    const aborted = fixture.simulator.nextAbort();
    const response = await ask(fixture.simulator, { stream: true, signal: leaving.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    expect(fixture.simulator.openRequests).toBe(1);
    leaving.abort();
    expect((await aborted).request).toMatchObject({ status: 200, aborted: true, stream: true });
    expect(fixture.simulator.openRequests).toBe(0);
  });

  test('a stream fault waits for a streamed request', async () => {
    fixture.simulator.inject({ kind: 'clean_end_mid' });
    expect((await ask(fixture.simulator)).status).toBe(200);
    expect(await (await ask(fixture.simulator, { stream: true })).text()).not.toContain('message_stop');
  });
});

describe('faults of the connection', () => {
  test.each(['close', 'reset'] as const)('a cut by %s before the head is no response', async (cut) => {
    fixture.simulator.inject({ kind: 'cut_before_head', cut, times: 'always' });
    expect(await failureOf(ask(fixture.simulator))).toBeInstanceOf(Error);
    expect(fixture.simulator.requests.at(-1)).toMatchObject({ status: null, aborted: false });
  });

  test('a hang lasts until the client leaves', async () => {
    fixture.simulator.inject({ kind: 'hang_before_head' });
    const leaving = new AbortController();
    const [seen, aborted] = [fixture.simulator.nextRequest(), fixture.simulator.nextAbort()];
    const answer = ask(fixture.simulator, { signal: leaving.signal });
    await seen;
    leaving.abort();
    expect(await failureOf(answer)).toBeInstanceOf(Error);
    expect((await aborted).request.status).toBeNull();
  });

  test('a slow head is followed by the answer', async () => {
    fixture.simulator.inject({ kind: 'slow', delayMs: 5 });
    expect((await ask(fixture.simulator)).status).toBe(200);
  });

  test.each([true, false])('a body of garbage is neither JSON nor an event (streamed: %p)', async (stream) => {
    fixture.simulator.inject({ kind: 'garbage_body' });
    const response = await ask(fixture.simulator, { stream });
    expect(response.headers.get('content-type')).toStartWith(stream ? 'text/event-stream' : 'application/json');
    expect(await failureOf(response.json())).toBeInstanceOf(Error);
  });

  test('a head can be of any size and status', async () => {
    fixture.simulator.inject({ kind: 'huge_header', headerBytes: 8000, status: 429 });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(429);
    expect(response.headers.get('x-padding')).toHaveLength(8000);
  });

  test.each(['content-length', 'chunked'] as const)('a body framed by %s can be truncated', async (framing) => {
    fixture.simulator.inject({ kind: 'truncated_json', framing });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(200);
    expect(await failureOf(response.json())).toBeInstanceOf(Error);
  });
});

describe('matching of faults', () => {
  test('a fault meets only its credential, its model and its path, after those it skips', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'overloaded', credential: 'key', model: 'opus', skip: 1, times: 2 });
    const asked = async (secret: string | undefined, model: string): Promise<number> =>
      (await ask(simulator, { model, ...(secret === undefined ? {} : { secret }) })).status;
    expect(await asked(undefined, 'claude-opus-4-8')).toBe(200);
    expect(await asked(keySecret, 'claude-sonnet-5')).toBe(200);
    expect(await asked(keySecret, 'claude-opus-4-8')).toBe(200);
    expect(await asked(keySecret, 'claude-opus-4-8')).toBe(529);
    expect(await asked(keySecret, 'claude-opus-4-8')).toBe(529);
    expect(await asked(keySecret, 'claude-opus-4-8')).toBe(200);
  });

  test('a fault of another path leaves messages alone', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'unavailable', path: '/v1/messages/count_tokens' });
    expect((await ask(simulator)).status).toBe(200);
    expect((await ask(simulator, { path: '/v1/messages/count_tokens' })).status).toBe(503);
  });

  test('a fault for ever ends when faults are cleared', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'throttle', times: 'always', retryAfterSeconds: 2 });
    expect((await ask(simulator)).headers.get('retry-after')).toBe('2');
    expect((await ask(simulator)).status).toBe(429);
    simulator.clearFaults();
    expect((await ask(simulator)).status).toBe(200);
  });

  test('a fault spends no quota', async () => {
    const { simulator } = fixture;
    simulator.changeCredential('subscription', { windows: [{ name: 'five_hour', limit: 1, used: 0 }] });
    simulator.inject({ kind: 'overloaded' });
    expect((await ask(simulator)).status).toBe(529);
    expect((await ask(simulator)).status).toBe(200);
    expect((await ask(simulator)).status).toBe(429);
  });
});
