import { describe, expect, test } from 'bun:test';
import { errorDataOf, frameKind, streamEnd, usageOf } from './stream.ts';

const event = (name: string, data: object | string) =>
  `event: ${name}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const start = event('message_start', {
  type: 'message_start',
  message: { id: 'msg_1', usage: { input_tokens: 120, cache_read_input_tokens: 9, output_tokens: 1 } },
});
const text = (words: string) =>
  event('content_block_delta', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } });
const delta = event('message_delta', {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn', stop_sequence: null },
  usage: { output_tokens: 15 },
});
const stop = event('message_stop', { type: 'message_stop' });
const errorData =
  '{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"req_e2b729a018d81bea0fc41327"}';
const error = event('error', errorData);

describe('an event of a stream', () => {
  test.each([
    ['message_start', 'neutral'],
    ['content_block_start', 'neutral'],
    ['ping', 'neutral'],
    ['', 'neutral'],
    ['an_event_of_next_year', 'neutral'],
    ['content_block_delta', 'content'],
    ['content_block_stop', 'content'],
    ['message_delta', 'content'],
    ['message_stop', 'content'],
    ['error', 'failed'],
  ] as const)('called %j is %s', (name, kind) => {
    expect(frameKind(name)).toBe(kind);
  });
});

describe('a stream', () => {
  const crlf = (stream: string) => stream.replaceAll('\n', '\r\n');
  const spoken = text('event: error\ndata: {"type":"error"}\n\n');
  const spokenStop = text('\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n');

  test.each([
    ['with its terminal event', start + text('Hi') + delta + stop, 'complete'],
    ['with its terminal event and a ping after it', start + delta + stop + event('ping', { type: 'ping' }), 'complete'],
    ['with lines that end in CRLF', crlf(start + text('Hi') + delta + stop), 'complete'],
    ['of a vendor that writes no space', (start + delta + stop).replaceAll(': ', ':'), 'complete'],
    ['that is its terminal event', stop, 'complete'],
    ['that ends in an error', start + text('Hi') + error, 'failed'],
    ['that ends in an error, with CRLF', crlf(start + error), 'failed'],
    ['that is an error', error, 'failed'],
    ['that ends after content', start + text('Hi'), 'cut'],
    ['that ends before its last event', start + text('Hi') + delta, 'cut'],
    ['that is empty', '', 'cut'],
    ['that ends within the name of its last event', `${start}${delta}event: message_st`, 'cut'],
    ['whose last event has no data yet', `${start}${delta}event: message_stop\n`, 'cut'],
    ['whose last event has no blank line yet', start + delta + stop.slice(0, -1), 'cut'],
    ['whose error has no blank line yet', start + error.slice(0, -1), 'cut'],
    ['with an event of a longer name', `${start}event: message_stopped\ndata: {}\n\n`, 'cut'],
    ['that speaks of an error', start + spoken, 'cut'],
    ['that speaks of its end', start + spokenStop, 'cut'],
    ['that speaks of its end in a comment', `${start}: event: message_stop\n\n`, 'cut'],
    ['that speaks of an error and is complete', start + spoken + delta + stop, 'complete'],
  ])('%s is judged', (_, stream, end) => {
    expect(streamEnd(stream)).toBe(end as 'complete');
  });

  test('is cut wherever it ends before its last byte, and complete there', () => {
    const whole = start + spoken + spokenStop + delta + stop;
    for (let length = 0; length < whole.length; length += 1) expect(streamEnd(whole.slice(0, length))).toBe('cut');
    expect(streamEnd(whole)).toBe('complete');
  });

  test.each([
    ['that ends in an error', start + text('Hi') + error, errorData],
    ['with lines that end in CRLF', crlf(start + error), errorData],
    ['of a vendor that writes no space', `event:error\ndata:${errorData}\n\n`, errorData],
    ['with two errors', error + event('error', '{"second":true}'), '{"second":true}'],
    ['that only speaks of an error', start + spoken, null],
    ['without an error', start + delta + stop, null],
  ])('%s gives the data of its error', (_, stream, data) => {
    expect(errorDataOf(stream)).toBe(data);
  });
});

describe('the usage of an answer', () => {
  test.each<[string, string, string, number | null, number | null]>([
    ['a stream, from its first and last events', start, delta + stop, 120, 15],
    [
      'a stream whose last event counts the input as well',
      start,
      event('message_delta', { usage: { input_tokens: 130, output_tokens: 15 } }),
      130,
      15,
    ],
    ['a whole body', '', '{"id":"msg_1","usage":{"input_tokens":7,"output_tokens":3}}', 7, 3],
    ['a body with space', '', '{ "usage": { "input_tokens": 7, "output_tokens": 3 } }', 7, 3],
    ['a stream that was cut', start, text('Hi'), 120, null],
    ['a text that speaks of usage', start, text('{"input_tokens":999,"output_tokens":999}'), 120, null],
    ['cached tokens, which are none of these', '', '{"usage":{"cache_read_input_tokens":5}}', null, null],
    ['something that is no number', '', '{"usage":{"input_tokens":null,"output_tokens":"3"}}', null, null],
    ['nothing', '', '', null, null],
  ])('is read from %s', (...[, first, last, inputTokens, outputTokens]) => {
    expect(usageOf(first, last)).toEqual({ inputTokens, outputTokens });
  });
});
