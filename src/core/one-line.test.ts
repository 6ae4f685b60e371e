import { describe, expect, test } from 'bun:test';
import { oneLine } from './one-line.ts';

describe('a text on one line', () => {
  test.each([
    ['  a\r\n\tb  ', 9, 'a b'],
    ['a\u001b[31mred\u0007', 9, 'a [31mred'],
    ['left\u202Eright\u200B', 20, 'left right'],
    ['lone \uD800 surrogate', 20, 'lone surrogate'],
    ['12345', 5, '12345'],
    ['123456', 5, '1234…'],
    ['🏁🏁🏁🏁🏁', 5, '🏁🏁🏁🏁🏁'],
    ['🏁🏁🏁🏁🏁🏁', 5, '🏁🏁🏁🏁…'],
    ['', 5, ''],
  ])('of %p, at most %d characters, is %p', (...[text, longest, expected]) => {
    expect(oneLine(text, longest)).toBe(expected);
  });
});
