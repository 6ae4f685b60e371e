import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { credentialHeaders, type Fixture, responseOf, startedAt, startFixture, textOf } from './request-fixture.ts';
import { connect } from './socket-fixture.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

describe('the WebSocket of the Responses API', () => {
  test('it answers with the events of a stream', async () => {
    const client = await connect(fixture.simulator);
    const events = await client.ask({ input: '[[say:one two]]' });
    expect(events[0]?.type).toBe('response.created');
    expect(textOf(events)).toBe('one two');
    await client.close();
  });

  test('after a warm-up only what is new is sent', async () => {
    const client = await connect(fixture.simulator);
    const input = [{ type: 'message', role: 'user', content: 'first' }];
    const warm = await client.ask({ input, generate: false });
    expect(warm.map(({ type }) => type)).toEqual(['response.created', 'response.in_progress', 'response.completed']);
    const { id, output } = responseOf(warm);
    expect(output).toEqual([]);
    const first = await client.ask({ input: [], previous_response_id: id });
    expect(textOf(first)).toContain('I remember 1 prompt: "first"');
    const { id: next } = responseOf(first);
    expect(textOf(await client.ask({ input: 'second', previous_response_id: next }))).toContain('I remember 2 prompts');
    await client.close();
    expect(fixture.simulator.requests.map(({ via, status }) => [via, status])).toEqual([
      ['upgrade', 101],
      ['warm-up', 200],
      ['frame', 200],
      ['frame', 200],
    ]);
  });

  test('another connection does not know the response', async () => {
    const first = await connect(fixture.simulator);
    const { id } = responseOf(await first.ask());
    await first.close();
    const second = await connect(fixture.simulator);
    const events = await second.ask({ previous_response_id: id });
    expect(events).toEqual([
      {
        type: 'error',
        status: 400,
        error: {
          message: `Previous response with id '${id}' not found.`,
          type: 'invalid_request_error',
          param: 'previous_response_id',
          code: 'previous_response_not_found',
        },
        headers: {},
      },
    ]);
    await second.close();
  });

  test('a plan tells its limits before the answer', async () => {
    const client = await connect(fixture.simulator, 'work');
    const [limits, created] = await client.ask();
    expect(limits).toMatchObject({
      type: 'codex.rate_limits',
      plan_type: 'plus',
      rate_limits: {
        allowed: true,
        limit_reached: false,
        primary: { used_percent: 10, window_minutes: 300, reset_at: startedAt / 1000 + 18_000 },
        secondary: { used_percent: 31, window_minutes: 10_080 },
      },
    });
    expect(created?.type).toBe('response.created');
    await client.close();
  });

  test('a used up plan answers with an error frame, and the connection stays', async () => {
    const { simulator } = fixture;
    const resetAt = startedAt + 3_600_000;
    simulator.changeCredential('work', { windows: [{ name: 'primary', limit: 5, used: 'all', resetAt }] });
    const client = await connect(simulator, 'work');
    expect(await client.ask()).toEqual([
      {
        type: 'error',
        status: 429,
        error: {
          type: 'usage_limit_reached',
          message: 'The usage limit has been reached',
          plan_type: 'plus',
          resets_at: resetAt / 1000,
          eligible_promo: null,
          resets_in_seconds: 3600,
        },
        headers: expect.objectContaining({ 'x-codex-primary-used-percent': '100' }),
      },
    ]);
    simulator.changeCredential('work', { windows: [{ name: 'primary', used: 0 }] });
    expect((await client.ask()).at(-1)?.type).toBe('response.completed');
    await client.close();
  });

  test('what is no request is an error', async () => {
    const client = await connect(fixture.simulator);
    expect(await client.ask({ type: 'response.dance' })).toMatchObject([
      { type: 'error', status: 400, error: { message: 'Unknown event type: "response.dance".' } },
    ]);
    await client.close();
  });

  test('a client that leaves during an answer is an abort of that answer', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'stall_mid' });
    const client = await connect(simulator);
    const aborted = simulator.nextAbort();
    const seen = simulator.nextRequest(({ via }) => via === 'frame');
    client.send({ model: 'gpt-6.1-sol', input: 'hi' });
    await seen;
    expect(JSON.parse(await client.next())).toMatchObject({ type: 'response.created' });
    await client.close();
    expect((await aborted).request).toMatchObject({ via: 'frame', aborted: true });
    expect(simulator.openRequests).toBe(0);
  });
});

