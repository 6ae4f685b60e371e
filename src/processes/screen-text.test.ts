import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { screenText } from './screen-text.ts';

const size = { columns: 10, rows: 4 };

test.each([
  ['lines', 'one\r\ntwo', 'one\ntwo'],
  ['colours and titles', '\u001b]0;title\u0007\u001b[1;31mred\u001b[0m', 'red'],
  ['what was written over', 'aaaa\rbb', 'bbaa'],
  ['what was erased to the end of a line', 'aaaa\u001b[2D\u001b[K', 'aa'],
  ['what was erased to the end of the screen', 'one\r\ntwo\r\nthree\u001b[2;2H\u001b[J', 'one\nt'],
  ['a place that was gone to', '\u001b[2;4Hx\u001b[1;1Hy', 'y\n   x'],
  ['a line that is longer than the screen', '0123456789ab', '0123456789\nab'],
  ['the last lines of many', 'a\r\nb\r\nc\r\nd\r\ne', 'b\nc\nd\ne'],
  ['what came after a reset', 'old\u001bcnew', 'new'],
  ['tabs and letters of two units', 'a\tb\r\n😀c', 'a       b\n😀c'],
])('a screen shows %s', (_, output, shown) => {
  expect(screenText(output, size)).toBe(shown);
});

test('a screen is never larger than it is, whatever is written', () => {
  const pieces = fc.constantFrom(
    'abc',
    '\r\n',
    '\u001b[',
    '\u001b',
    '5',
    ';',
    'H',
    'J',
    'K',
    'A',
    'é',
    '\t',
    '\u001bc',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (written) => {
      const lines = screenText(written.join(''), size).split('\n');
      expect(lines.length).toBeLessThanOrEqual(size.rows);
      for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(size.columns);
    }),
  );
});
