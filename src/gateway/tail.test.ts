import { expect, test } from 'bun:test';
import { Tail } from './tail.ts';

const text = Array.from({ length: 30_000 }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');

test.each([
  ['in one chunk', [text.length]],
  ['in chunks of a few bytes', Array.from({ length: 3000 }, () => 10)],
  ['with a large chunk last', [100, 100, 29_800]],
  ['with a large chunk first', [29_800, 100, 100]],
  ['with an empty chunk at its end', [30_000, 0]],
])('the last 4 KiB of a stream are kept when it comes %s', (_, sizes) => {
  const tail = new Tail();
  let at = 0;
  for (const size of sizes) tail.push(Buffer.from(text.slice(at, (at += size))));
  expect(at).toBe(text.length);
  expect(text).toEndWith(tail.text());
  expect(tail.text().length).toBeWithin(4096, 8193);
});

test('a short stream is kept whole', () => {
  const tail = new Tail();
  for (const part of ['ab', '', 'c']) tail.push(Buffer.from(part));
  expect(tail.text()).toBe('abc');
});