describe('faults of an upgrade', () => {
  test.each([
    ['usage_limit', 429],
    ['token_expired', 401],
    ['unavailable', 503],
    ['upgrade_required', 426],
    ['cloudflare_html', 403],
  ] as const)('%s refuses it with %i', async (kind, status) => {
    const { simulator } = fixture;
    simulator.inject({ kind, on: 'upgrade' });
    const headers = { ...credentialHeaders(simulator, 'key'), ...upgrade };
    const response = await fetch(`${simulator.url}/v1/responses`, { headers });
    expect(response.status).toBe(status);
    const client = await connect(simulator);
    expect((await client.ask()).at(-1)?.type).toBe('response.completed');
    await client.close();
  });
});

describe('faults in a WebSocket', () => {
  const completed = 'response.completed';

  test('a fault does not say where it strikes: it spares upgrade and warm-up', async () => {
    const { simulator } = fixture;
    simulator.inject({ kind: 'overloaded' });
    const client = await connect(simulator);
    expect((await client.ask({ generate: false })).at(-1)?.type).toBe(completed);
    expect(await client.ask()).toMatchObject([{ status: 503, error: { code: 'server_is_overloaded' } }]);
    await client.close();
  });

  test('a page has no place in a frame, its status has', async () => {
    fixture.simulator.inject({ kind: 'bad_gateway_html' });
    const client = await connect(fixture.simulator);
    expect(await client.ask()).toMatchObject([{ type: 'error', status: 502, error: { type: 'server_error' } }]);
    await client.close();
  });

  test('a fragmented message is the same message', async () => {
    fixture.simulator.inject({ kind: 'fragmented', pieceBytes: 3 });
    const client = await connect(fixture.simulator);
    expect(textOf(await client.ask({ input: '[[say:größer]]' }))).toBe('größer');
    await client.close();
  });

  test.each(['split', 'slow'] as const)('an answer that is %s is the same answer', async (kind) => {
    fixture.simulator.inject({ kind, pieceBytes: 100, delayMs: 5 });
    const client = await connect(fixture.simulator);
    const events = await client.ask({ input: '[[say:größer]]' });
    expect([textOf(events), events.at(-1)?.type]).toEqual(['größer', completed]);
    await client.close();
  });

  test.each([
    ['failed_before_content', ['response.created', 'response.in_progress', 'response.failed']],
    ['error_event_before_content', ['response.created', 'response.in_progress', 'error']],
  ] as const)('%s ends the answer before its content', async (kind, types) => {
    fixture.simulator.inject({ kind, code: 'slow_down' });
    const client = await connect(fixture.simulator);
    const events = await client.ask();
    expect(events.map(({ type }) => type)).toEqual([...types]);
    expect(JSON.stringify(events.at(-1))).toContain('"code":"slow_down"');
    await client.close();
  });

  test.each(['cut_before_head', 'garbled_frame'] as const)(
    '%s breaks the connection without an event',
    async (kind) => {
      fixture.simulator.inject({ kind });
      const client = await connect(fixture.simulator);
      expect(await client.ask()).toEqual([]);
      expect((await client.closed).code).not.toBe(1000);
      expect(fixture.simulator.requests.at(-1)).toMatchObject({ via: 'frame', status: null, aborted: false });
    },
  );

  test.each([
    ['cut_mid', false],
    ['clean_end_mid', true],
  ] as const)('%s ends the connection after the deltas asked for', async (kind, clean) => {
    fixture.simulator.inject({ kind, afterDeltas: 2 });
    const client = await connect(fixture.simulator);
    const events = await client.ask({ input: '[[words:5]]' });
    expect(textOf(events)).toBe('word word ');
    expect((await client.closed).code === 1000).toBe(clean);
    expect(fixture.simulator.requests.at(-1)).toMatchObject({ status: 200, aborted: false });
  });

  test('a close frame has the code asked for', async () => {
    fixture.simulator.inject({ kind: 'close_frame', closeCode: 1012 });
    const client = await connect(fixture.simulator);
    expect(await client.ask()).toEqual([]);
    expect(await client.closed).toEqual({ code: 1012, reason: 'simulated' });
  });

  test('garbage and padding come before the answer', async () => {
    fixture.simulator.inject({ kind: 'garbage_body' });
    fixture.simulator.inject({ kind: 'huge_header', headerBytes: 100_000 });
    const client = await connect(fixture.simulator);
    client.send({ model: 'gpt-6.1-sol', input: 'hi' });
    expect(await client.next()).toBe('\u0000}{"data: <<<');
    expect(JSON.parse(await client.next())).toMatchObject({ type: 'response.created' });
    await client.close();
    const second = await connect(fixture.simulator);
    const [padding] = await second.ask();
    expect(padding?.['padding']).toHaveLength(100_000);
    await second.close();
  });
});
