import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { FaultInput } from './fault.ts';
import { ask, eventsOf, type Fixture, readBroken, startedAt, startFixture, textOf } from './request-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('refusals', () => {
  test.each<[FaultInput['kind'], number, string]>([
    ['usage_limit', 429, '"type":"usage_limit_reached"'],
    ['usage_limit_weekly', 429, '"type":"usage_limit_reached"'],
    ['usage_limit_model', 429, '"type":"usage_limit_reached"'],
    ['workspace_owner_credits_depleted', 429, '"type":"usage_limit_reached"'],
    ['workspace_member_credits_depleted', 429, '"type":"usage_limit_reached"'],
    ['workspace_owner_usage_limit_reached', 429, '"type":"usage_limit_reached"'],
    ['workspace_member_usage_limit_reached', 429, '"type":"usage_limit_reached"'],
    ['usage_not_included', 429, '"type":"usage_not_included"'],
    ['insufficient_quota', 429, '"code":"insufficient_quota"'],
    ['payment_required', 402, '"code":"billing_not_active"'],
    ['rate_limit_tokens', 429, '"type":"tokens","param":null,"code":"rate_limit_exceeded"'],
    ['rate_limit_requests', 429, '"type":"requests","param":null,"code":"rate_limit_exceeded"'],
    ['throttle', 429, '{"detail":"Too Many Requests"}'],
    ['overloaded', 503, '"code":"server_is_overloaded"'],
    ['slow_down', 503, '"code":"slow_down"'],
    ['unavailable', 503, '"type":"server_error"'],
    ['internal', 500, '"type":"server_error"'],
    ['bad_gateway_html', 502, '<h1>502 Bad Gateway</h1>'],
    ['token_invalidated', 401, '"code":"token_invalidated"'],
    ['token_expired', 401, '"code":"token_expired"'],
    ['invalid_key', 401, '"code":"invalid_api_key"'],
    ['cloudflare_html', 403, '<html>Cloudflare: you have been blocked</html>'],
    ['account_deactivated', 401, '"code":"account_deactivated"'],
    ['model_not_found', 404, '"code":"model_not_found"'],
    ['invalid_request', 400, '"type":"invalid_request_error"'],
    ['invalid_encrypted_content', 400, '"code":"invalid_encrypted_content"'],
    ['previous_response_not_found', 400, '"code":"previous_response_not_found"'],
    ['connection_limit', 400, '"code":"websocket_connection_limit_reached"'],
    ['upgrade_required', 426, '{"detail":"Upgrade Required"}'],
  ])('%s answers %i once', async (kind, status, text) => {
    fixture.simulator.inject({ kind });
    const response = await ask(fixture.simulator);
    expect(response.status).toBe(status);
    const page = kind.endsWith('html');
    expect(response.headers.get('content-type')).toBe(page ? 'text/html' : 'application/json');
    expect(await response.text()).toContain(text);
    expect((await ask(fixture.simulator)).status).toBe(200);
  });

  test.each([
    ['usage_limit', 'x-codex-primary'],
    ['usage_limit_weekly', 'x-codex-secondary'],
    ['usage_limit_model', 'x-codex-bengalfox-primary'],
  ] as const)('%s names its window and its reset', async (kind, prefix) => {
    fixture.simulator.inject({ kind, resetInSeconds: 120 });
    const response = await ask(fixture.simulator, { as: 'work' });
    expect(response.headers.get(`${prefix}-used-percent`)).toBe('100');
    expect(response.headers.get(`${prefix}-reset-at`)).toBe(String(startedAt / 1000 + 120));
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await response.json()).toMatchObject({
      error: { resets_in_seconds: 120, resets_at: startedAt / 1000 + 120 },
    });
  });

  test('a rate limit tells its delay in headers and in words', async () => {
    fixture.simulator.inject({ kind: 'rate_limit_tokens', resetInSeconds: 6, retryAfterSeconds: 7 });
    const response = await ask(fixture.simulator, { body: { model: 'gpt-5.1-codex' } });
    expect(Object.fromEntries([...response.headers].filter(([name]) => /ratelimit|retry/.test(name)))).toEqual({
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '30000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6s',
      'retry-after': '7',
    });
    expect(await response.text()).toContain(
      'Rate limit reached for gpt-5.1-codex in organization org-test-key on tokens per min (TPM): Limit 30000, Used 29000, Requested 4000. Please try again in 6s.',
    );
  });

  test.each(['gzip', 'br', 'zstd', 'deflate'] as const)('an error body can be encoded with %s', async (encoding) => {
    fixture.simulator.inject({ kind: 'usage_limit', encoding });
    const response = await ask(fixture.simulator);
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(await response.json()).toMatchObject({ error: { type: 'usage_limit_reached' } });
  });
});

