import { describe, expect, test } from 'bun:test';
import { bonds } from './bond.ts';
import { withoutForeign } from './foreign.ts';
import { openai } from './openai.ts';
import { openingOf } from './opening.ts';

const json = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const ask = (path: string, method = 'POST') => ({ door: 'openai', method, path, search: '' });
const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
const developer = { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Be brief.' }] };
const surroundings = user('<environment_context>\n<cwd>/home/me</cwd>');
const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' };

describe('what exists at one account only', () => {
  test.each<[string, string, unknown, string[]]>([
    ['the response it goes on from', '/v1/responses', { previous_response_id: 'resp_1', input: [] }, ['resp_1']],
    ['its conversation', '/v1/responses', { conversation: 'conv_1' }, ['conv_1']],
    ['its conversation as an object', '/v1/responses', { conversation: { id: 'conv_1' } }, ['conv_1']],
    [
      'its files, once each',
      '/v1/responses',
      {
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_file', file_id: 'file-1' },
              { type: 'input_image', file_id: 'file-2' },
            ],
          },
          { role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] },
        ],
      },
      ['file-1', 'file-2'],
    ],
    [
      'a file of a chat',
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
      ['file-1'],
    ],
    ['a response in its path', '/v1/responses/resp_1/cancel', '', ['resp_1']],
    ['a file in its path', '/v1/files/file-1/content', '', ['file-1']],
    ['nothing', '/v1/responses', { input: [user('hi')], previous_response_id: null }, []],
    [
      'nothing that is only spoken of',
      '/v1/responses',
      { input: [user('"file_id":"file-1" "previous_response_id":"resp_1"')] },
      [],
    ],
    ['nothing of a path that names no thing', '/v1/responses/compact', '', []],
  ])('is named by a request: %s', (...[, path, body, hard]) => {
    expect(bonds.named(ask(path), new Headers(), json(body))).toEqual({ hard, soft: [] });
  });

  test('is named by the turn state, which can be left out', () => {
    const headers = new Headers({ 'x-codex-turn-state': 'state-1', 'thread-id': 't' });
    expect(bonds.named(ask('/v1/responses'), headers, json({}))).toEqual({ hard: [], soft: ['state-1'] });
    bonds.release(headers);
    expect([...headers.keys()]).toEqual(['thread-id']);
  });

  test.each<[string, string, string[]]>([
    [
      'a stream',
      'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1","object":"response"}}\n\n',
      ['resp_1'],
    ],
    ['a response in one piece', '{\n  "id": "resp_1",\n  "object": "response"', ['resp_1']],
    ['a file', '{"object":"file","id":"file-1"}', ['file-1']],
    ['a conversation', '{"id":"conv_1","object":"conversation"}', ['conv_1']],
    ['a chat', '{"id":"chatcmpl-1","object":"chat.completion"}', []],
    ['words about one', '{"delta":"\\"id\\":\\"resp_1\\""}', []],
  ])('is made by an answer: %s', (_, first, ids) => {
    expect(bonds.made(new Headers(), first)).toEqual(ids);
  });

  test('is made by an answer with a turn state', () => {
    expect(bonds.made(new Headers({ 'x-codex-turn-state': 'state-1' }), '')).toEqual(['state-1']);
  });
});

