import { expect, test } from 'bun:test';
import { requireResetTarget } from './reset-target.ts';

test.each(['', 'a', '7', 'openai-codex', 'A.b_c-9', 'a'.repeat(64)])('%j may be an auth-reset target', (text) => {
  expect(requireResetTarget(text)).toBe(text);
});

test.each([
  ...['-x', '--help', '.', '..', '_a', ' a', 'a ', 'a b', 'a\n', '\na', 'a/b', '../a', 'a;id', '$(id)', '`id`', 'a|b'],
  ...['a\0', 'é', 'a"', "a'", '*', '~', 'a=b', 'a:b', 'a'.repeat(65), '​a'],
])('%j may not, and the refusal does not repeat it', (text) => {
  expect(() => requireResetTarget(text)).toThrow(
    expect.objectContaining({
      code: 'invalid',
      message:
        'An auth-reset target is up to 64 letters, digits, dots, dashes and underscores, and begins with a letter or a digit.',
    }) as Error,
  );
});