describe('faults in a stream', () => {
  test.each([
    ['server_is_overloaded', 'overloaded'],
    ['slow_down', 'slow down'],
    ['rate_limit_exceeded', 'Please try again in 2s.'],
    ['insufficient_quota', 'exceeded your current quota'],
    ['usage_limit_reached', `"resets_at":${startedAt / 1000 + 2}`],
    ['usage_not_included', 'upgrade to Plus'],
    ['server_error', 'An error occurred'],
    ['context_length_exceeded', 'exceeds the context window'],
    ['invalid_prompt', 'Invalid prompt'],
    ['invalid_encrypted_content', 'could not be verified'],
  ] as const)('a response can fail with %s before its content', async (code, text) => {
    fixture.simulator.inject({ kind: 'failed_before_content', code, resetInSeconds: 2 });
    const response = await ask(fixture.simulator, { stream: true });
    expect(response.status).toBe(200);
    const events = eventsOf(await response.text());
    expect(events.map(({ type }) => type)).toEqual(['response.created', 'response.in_progress', 'response.failed']);
    expect(events[2]).toMatchObject({ response: { status: 'failed', error: { code } } });
    expect(JSON.stringify(events[2])).toContain(text);
  });

  test.each([
    ['failed_mid', 'response.failed'],
    ['error_event_mid', 'error'],
  ] as const)('%s comes after the deltas asked for', async (kind, last) => {
    fixture.simulator.inject({ kind, afterDeltas: 2, code: 'server_error' });
    const events = eventsOf(await (await ask(fixture.simulator, { stream: true, prompt: '[[words:5]]' })).text());
    expect(textOf(events)).toBe('word word ');
    expect(events.at(-1)?.type).toBe(last);
  });

  test.each(['close', 'reset'] as const)('a stream cut by a %s breaks after its deltas', async (cut) => {
    fixture.simulator.inject({ kind: 'cut_mid', afterDeltas: 3, cut });
    const { text, broken } = await readBroken(await ask(fixture.simulator, { stream: true, prompt: '[[words:5]]' }));
    expect(broken).toBe(true);
    expect(textOf(eventsOf(text))).toBe('word word word ');
  });

  test('a split stream is the same stream', async () => {
    fixture.simulator.inject({ kind: 'split', pieceBytes: 100 });
    const response = await ask(fixture.simulator, { stream: true, prompt: '[[say:größer]]' });
    const events = eventsOf(await response.text());
    expect(textOf(events)).toBe('größer');
    expect(events.at(-1)?.type).toBe('response.completed');
  });

  test('a clean end in the middle has no end of the response', async () => {
    fixture.simulator.inject({ kind: 'clean_end_mid', afterDeltas: 1 });
    const { text, broken } = await readBroken(await ask(fixture.simulator, { stream: true }));
    expect(broken).toBe(false);
    expect(eventsOf(text).at(-1)?.type).toBe('response.output_text.delta');
  });

  test('a stalled stream stays open until the client leaves', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'stall_mid' });
    const leaving = new AbortController();
    const aborted = simulator.nextAbort();
    const response = await ask(simulator, { stream: true, signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
    expect((await aborted).request).toMatchObject({ status: 200, aborted: true, stream: true });
  });
});

describe('faults of the connection', () => {
  test.each(['close', 'reset'] as const)('a cut by %s before the head is no response', async (cut) => {
    fixture.simulator.inject({ kind: 'cut_before_head', cut, times: 'always' });
    expect(await failureOf(ask(fixture.simulator))).toBeInstanceOf(Error);
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

  test.each([true, false])('a slow head is followed by the whole answer (streamed: %p)', async (stream) => {
    fixture.simulator.inject({ kind: 'slow', delayMs: 5 });
    expect(await (await ask(fixture.simulator, { stream })).text()).toContain('"status":"completed"');
  });

  test.each([true, false])('a body of garbage is neither JSON nor an event (streamed: %p)', async (stream) => {
    fixture.simulator.inject({ kind: 'garbage_body' });
    const response = await ask(fixture.simulator, { stream });
    expect(response.status).toBe(200);
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
  test('without a path a fault meets what answers with a model, and no list', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'unavailable' });
    const headers = { authorization: 'Bearer sk-test-key' };
    expect((await fetch(`${simulator.url}/v1/models`, { headers })).status).toBe(200);
    expect((await ask(simulator)).status).toBe(503);
    simulator.inject({ kind: 'unavailable', path: '/v1/models' });
    expect((await ask(simulator)).status).toBe(200);
    expect((await fetch(`${simulator.url}/v1/models`, { headers })).status).toBe(503);
  });

  test('a fault in a WebSocket leaves HTTP alone', async () => {
    fixture.simulator.inject({ kind: 'unavailable', on: 'frame' });
    expect((await ask(fixture.simulator)).status).toBe(200);
  });

  test('a fault meets only its credential and its model', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'overloaded', credential: 'home', model: 'luna' });
    expect((await ask(simulator, { as: 'work', body: { model: 'gpt-6-luna' } })).status).toBe(200);
    expect((await ask(simulator, { as: 'home' })).status).toBe(200);
    expect((await ask(simulator, { as: 'home', body: { model: 'gpt-6-luna' } })).status).toBe(503);
  });
});