describe('reasoning of another account', () => {
  test.each<[string, string, string | null]>([
    [
      'is taken out from between',
      '{"model":"m", "input":[{"a":1.0},{"type":"reasoning","encrypted_content":"g"}, {"b":2}] ,"n":12345678901234567890}',
      '{"model":"m", "input":[{"a":1.0},{"b":2}] ,"n":12345678901234567890}',
    ],
    [
      'is taken out in front and behind',
      JSON.stringify({ input: [thought, user('hi'), thought], store: false }),
      JSON.stringify({ input: [user('hi')], store: false }),
    ],
    ['is taken out where it is all there is', JSON.stringify({ input: [thought] }), '{"input":[]}'],
    [
      'is nothing that can be read',
      JSON.stringify({ input: [{ type: 'reasoning', summary: [] }, user('"encrypted_content"')] }),
      null,
    ],
    [
      'is no compaction, without which the beginning were lost',
      JSON.stringify({ input: [{ type: 'compaction', encrypted_content: 'g' }] }),
      null,
    ],
    ['is nothing in a text', JSON.stringify({ input: 'hi' }), null],
    ['is nothing in a chat', JSON.stringify({ messages: [] }), null],
    ['is nothing in what does not parse', '{"input":[{"type":', null],
  ])('%s', (_, body, expected) => {
    expect(withoutForeign(json(body), () => true)?.toString() ?? null).toBe(expected);
  });

  test('is taken out of a message of a WebSocket too', () => {
    const message = { type: 'response.create', model: 'm', input: [thought, user('hi')] };
    expect(withoutForeign(json(message), () => true)?.toString()).toBe(
      JSON.stringify({ ...message, input: [user('hi')] }),
    );
  });
});

describe('the opening of a conversation', () => {
  const first = {
    prompt_cache_key: 'thread-1',
    instructions: 'It is 10:00.',
    input: [developer, surroundings, user('Fix it.')],
  };
  const later = {
    ...first,
    instructions: 'It is 10:05.',
    input: [...first.input, thought, { type: 'message', role: 'assistant', content: [] }, user('And test it.')],
  };

  test.each<[string, unknown, unknown, boolean]>([
    ['the next turn', first, later, true],
    ['another key', first, { ...first, prompt_cache_key: 'thread-2' }, false],
    ['other words', first, { ...first, input: [developer, surroundings, user('Break it.')] }, false],
    [
      'a chat’s next turn',
      { messages: [{ role: 'user', content: 'a' }] },
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
          { role: 'user', content: 'c' },
        ],
      },
      true,
    ],
    [
      'another chat',
      { messages: [{ role: 'user', content: 'a' }] },
      { messages: [{ role: 'user', content: 'b' }] },
      false,
    ],
    ['the same text', { input: 'a' }, { input: 'a', temperature: 1 }, true],
    ['another text', { input: 'a' }, { input: 'b' }, false],
  ])('tells %s', (...[, one, other, same]) => {
    expect(openingOf(json(one))).not.toBeNull();
    expect(openingOf(json(one)) === openingOf(json(other))).toBe(same);
  });

  test.each(['', '{}', '{"input":[]}', '{"input":5}', '{"messages":"a"}', 'x', JSON.stringify({ input: [developer] })])(
    'is not there in %j',
    (body) => {
      expect(openingOf(json(body))).toBeNull();
    },
  );

  test('is what comes around the words where there are no others', () => {
    expect(openingOf(json({ input: [surroundings] }))).toContain('environment_context');
  });
});

describe('the name of a conversation', () => {
  test.each<[Record<string, string>, string | null]>([
    [{ 'session-id': 's', 'thread-id': 't', 'x-client-request-id': 'r' }, 't'],
    [{ 'session-id': 's' }, 's'],
    [{ session_id: 's', conversation_id: 'c' }, 'c'],
    [{ session_id: 's' }, 's'],
    [{ 'x-client-request-id': 'r' }, null],
  ])('of %j is %j', (headers, session) => {
    expect(openai.sessionOf(new Headers(headers))).toBe(session);
  });
});

describe('what a request wants', () => {
  test.each<[string, { model: string | null; framing: 'sse' | null }]>([
    ['{"model":"gpt-5","stream":true,"input":[]}', { model: 'gpt-5', framing: 'sse' }],
    ['{"input":[{"model":"x"}],"model":"gpt-5"}', { model: 'gpt-5', framing: null }],
    ['{"model":5,"stream":"true"}', { model: null, framing: null }],
    ['', { model: null, framing: null }],
    ['--boundary\r\ncontent-disposition: form-data', { model: null, framing: null }],
  ])('%s', (body, wanted) => {
    expect(openai.wantedOf(ask('/v1/responses'), json(body))).toEqual(wanted);
  });
});
