import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import type { Signal } from '../../core/limit/signal.ts';
import { socket } from './socket.ts';

const now = captured;
const context = { model: 'gpt-5.1-codex', now };
const json = (value: unknown) => JSON.stringify(value);
const user = (text: string) => json({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
const thought = json({ type: 'reasoning', summary: [], encrypted_content: 'gAAA' });
const answer = json({ type: 'message', role: 'assistant', content: [] });
const create = (fields: string) => `{"type":"response.create","model":"gpt-5.1-codex",${fields}}`;

describe('a message of the client', () => {
  test.each<[string, string, ReturnType<typeof socket.requestOf>]>([
    [
      'warms the connection up',
      create('"input":[],"generate":false'),
      { model: 'gpt-5.1-codex', warmUp: true, continues: null, items: [], bound: [] },
    ],
    [
      'goes on from a response',
      create(`"previous_response_id":"resp_1","input":[${user('a')}, ${user('b')}]`),
      { model: 'gpt-5.1-codex', warmUp: false, continues: 'resp_1', items: [user('a'), user('b')], bound: [] },
    ],
    [
      'holds a file and a conversation',
      create(
        '"conversation":{"id":"conv_1"},"input":[{"type":"message","content":[{"type":"input_file","file_id":"file-1"}]}]',
      ),
      {
        model: 'gpt-5.1-codex',
        warmUp: false,
        continues: null,
        items: ['{"type":"message","content":[{"type":"input_file","file_id":"file-1"}]}'],
        bound: ['conv_1', 'file-1'],
      },
    ],
    [
      'refers to an item',
      create('"input":[{"type":"item_reference","id":"rs_1"}]'),
      {
        model: 'gpt-5.1-codex',
        warmUp: false,
        continues: null,
        items: ['{"type":"item_reference","id":"rs_1"}'],
        bound: ['rs_1'],
      },
    ],
    [
      'is a text',
      create('"input":"hi"'),
      {
        model: 'gpt-5.1-codex',
        warmUp: false,
        continues: null,
        items: ['{"type":"message","role":"user","content":"hi"}'],
        bound: [],
      },
    ],
    ['says that a response has been worked off', '{"type":"response.processed","response_id":"resp_1"}', null],
    ['does not parse', '{"type":', null],
  ])('%s', (_, text, request) => {
    expect(socket.requestOf(text)).toEqual(request);
  });
});

describe('a request for another account', () => {
  test('is complete in itself, its items as they were written, without reasoning that only one account can read', () => {
    const odd = '{"type":"message","role":"user","n":12345678901234567890,"f":1.0}';
    const text = create(
      `"previous_response_id":"resp_2","stream":true,"input":[${user('more')},${odd}],"client_metadata":{"thread_id":"t","x-codex-turn-state":"s"}`,
    );
    const replayed = socket.replay(text, [user('first'), thought, answer]);
    expect(replayed).toBe(
      `{"type":"response.create","model":"gpt-5.1-codex","stream":true,"client_metadata":{"thread_id":"t"},"input":[${user('first')},${answer},${user('more')},${odd}]}`,
    );
  });

  test('with nothing before it is the same without its reasoning', () => {
    expect(socket.replay(create(`"input":[${thought},${user('a')}]`), [])).toBe(
      `{"type":"response.create","model":"gpt-5.1-codex","input":[${user('a')}]}`,
    );
  });

  test.each([
    create('"conversation":"conv_1","input":[]'),
    create('"input":[{"type":"message","content":[{"type":"input_file","file_id":"file-1"}]}]'),
    create('"input":[{"type":"item_reference","id":"msg_1"}]'),
    '{"type":"response.processed"}',
    'x',
  ])('is none: %s', (text) => {
    expect(socket.replay(text, [])).toBeNull();
  });

  test('is none where what came before holds a file', () => {
    const before = ['{"type":"message","content":[{"type":"input_file","file_id":"file-1"}]}'];
    expect(socket.replay(create('"input":[]'), before)).toBeNull();
  });
});

describe('a message of the provider', () => {
  test.each<[string, ReturnType<typeof socket.kindOf>]>([
    ['{"type":"response.created","response":{"id":"resp_1"}}', 'neutral'],
    ['{"type":"codex.rate_limits"}', 'neutral'],
    ['{"type":"keepalive"}', 'neutral'],
    ['{"type":"response.output_text.delta","delta":"a"}', 'content'],
    ['{"sequence_number":1,"type":"response.output_item.done","item":{}}', 'content'],
    ['{"type":"response.completed","response":{"id":"resp_1"}}', 'end'],
    ['{"type":"response.incomplete","response":{"id":"resp_1"}}', 'end'],
    ['{"type":"response.failed","response":{"error":{}}}', 'failed'],
    ['{"type":"error","status":429,"error":{}}', 'failed'],
    ['', 'neutral'],
    ['not json', 'neutral'],
  ])('%s is %s', (text, kind) => {
    expect(socket.kindOf(text)).toBe(kind);
  });

  test('tells how full the plan is', () => {
    const text = json({
      type: 'codex.rate_limits',
      plan_type: 'plus',
      metered_limit_name: 'codex',
      rate_limits: {
        allowed: true,
        limit_reached: false,
        primary: { used_percent: 42, window_minutes: 300, reset_after_seconds: 60, reset_at: now / 1000 + 60 },
        secondary: null,
      },
    });
    expect(socket.signalsOf(text, context)).toEqual([
      { kind: 'reading', window: 'five_hour', family: null, utilization: 0.42, resetsAt: now + 60_000 },
      { kind: 'open', window: 'five_hour', family: null },
    ]);
  });

  test.each<[string, object, Signal['kind'][]]>([
    [
      'that is reached says nothing of open',
      { rate_limits: { limit_reached: true, primary: { used_percent: 99 } } },
      ['reading'],
    ],
    ['without windows says nothing', { rate_limits: null }, []],
  ])('about a limit %s', (_, fields, kinds) => {
    expect(socket.signalsOf(json({ type: 'codex.rate_limits', ...fields }), context).map(({ kind }) => kind)).toEqual(
      kinds,
    );
  });

  test('about the limit of a family names its models', () => {
    const rate_limits = { primary: { used_percent: 5, window_minutes: 300 } };
    const text = json({
      type: 'codex.rate_limits',
      metered_limit_name: 'codex_bengalfox',
      limit_name: 'GPT-5.3-Codex-Spark',
      rate_limits,
    });
    expect(socket.signalsOf(text, context)[0]).toMatchObject({ family: 'gpt-5.3-codex-spark' });
  });

  test('of any other kind tells nothing of limits', () => {
    expect(socket.signalsOf('{"type":"response.output_text.delta","delta":"codex.rate_limits"}', context)).toEqual([]);
  });

  test.each<[string, { response: string | null; item: string | null }]>([
    ['{"type":"response.created","response":{"object":"response","id":"resp_1"}}', { response: 'resp_1', item: null }],
    ['{"type":"response.completed","response":{"id":"resp_1","output":[]}}', { response: 'resp_1', item: null }],
    [
      '{"type":"response.output_item.done","item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}',
      { response: null, item: answer },
    ],
    ['{"type":"response.output_text.delta","delta":"a"}', { response: null, item: null }],
  ])('%s adds to the conversation', (text, made) => {
    expect(socket.madeOf(text)).toEqual(made);
  });

  test('has counts of tokens at its end', () => {
    const text = json({
      type: 'response.completed',
      response: { id: 'r', usage: { input_tokens: 7, output_tokens: 3 } },
    });
    expect(socket.usageOf(text)).toEqual({ inputTokens: 7, outputTokens: 3 });
  });
});

describe('a failure on a WebSocket', () => {
  const limit = {
    type: 'usage_limit_reached',
    message: 'The usage limit has been reached',
    resets_at: now / 1000 + 3600,
  };

  test.each([{ status: 429 }, { status_code: 429 }])('with %j and headers is judged like an answer', (status) => {
    const headers = {
      'x-codex-primary-used-percent': '100.0',
      'x-codex-primary-window-minutes': 300,
      'x-codex-credits-has-credits': false,
      'x-odd': { a: 1 },
      'not a name': 'x',
    };
    const verdict = socket.classify(json({ type: 'error', ...status, error: limit, headers }), context);
    expect(verdict.outcome).toMatchObject({ fault: 'window' });
    expect(verdict.signals.filter(({ kind }) => kind === 'closed')).toEqual([
      {
        kind: 'closed',
        window: 'five_hour',
        family: null,
        overage: false,
        until: now + 3_600_000,
        evidence: 'The usage limit has been reached',
      },
    ]);
  });

  test.each<[string, unknown, string]>([
    ['a limit without headers', { type: 'error', status: 429, error: limit }, 'window'],
    ['a limit without a status', { type: 'error', error: limit }, 'window'],
    ['an expired token', { type: 'error', status: 401, error: { code: 'token_expired', message: 'x' } }, 'auth'],
    [
      'a connection that is too old',
      { type: 'error', status: 400, error: { code: 'websocket_connection_limit_reached' } },
      'overload',
    ],
    ['foreign reasoning', { type: 'error', status: 400, error: { code: 'invalid_encrypted_content' } }, 'foreign'],
    ['an unknown response', { type: 'error', status: 400, error: { code: 'previous_response_not_found' } }, 'request'],
    ['an overload', { type: 'response.failed', response: { error: { code: 'server_is_overloaded' } } }, 'overload'],
    ['nonsense', { type: 'error', status: 'soon' }, 'overload'],
  ])('is known: %s', (_, message, fault) => {
    expect(socket.classify(json(message), context).outcome).toMatchObject({ kind: 'failed', fault });
  });
});

describe('what the gateway says on a WebSocket', () => {
  test('that it keeps a request alive is neutral', () => {
    expect(socket.kindOf(socket.keepAlive)).toBe('neutral');
  });

  test('of a response that nobody knows makes Codex send all of it again', () => {
    expect(JSON.parse(socket.renderUnknown('resp_1'))).toEqual({
      type: 'error',
      status: 400,
      error: {
        type: 'invalid_request_error',
        code: 'previous_response_not_found',
        message: "Previous response with id 'resp_1' not found.",
        param: 'previous_response_id',
      },
    });
  });

  test('of a refused upgrade holds its status, its error and what of its headers does no harm', () => {
    const headers = new Headers({ 'retry-after': '3600', 'x-codex-active-limit': 'codex', 'set-cookie': 'a=b' });
    const body = json({ error: { type: 'usage_limit_reached', message: 'x' } });
    expect(JSON.parse(socket.renderRefusal({ status: 429, headers, body }))).toEqual({
      type: 'error',
      status: 429,
      error: { type: 'usage_limit_reached', message: 'x' },
      headers: { 'x-codex-active-limit': 'codex' },
    });
  });

  test.each<[string | null, string]>([
    [null, 'HTTP 503'],
    ['<html>', 'HTTP 503'],
    ['{"detail":"busy"}', 'busy'],
  ])('of an upgrade refused with %j says %s', (body, message) => {
    const text = socket.renderRefusal({ status: 503, headers: new Headers(), body });
    expect(JSON.parse(text)).toMatchObject({ error: { message } });
  });

  test.each(['/responses', '/backend-api/codex/responses'])('is asked for at %s', (path) => {
    expect(socket.covers({ door: 'codex', method: 'GET', path, search: '' })).toBe(true);
    expect(socket.covers({ door: 'codex', method: 'GET', path: `${path}/compact`, search: '' })).toBe(false);
  });
});
