import { describe, expect, test } from 'bun:test';
import { readElement } from './json-array.ts';

const elements = [
  { text: 'plain' },
  { text: 'brackets ]}{[ and "quotes" \\ and \\" and é €' },
  { nested: { list: [{ a: 1 }, [], {}], text: '}' } },
  {},
];
const bytes = Buffer.from(`[${elements.map((each) => JSON.stringify(each, null, 1)).join('\r\n,\r\n')}\r\n]`);

function readAll(buffer: Buffer): unknown[] {
  const found: unknown[] = [];
  for (let each = readElement(buffer, 0); each !== null; each = readElement(buffer, each.end)) {
    found.push(JSON.parse(each.data));
  }
  return found;
}

describe('the elements of a JSON array', () => {
  test('are read one by one', () => {
    expect(readAll(bytes)).toEqual(elements);
  });

  test('are the same wherever the bytes are split', () => {
    for (let split = 0; split <= bytes.length; split += 1) {
      const first = readAll(bytes.subarray(0, split));
      expect(first).toEqual(elements.slice(0, first.length));
      let from = 0;
      for (
        let each = readElement(bytes.subarray(0, split), 0);
        each !== null;
        each = readElement(bytes.subarray(0, split), from)
      )
        from = each.end;
      expect([...first, ...readAll(bytes.subarray(from))]).toEqual(elements);
    }
  });

  test.each(['', '[', '[]', '\r\n\r\n[', '[{"a":"', '[{"a":"}\\"}"', '[{"a":{}'])('are none yet in %j', (text) => {
    expect(readElement(Buffer.from(text), 0)).toBeNull();
  });
});
