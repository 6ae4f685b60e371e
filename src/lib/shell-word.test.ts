import { expect, test } from 'bun:test';
import { shellWord } from './shell-word.ts';

test.each([
  ['/home/me/.stint', '/home/me/.stint'],
  ['/home/a b', "'/home/a b'"],
  ["it's", "'it'\\''s'"],
  ['$(x)', "'$(x)'"],
  ['', "''"],
])('%j is one word of a shell: %s', (text, word) => {
  expect(shellWord(text)).toBe(word);
  const said = Bun.spawnSync(['sh', '-c', `printf %s ${word}`]);
  expect(said.stdout.toString()).toBe(text);
});
