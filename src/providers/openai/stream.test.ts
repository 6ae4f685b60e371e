import { describe, expect, test } from 'bun:test';
import { errorDataOf, errorInside, frameKind, streamEnd, usageOf } from './stream.ts';

const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const chunk = (data: object | string) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const usage = {
  input_tokens: 120,
  input_tokens_details: { cached_tokens: 90 },
  output_tokens: 12,
  output_tokens_details: { reasoning_tokens: 3 },
  total_tokens: 132,
};
const created = event({ type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } } as never);
const text = (delta: string) => event({ type: 'response.output_text.delta', delta } as never);
const completed = (words = 'Hello') =>
  event({
    type: 'response.completed',
    sequence_number: 9,
    response: {
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      output: [{ type: 'message', text: words }],
      usage,
      user: null,
      metadata: {},
    },
  } as never);
const error = { code: 'server_is_overloaded', message: 'Our servers are currently overloaded.' };
const failed = event({ type: 'response.failed', response: { id: 'resp_1', status: 'failed', error } } as never);
const delta = (choice: object) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, ...choice }],
});
const words = chunk(delta({ delta: { content: 'Hi' }, finish_reason: null }));
const stop = chunk(delta({ delta: {}, finish_reason: 'stop' }));

describe('an event of a Responses stream', () => {
  test.each([
    ['response.created', 'neutral'],
    ['response.queued', 'neutral'],
    ['response.in_progress', 'neutral'],
    ['response.output_item.added', 'neutral'],
    ['response.content_part.added', 'neutral'],
    ['response.reasoning_summary_part.added', 'neutral'],
    ['keepalive', 'neutral'],
    ['codex.rate_limits', 'neutral'],
    ['an_event_of_next_year', 'neutral'],
    ['response.output_text.delta', 'content'],
    ['response.reasoning_summary_text.delta', 'content'],
    ['response.custom_tool_call_input.delta', 'content'],
    ['response.output_item.done', 'content'],
    ['response.completed', 'content'],
    ['response.incomplete', 'content'],
    ['response.failed', 'failed'],
    ['error', 'failed'],
  ] as const)('called %s is %s, with its name or without', (name, kind) => {
    expect(frameKind(name, JSON.stringify({ type: name }))).toBe(kind);
    expect(frameKind('', JSON.stringify({ type: name }))).toBe(kind);
    expect(frameKind('message', JSON.stringify({ sequence_number: 1, type: name }))).toBe(kind);
  });
});

describe('a chunk of Chat Completions', () => {
  test.each<[string, string, ReturnType<typeof frameKind>]>([
    [
      'that says whose turn it is',
      JSON.stringify(delta({ delta: { role: 'assistant', content: '' }, finish_reason: null })),
      'neutral',
    ],
    ['without choices', '{"id":"chatcmpl-1","choices":[]}', 'neutral'],
    [
      'with an empty refusal',
      JSON.stringify(delta({ delta: { role: 'assistant', content: null, refusal: null } })),
      'neutral',
    ],
    ['with words', JSON.stringify(delta({ delta: { content: 'Hi' } })), 'content'],
    ['with a tool', JSON.stringify(delta({ delta: { tool_calls: [{ index: 0 }] } })), 'content'],
    ['with reasoning of a compatible vendor', JSON.stringify(delta({ delta: { reasoning_content: 'Hm' } })), 'content'],
    ['that is the last', JSON.stringify(delta({ delta: {}, finish_reason: 'stop' })), 'content'],
    ['of the older completions', '{"choices":[{"text":"Hi","index":0}]}', 'content'],
    ['that is long', `{"choices":[],"pad":"${'x'.repeat(5000)}"}`, 'content'],
    ['[DONE]', '[DONE]', 'content'],
    ['with an error', '{"error":{"message":"x","code":"rate_limit_exceeded"}}', 'failed'],
    ['with an error behind its id', '{"id":"chatcmpl-1","error":{"message":"x"}}', 'failed'],
    ['with no error', '{"error":null,"choices":[]}', 'neutral'],
    ['that does not parse', '{"choices":[', 'neutral'],
  ])('%s', (_, data, kind) => {
    expect(frameKind('', data)).toBe(kind);
  });
});

