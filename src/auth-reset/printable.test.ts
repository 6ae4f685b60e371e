import { expect, test } from 'bun:test';
import { printable } from './printable.ts';

for (const [what, output, line] of [
  ['is one line', ' Reset status on 3 credentials\r\n done\n', 'Reset status on 3 credentials done'],
  ['has no colours', '\u001B[1;31mfailed\u001B[0m\u0007 \u202Ereversed', 'failed reversed'],
  ['has no key', 'key sk-ant-api03-test-abcdef is reset', 'key sk-… is reset'],
  ['has no token', 'Authorization: Bearer abcdefgh.ijk', 'Authorization: Bearer …'],
  ['keeps names and paths', '/opt/data/.hermes/auth.json: openai-codex', '/opt/data/.hermes/auth.json: openai-codex'],
] as const) {
  test(`what a command printed ${what}`, () => {
    expect(printable(output)).toBe(line);
  });
}

test('of a long output the end is kept, and no part of a secret', () => {
  const long = printable(`${'word '.repeat(1000)}sk-test-${'x'.repeat(500)} last`);
  expect(long).toEndWith('word sk-… last');
  expect(long).toStartWith('…');
  expect(long.length).toBeLessThanOrEqual(301);
});
