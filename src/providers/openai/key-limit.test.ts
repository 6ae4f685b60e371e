import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import type { OpenAiError } from './error.ts';
import { keyRejection, tryAgainAt } from './key-limit.ts';

const now = captured;
const context = { model: 'gpt-5.1-codex', now };
const tpm = (wait: string) =>
  `Rate limit reached for gpt-5.1-codex in organization org-FAKE on tokens per min (TPM): Limit 30000, Used 29000, Requested 4000. Please try again in ${wait}. Visit https://platform.openai.com/account/rate-limits to learn more.`;
const rpd =
  'Rate limit reached for gpt-4o in organization org-FAKE on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.';
const named = (message: string, type = 'tokens'): OpenAiError => ({
  type,
  code: 'rate_limit_exceeded',
  message,
  resets: [],
});

describe('a rate limit of an API key', () => {
  test.each<
    [string, Record<string, string>, OpenAiError | null, [string, string | null, number | null, boolean] | null]
  >([
    [
      'says in words when to come back',
      { 'x-ratelimit-reset-tokens': '59s' },
      named(tpm('6s')),
      ['tokens', 'gpt-5.1-codex', 6000, true],
    ],
    ['counts milliseconds', {}, named(tpm('120ms')), ['tokens', 'gpt-5.1-codex', 120, true]],
    ['of a day is a window', {}, named(rpd, 'requests'), ['requests_per_day', 'gpt-5.1-codex', 432_000, false]],
    ['has a Retry-After', { 'retry-after': '20' }, named('Slow.', ''), ['minute', 'gpt-5.1-codex', 20_000, true]],
    [
      'has a Retry-After in milliseconds',
      { 'retry-after-ms': '1500', 'retry-after': '2' },
      null,
      ['minute', 'gpt-5.1-codex', 1500, true],
    ],
    ['has a long Retry-After', { 'retry-after': '3600' }, null, ['retry_after', 'gpt-5.1-codex', 3_600_000, false]],
    [
      'has a spent window in its headers',
      {
        'x-ratelimit-remaining-requests': '499',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '6s',
      },
      null,
      ['tokens', 'gpt-5.1-codex', 6000, true],
    ],
    [
      'has two spent windows, of which the longer counts',
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '120ms',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '6h0m0s',
      },
      null,
      ['tokens', 'gpt-5.1-codex', 21_600_000, false],
    ],
    [
      'names its kind alone',
      { 'x-ratelimit-reset-requests': '12s' },
      named('Too many.', 'requests'),
      ['requests', 'gpt-5.1-codex', 12_000, true],
    ],
    ['says nothing but its code', {}, named('Too many.', ''), ['minute', 'gpt-5.1-codex', null, true]],
    ['is none', {}, null, null],
  ])('%s', (...[, headers, error, expected]) => {
    const rejection = keyRejection(new Headers(headers), error, context);
    if (expected === null || rejection === null) {
      expect(rejection).toBe(expected as null);
      return;
    }
    const { window, family, until } = rejection.signal;
    expect([window, family, until === null ? null : until - now, rejection.brief]).toEqual(expected);
  });

  test('is of the model that the error names, where that covers the one asked for', () => {
    const error = named('Rate limit reached for gpt-5.1-codex in organization o on tokens per min (TPM): Limit 1.');
    const dated = { model: 'gpt-5.1-codex-20251101', now };
    expect(keyRejection(new Headers(), error, dated)?.signal.family).toBe('gpt-5.1-codex');
    expect(keyRejection(new Headers(), error, { model: 'gpt-4o', now })?.signal.family).toBe('gpt-4o');
  });
});

describe('the words "try again in"', () => {
  test.each<[string, number | null]>([
    ['try again in 2s', 2000],
    ['Please try again in 1.5s.', 1500],
    ['Try again in 20 seconds', 20_000],
    ['try again in 6m0s', 360_000],
    ['try again in 1h2m3s', 3_723_000],
    ['try again in 120ms', 120],
    ['try again later', null],
    ['try again in a moment', null],
    ['', null],
  ])('of %j', (message, waitMs) => {
    const at = tryAgainAt(message, now);
    expect(at === null ? null : at - now).toBe(waitMs);
  });
});