describe('a stream', () => {
  const crlf = (stream: string) => stream.replaceAll('\n', '\r\n');
  const quoted = text('event: response.completed\ndata: [DONE]');

  test.each<[string, string, ReturnType<typeof streamEnd>]>([
    ['with its last event', created + text('Hi') + completed(), 'complete'],
    ['whose last event begins before the tail', completed('x'.repeat(6000)).slice(-4096), 'complete'],
    ['that is incomplete by its limit', created + event({ type: 'response.incomplete' }), 'complete'],
    ['with an event behind its last', completed() + chunk('{"type":"keepalive"}'), 'complete'],
    ['that failed', created + failed, 'failed'],
    ['with an error event', created + event({ type: 'error', ...error } as never), 'failed'],
    ['that stops in the middle', created + text('Hi'), 'cut'],
    ['whose last event has no blank line', created + completed().slice(0, -1), 'cut'],
    ['that only speaks of an end', created + quoted, 'cut'],
    [
      'that ends in an item which begins before the tail',
      event({
        type: 'response.output_item.done',
        item: { text: '"usage":{"input_tokens":1}'.repeat(300) },
      } as never).slice(-4096),
      'cut',
    ],
    ['without anything', '', 'cut'],
    ['of Chat Completions', words + stop + chunk('[DONE]'), 'complete'],
    ['of a compatible vendor without [DONE]', words + stop, 'complete'],
    [
      'of Chat Completions with counts after the last chunk',
      words + stop + chunk({ choices: [], usage: {} }),
      'complete',
    ],
    ['of Chat Completions that stops in the middle', words, 'cut'],
    ['of Chat Completions with an error', words + chunk({ error: { message: 'x' } }), 'failed'],
  ])('%s', (_, stream, end) => {
    expect(streamEnd(stream)).toBe(end);
    expect(streamEnd(crlf(stream))).toBe(end);
  });

  test('that failed gives its error', () => {
    expect(errorDataOf(created + failed)).toBe(
      JSON.stringify({ type: 'response.failed', response: { id: 'resp_1', status: 'failed', error } }),
    );
    expect(errorDataOf(words + chunk({ error: { message: 'x' } }))).toBe('{"error":{"message":"x"}}');
    expect(errorDataOf(created + completed())).toBeNull();
  });
});

describe('the counts of tokens', () => {
  test.each<[string, string, string, [number | null, number | null]]>([
    ['of a response', created, completed(), [120, 12]],
    ['of a whole response', '', JSON.stringify({ object: 'response', usage }), [120, 12]],
    [
      'of a chat',
      '',
      chunk({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 } }),
      [7, 5],
    ],
    ['of a stream that was cut', created, text('"input_tokens":5'), [null, null]],
  ])('%s', (...[, first, last, [inputTokens, outputTokens]]) => {
    expect(usageOf(first, last)).toEqual({ inputTokens, outputTokens });
  });
});

describe('an answer in one piece', () => {
  test.each<[string, object, boolean]>([
    ['that failed', { id: 'resp_1', object: 'response', status: 'failed', error }, true],
    ['that is an error', { error }, true],
    ['that is complete', { id: 'resp_1', object: 'response', status: 'completed', error: null, output: [] }, false],
    ['of a job that failed', { object: 'batch', status: 'failed', error }, false],
    ['of a chat', { object: 'chat.completion', choices: [] }, false],
  ])('%s', (_, body, isError) => {
    const json = JSON.stringify(body);
    expect(errorInside(Buffer.from(json))).toBe(isError ? json : null);
  });
});
