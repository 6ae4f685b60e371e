import { describe, expect, test } from 'bun:test';
import { evidenceOf, excerptOf, parseError, wordsOf } from './error.ts';

const known = { type: 'tokens', code: 'rate_limit_exceeded', message: 'Slow.', resets: [] };

describe('an error', () => {
  test.each<[string, string | null, ReturnType<typeof parseError>]>([
    ['of the API', '{"error":{"message":"Slow.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}', known],
    [
      'inside a response',
      '{"type":"response.failed","response":{"error":{"type":"tokens","code":"rate_limit_exceeded","message":"Slow."}}}',
      known,
    ],
    [
      'of a WebSocket',
      '{"type":"error","status":429,"error":{"type":"tokens","code":"rate_limit_exceeded","message":"Slow."}}',
      known,
    ],
    [
      'that is an event',
      '{"type":"error","code":"rate_limit_exceeded","message":"Slow.","param":null}',
      { ...known, type: 'error' },
    ],
    [
      'of the backend',
      '{"detail":"Too Many Requests"}',
      { type: '', code: '', message: 'Too Many Requests', resets: [] },
    ],
    [
      'with a code in its detail',
      '{"detail":{"code":"deactivated_workspace"}}',
      { type: '', code: 'deactivated_workspace', message: '', resets: [] },
    ],
    [
      'with both resets',
      '{"error":{"type":"usage_limit_reached","resets_at":1777936568,"resets_in_seconds":13872}}',
      { type: 'usage_limit_reached', code: '', message: '', resets: ['1777936568', '13872'] },
    ],
    [
      'with a number for a code',
      '{"error":{"code":400,"message":"x"}}',
      { type: '', code: '', message: 'x', resets: [] },
    ],
    ['that is a page', '<html>', null],
    ['that is not there', null, null],
    ['that is null', '{"error":null}', null],
    ['that is no object', '[1]', null],
  ])('%s is read', (_, body, error) => {
    expect(parseError(body)).toEqual(error);
  });

  test('is told by its finest name, or by its status', () => {
    expect(evidenceOf(429, known)).toBe('HTTP 429 rate_limit_exceeded: Slow.');
    expect(evidenceOf(429, null)).toBe('HTTP 429');
    expect([wordsOf(429, known), wordsOf(429, null)]).toEqual(['Slow.', 'HTTP 429']);
  });

  test.each([
    ['Incorrect API key provided: sk-test-abcdef123456.', 'Incorrect API key provided: sk-….'],
    ['Incorrect API key provided: sk-proj-********cdef.', 'Incorrect API key provided: sk-….'],
    ['Authorization: Bearer abcdefgh12345678 is bad', 'Authorization: Bearer … is bad'],
    ['token eyJhbGciOi.eyJzdWIi.c2ln expired', 'token eyJ… expired'],
    ['refresh rt_abcdef123456 reused', 'refresh rt-… reused'],
    ['x'.repeat(500), 'x'.repeat(160)],
  ])('is cut short and without secrets: %s', (text, excerpt) => {
    expect(excerptOf(text)).toBe(excerpt);
  });
});
