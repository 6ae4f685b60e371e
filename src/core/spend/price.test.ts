import { describe, expect, test } from 'bun:test';
import { costOf, hasPrice } from './price.ts';
import { noTokens } from './tokens.ts';
import { formatUsd } from './usd.ts';

const million = 1_000_000;

describe('a model costs', () => {
  test.each([
    ['claude-opus-4-8', 5, 25],
    ['claude-opus-4-8[1m]', 5, 25],
    ['claude-opus-5', 5, 25],
    ['claude-opus-5-20260724', 5, 25],
    ['claude-opus-5-5', 4, 20],
    ['claude-opus-4-1-20250805', 15, 75],
    ['claude-opus-4-20250514', 15, 75],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 3, 15],
    ['claude-sonnet-5', 2, 10],
    ['claude-sonnet-5-5', 2, 10],
    ['claude-haiku-5-5', 0.1, 0.5],
    ['claude-haiku-4-5-20251001', 1, 5],
    ['claude-fable-5', 10, 50],
    ['sonnet', 2, 10],
    ['sonnet[1m]', 2, 10],
    ['opus', 5, 25],
    ['gpt-5.2-codex', 1.75, 14],
    ['gpt-5.1-codex-mini', 0.25, 2],
    ['gpt-5.4', 2.5, 15],
    ['gpt-5.4-mini', 0.75, 4.5],
    ['GPT-6.1-sol', 2, 10],
    ['gemini-2.5-pro', 1.25, 10],
    ['gemini-3.1-pro-preview', 2, 12],
    ['gemini-2.5-flash-lite', 0.1, 0.4],
  ])('%s: $%d and $%d for a million tokens in and out', (model, input, output) => {
    expect(costOf(model, { ...noTokens, inputTokens: million })).toBeCloseTo(input, 9);
    expect(costOf(model, { ...noTokens, outputTokens: million })).toBeCloseTo(output, 9);
  });

  test.each([
    'claude-opus-7',
    'claude-opus-4-9',
    'claude-sonnet-5-7',
    'gemini-2.5-flash-image',
    'gpt-5.4-pro',
    'gpt-7',
    'llama3',
    'my-claude',
    'gemini-9-pro',
    '',
  ])('nothing that is known: %p', (model) => {
    expect([costOf(model, noTokens), hasPrice(model)]).toEqual([null, false]);
  });

  test('less for what came from the cache, more for what went there, most for what stays an hour', () => {
    const tokens = { inputTokens: 4 * million, cacheReadTokens: million, cacheWriteTokens: 2 * million };
    const all = { ...tokens, longCacheWriteTokens: million, outputTokens: 0 };
    expect(costOf('claude-opus-4-8', all)).toBeCloseTo(5 + 0.5 + 6.25 + 10, 9);
    expect(costOf('gpt-5.2', all)).toBeCloseTo(1.75 + 0.175 + 1.75 * 2, 9);
  });
});

test.each([
  [0, '$0.00'],
  [0.0312, '$0.0312'],
  [0.1, '$0.10'],
  [12.345, '$12.35'],
])('%d dollars are written %s', (dollars, text) => {
  expect(formatUsd(dollars)).toBe(text);
});
