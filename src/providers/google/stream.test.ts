import { describe, expect, test } from 'bun:test';
import { errorDataOf, errorInside, frameKind, streamEnd, usageOf } from './stream.ts';

const said = { content: { parts: [{ text: 'hello' }], role: 'model' }, index: 0 };
const ended = { content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP', index: 0 };
const usage = { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 115, thoughtsTokenCount: 5 };
const overloaded = '{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}';

describe('a chunk', () => {
  test.each([
    [{ candidates: [said] }, 'content'],
    [{ candidates: [ended], usageMetadata: usage }, 'content'],
    [{ candidates: [{ content: { parts: [{ functionCall: { name: 'a', args: {} } }] } }] }, 'content'],
    [{ candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }] }, 'content'],
    [{ promptFeedback: { blockReason: 'SAFETY' } }, 'content'],
    [{ candidates: [{ content: { parts: [{ text: '' }] } }] }, 'neutral'],
    [{ candidates: [{ content: { parts: [{ text: '', thought: true }] } }] }, 'neutral'],
    [{ candidates: [{ content: { role: 'model' } }] }, 'neutral'],
    [{ candidates: [null, 1] }, 'neutral'],
    [{ candidates: [] }, 'neutral'],
    [{ usageMetadata: usage }, 'neutral'],
    [{ error: { code: 429 } }, 'failed'],
    [{ candidates: [said], error: {} }, 'failed'],
    [null, 'neutral'],
    [1, 'neutral'],
    [[], 'neutral'],
  ] as const)('%j is %s', (chunk, kind) => {
    expect(frameKind('', JSON.stringify(chunk))).toBe(kind);
  });

  test('that does not parse is neutral', () => {
    expect(frameKind('', '{"candidates":[')).toBe('neutral');
  });
});

function sse(...chunks: object[]): string {
  return chunks.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`).join('');
}

function array(...chunks: object[]): string {
  return `[${chunks.map((each) => JSON.stringify(each, null, 2)).join('\r\n,\r\n')}\r\n]`;
}

describe('the end of a stream', () => {
  const whole = [{ candidates: [said] }, { candidates: [ended], usageMetadata: usage }];
  const quoting = { candidates: [{ content: { parts: [{ text: '"finishReason":"STOP"\n\n{"error":{}}' }] } }] };
  test.each([
    [sse(...whole), 'complete'],
    [sse(...whole, { usageMetadata: usage }), 'complete'],
    [sse(...whole).replaceAll('\r\n', '\n'), 'complete'],
    [sse({ promptFeedback: { blockReason: 'SAFETY' } }), 'complete'],
    [sse(...whole).slice(0, -2), 'cut'],
    [sse(whole[0] as object), 'cut'],
    [sse(quoting), 'cut'],
    [`${sse(whole[0] as object)}data: ${overloaded}\r\n\r\n`, 'failed'],
    [`${sse(whole[0] as object)}${overloaded}\r\n\r\n`, 'failed'],
    [`${sse(whole[0] as object)}data: ${overloaded.slice(0, -1)}`, 'cut'],
    [array(...whole), 'complete'],
    [`${array(...whole)}\r\n`, 'complete'],
    [array(...whole).slice(0, -1), 'cut'],
    [array(whole[0] as object), 'cut'],
    [array(whole[0] as object, JSON.parse(overloaded) as object), 'failed'],
    [`[${overloaded}]`, 'failed'],
    ['', 'cut'],
  ] as const)('%j is %s', (tail, end) => {
    expect(streamEnd(tail)).toBe(end);
  });

  test.each([
    ['"}]}}]}\r\n\r\n', true, 'complete'],
    ['"}]}}]\r\n', true, 'complete'],
    ['"}]}}', true, 'cut'],
    ['"}]}}]}\r\n\r\n', false, 'cut'],
    [`x"}]}\r\n\r\ndata: ${overloaded.slice(0, -1)}`, true, 'complete'],
  ] as const)('%j is, where the reason for it came before: %p, %s', (tail, isEnded, end) => {
    expect(streamEnd(tail, isEnded)).toBe(end);
  });

  test.each([
    [`${sse(said)}data: ${overloaded}\r\n\r\n`],
    [`${sse(said)}${overloaded}\r\n\r\n`],
    [array(said, JSON.parse(overloaded) as object)],
  ])('brings its error along', (tail) => {
    expect(JSON.parse(errorDataOf(tail) ?? '')).toEqual(JSON.parse(overloaded));
  });
});

test.each([
  [overloaded, true],
  [`\n [ ${overloaded}]`, true],
  [JSON.stringify({ candidates: [said] }), false],
  ['[]', false],
  ['', false],
])('an answer in one piece that is %j holds an error: %p', (body, holds) => {
  expect(errorInside(Buffer.from(body))).toBe(holds ? body : null);
});

test.each([
  ['', sse({ usageMetadata: { promptTokenCount: 1 } }, { usageMetadata: usage }), 100, 15],
  [array({ usageMetadata: usage }), '', 100, 15],
  ['', JSON.stringify({ usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3 } }), 7, 3],
  ['', JSON.stringify({ usageMetadata: { promptTokenCount: 7 } }), 7, null],
  ['', JSON.stringify({ totalTokens: 4 }), null, null],
] as const)('tokens are counted from %j and %j', (first, last, ...counts) => {
  const { inputTokens, outputTokens } = usageOf(first, last);
  expect<unknown[]>([inputTokens, outputTokens]).toEqual([...counts]);
});
