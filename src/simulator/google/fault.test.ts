import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { GoogleFaultInput } from './fault.ts';
import { ask, elementsOf, type Fixture, loginSecret, readBroken, startFixture, textOf } from './request-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

const prompt = '[[say:one two three]]';
const quotaMessage =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, head over to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/usage?tab=rate-limit. \n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_';
const info = (reason: string, domain: string, metadata?: object): object => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain,
  ...(metadata === undefined ? {} : { metadata }),
});
const retry = (delay: string): object => ({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: delay });
const failure = (...violations: object[]): object => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: violations.map((violation) => expect.objectContaining(violation)),
});
const codeAssist = 'cloudcode-pa.googleapis.com';
const quota = { uiMessage: 'true', model: 'gemini-2.5-pro' };

describe('refusals', () => {
  test.each<[GoogleFaultInput, number, string, string, object[]?]>([
    [
      { kind: 'key_rpm', resetInSeconds: 36 },
      429,
      'RESOURCE_EXHAUSTED',
      `${quotaMessage}requests, limit: 10, model: gemini-2.5-pro\nPlease retry in 36s.`,
      [failure({ quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier', quotaValue: '10' }), retry('36s')],
    ],
    [
      { kind: 'key_rpd' },
      429,
      'RESOURCE_EXHAUSTED',
      `${quotaMessage}requests, limit: 20, model: gemini-2.5-pro\nPlease retry in 60s.`,
      [failure({ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier', quotaValue: '20' }), retry('60s')],
    ],
    [
      { kind: 'key_input_tokens', resetInSeconds: 5 },
      429,
      'RESOURCE_EXHAUSTED',
      `${quotaMessage}input_token_count, limit: 250000, model: gemini-2.5-pro\nPlease retry in 5s.`,
      [failure({ quotaId: 'GenerateContentInputTokensPerModelPerMinute-FreeTier' }), retry('5s')],
    ],
    [
      { kind: 'ca_quota' },
      429,
      'RESOURCE_EXHAUSTED',
      'You have exhausted your capacity on this model. Your quota will reset after 1h0m0s.',
      [
        info('QUOTA_EXHAUSTED', codeAssist, {
          ...quota,
          quotaResetDelay: '1h0m0s',
          quotaResetTimeStamp: '2026-11-21T01:00:00Z',
        }),
        retry('3600s'),
      ],
    ],
    [
      { kind: 'ca_rate', resetInSeconds: 65 },
      429,
      'RESOURCE_EXHAUSTED',
      'You have exhausted your capacity on this model. Your quota will reset after 1m5s.',
      [
        info('RATE_LIMIT_EXCEEDED', codeAssist, {
          ...quota,
          quotaResetDelay: '1m5s',
          quotaResetTimeStamp: '2026-11-21T00:01:05Z',
        }),
        retry('65s'),
      ],
    ],
    [
      { kind: 'ca_daily' },
      429,
      'RESOURCE_EXHAUSTED',
      "Quota exceeded for quota metric 'Gemini 2.5 Pro Requests' and limit 'Gemini 2.5 Pro Requests per day per user per tier' of service 'cloudcode-pa.googleapis.com' for consumer 'project_number:681255809395'.",
      [info('RATE_LIMIT_EXCEEDED', 'googleapis.com')],
    ],
    [
      { kind: 'ca_capacity' },
      429,
      'RESOURCE_EXHAUSTED',
      'No capacity available for model gemini-2.5-pro on the server',
      [info('MODEL_CAPACITY_EXHAUSTED', codeAssist, { model: 'gemini-2.5-pro' })],
    ],
    [
      { kind: 'credits' },
      429,
      'RESOURCE_EXHAUSTED',
      'You have insufficient AI credits to make this request.',
      [info('INSUFFICIENT_G1_CREDITS_BALANCE', codeAssist, {})],
    ],
    [
      { kind: 'vertex_exhausted' },
      429,
      'RESOURCE_EXHAUSTED',
      'Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.',
    ],
    [{ kind: 'bare_429' }, 429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
    [{ kind: 'unavailable' }, 503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'],
    [
      { kind: 'internal' },
      500,
      'INTERNAL',
      'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
    ],
    [{ kind: 'timeout' }, 504, 'DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
    [
      { kind: 'expired_token' },
      401,
      'UNAUTHENTICATED',
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
      [
        info('ACCESS_TOKEN_EXPIRED', 'googleapis.com', {
          service: 'generativelanguage.googleapis.com',
          method: 'google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent',
        }),
      ],
    ],
    [
      { kind: 'invalid_key' },
      400,
      'INVALID_ARGUMENT',
      'API key not valid. Please pass a valid API key.',
      [info('API_KEY_INVALID', 'googleapis.com', { service: 'generativelanguage.googleapis.com' })],
    ],
    [
      { kind: 'expired_key' },
      400,
      'INVALID_ARGUMENT',
      'API key expired. Please renew the API key.',
      [info('API_KEY_INVALID', 'googleapis.com')],
    ],
    [{ kind: 'permission_denied' }, 403, 'PERMISSION_DENIED', 'The caller does not have permission'],
    [
      { kind: 'validation_required' },
      403,
      'PERMISSION_DENIED',
      'Verify your account to continue.',
      [info('VALIDATION_REQUIRED', codeAssist)],
    ],
    [{ kind: 'location_not_supported' }, 400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'],
    [
      { kind: 'model_not_found' },
      404,
      'NOT_FOUND',
      'models/gemini-2.5-pro is not found for API version v1beta, or is not supported for generateContent.',
    ],
    [{ kind: 'invalid_thought_signature' }, 400, 'INVALID_ARGUMENT', 'Corrupted thought signature.'],
  ])('%o answers %i', async (...[fault, code, status, message, details]) => {
    fixture.simulator.inject(fault);
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(code);
    expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    const { error } = (await response.json()) as { error: { details?: unknown[] } };
    expect(error).toMatchObject({ code, message, status });
    expect(error.details === undefined).toBe(details === undefined);
    for (const detail of details ?? []) expect(error.details).toContainEqual(expect.objectContaining(detail));
    expect((await ask(fixture.simulator)).status).toBe(200);
  });

  test('a model that the tier does not include has all its limits at 0', async () => {
    fixture.simulator.inject({ kind: 'key_zero' });
    const body = await (await ask(fixture.simulator)).text();
    expect(body.match(/limit: 0, model: gemini-2\.5-pro/g)).toHaveLength(3);
    expect(body).not.toContain('quotaValue');
  });

  test('a bad gateway is a page of HTML', async () => {
    fixture.simulator.inject({ kind: 'bad_gateway_html', retryAfterSeconds: 7 });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(502);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.text()).toStartWith('<html>');
  });

  test.each([
    ['array', undefined],
    ['sse', loginSecret],
  ] as const)('a refused stream (%s) has its error in an array', async (stream, secret) => {
    fixture.simulator.inject({ kind: 'unavailable' });
    const response = await ask(fixture.simulator, { stream, ...(secret === undefined ? {} : { secret }) });
    expect(await response.json()).toEqual([{ error: expect.objectContaining({ code: 503 }) }]);
  });

  test('an error may come compressed', async () => {
    fixture.simulator.inject({ kind: 'key_rpd', encoding: 'gzip' });
    const response = await ask(fixture.simulator);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.json()).toMatchObject({ error: { code: 429 } });
  });

  test('a fault meets the method that it names, the model and the credential', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'internal', path: 'countTokens', model: 'flash', credential: 'key' });
    const path = (model: string): { path: string } => ({ path: `/v1beta/models/${model}:countTokens` });
    expect((await ask(simulator)).status).toBe(200);
    expect((await ask(simulator, path('gemini-2.5-pro'))).status).toBe(200);
    expect((await ask(simulator, path('gemini-2.5-flash'))).status).toBe(500);
  });
});

describe('broken streams', () => {
  test.each(['sse', 'array'] as const)('an error before content is the first element (%s)', async (stream) => {
    fixture.simulator.inject({ kind: 'error_event_before_content', error: 'key_rpm' });
    const response = await ask(fixture.simulator, { stream });
    expect(response.status).toBe(200);
    const text = await response.text();
    const elements = stream === 'sse' ? elementsOf(text) : (JSON.parse(text) as unknown[]);
    expect(elements).toEqual([{ error: expect.objectContaining({ code: 429, status: 'RESOURCE_EXHAUSTED' }) }]);
  });

  test.each(['sse', 'array'] as const)('an error in the middle follows content (%s)', async (stream) => {
    fixture.simulator.inject({ kind: 'error_event_mid', afterDeltas: 2 });
    const text = await (await ask(fixture.simulator, { stream, prompt })).text();
    const elements = stream === 'sse' ? elementsOf(text) : (JSON.parse(text) as unknown[]);
    expect(elements).toHaveLength(3);
    expect(textOf(elements)).toBe('one two ');
    expect(elements[2]).toMatchObject({ error: { code: 503 } });
  });

  test.each(['sse', 'array'] as const)('a cut ends the connection after content (%s)', async (stream) => {
    fixture.simulator.inject({ kind: 'cut_mid' });
    const { text, broken } = await readBroken(await ask(fixture.simulator, { stream, prompt }));
    expect(broken).toBe(true);
    expect(text).toContain('"text":"one "');
    expect(text).not.toContain('finishReason');
  });

  test('a clean end in the middle lacks the finish reason and the bracket', async () => {
    fixture.simulator.inject({ kind: 'clean_end_mid' });
    const { text, broken } = await readBroken(await ask(fixture.simulator, { stream: 'array', prompt }));
    expect(broken).toBe(false);
    expect(text).toStartWith('[{');
    expect(text).toEndWith('}');
    expect(text).not.toContain('finishReason');
  });

  test('a stall sends nothing more until the client leaves', async () => {
    fixture.simulator.inject({ kind: 'stall_mid' });
    const aborted = fixture.simulator.nextAbort();
    const controller = new AbortController();
    const response = await ask(fixture.simulator, { stream: 'sse', prompt, signal: controller.signal });
    const read = await response.body?.getReader().read();
    expect(Buffer.from(read?.value ?? []).toString()).toContain('"text":"one "');
    controller.abort();
    expect((await aborted).request).toMatchObject({ credential: 'key', stream: true });
  });

  test('a fault of a stream waits for one, one of whole bodies for such a body', async () => {
    fixture.simulator.inject({ kind: 'cut_mid' });
    fixture.simulator.inject({ kind: 'truncated_json', framing: 'chunked' });
    expect(await readBroken(await ask(fixture.simulator))).toMatchObject({ broken: true });
    expect(await readBroken(await ask(fixture.simulator, { stream: 'sse' }))).toMatchObject({ broken: true });
    expect((await ask(fixture.simulator)).status).toBe(200);
  });
});

describe('broken connections', () => {
  test('a cut before the head is no response', async () => {
    fixture.simulator.inject({ kind: 'cut_before_head' });
    expect(await ask(fixture.simulator).catch(() => 'no response')).toBe('no response');
  });

  test('a hang waits for the client to leave', async () => {
    fixture.simulator.inject({ kind: 'hang_before_head' });
    const { simulator } = fixture;
    const controller = new AbortController();
    const seen = simulator.nextRequest();
    const aborted = simulator.nextAbort();
    const response = ask(simulator, { signal: controller.signal }).catch(() => 'left');
    expect((await seen).status).toBeNull();
    controller.abort();
    expect(await response).toBe('left');
    expect((await aborted).request.aborted).toBe(true);
  });

  test('a body may be garbage', async () => {
    fixture.simulator.inject({ kind: 'garbage_body' });
    const response = await ask(fixture.simulator, { stream: 'sse' });
    expect(response.headers.get('content-type')).toStartWith('text/event-stream');
    expect(elementsOf(await response.text())).toEqual([]);
  });

  test('a header may be huge', async () => {
    fixture.simulator.inject({ kind: 'huge_header', headerBytes: 5000, status: 503 });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(503);
    expect(response.headers.get('x-padding')).toHaveLength(5000);
  });
});
