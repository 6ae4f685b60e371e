import { describe, expect, test } from 'bun:test';
import { looksSecret } from './secret.ts';

describe('a message', () => {
  test.each([
    'sk-ant-api03-test-0123456789',
    'here it is: sk-test-0123456789',
    '/account_add anthropic work sk-ant-oat01-test-abcdef',
    'AIza-test-0123456789',
    'ya29.test-0123456789',
    '{"claudeAiOauth":{"refreshToken":"abcdefghijkl"}}',
    '{"tokens":{"refresh_token": "abcdefghijkl"}}',
    '-----BEGIN PRIVATE KEY-----\nMIIE',
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.',
    `123456789:${'A'.repeat(35)}`,
    'stint-AbCdEfGhIjKlMnOpQrStUv',
  ])('%j holds a secret', (text) => {
    expect(looksSecret(text)).toBe(true);
  });

  test.each([
    '/status',
    '/pool_use anthropic account=work',
    '/limit_set work for=2h30m model=claude-opus-4-8',
    '/limit_set work until=2026-07-01T18:00:00Z',
    '/pool_explain anthropic session=6f2a7c1e-8f53-4d7e-9a5b-0c1d2e3f4a5b',
    'what is a token?',
    '/pool_show task-force-2',
  ])('%j holds none', (text) => {
    expect(looksSecret(text)).toBe(false);
  });
});
