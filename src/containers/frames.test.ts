import { describe, expect, test } from 'bun:test';
import { frameReader } from './frames.ts';

const stream = Buffer.concat([frame(1, 'out'), frame(2, 'error'), frame(1, ''), frame(1, 'é\n')]);

describe('a multiplexed stream', () => {
  test('is the same wherever it is cut', () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      expect(read([stream.subarray(0, cut), stream.subarray(cut)])).toBe('outerroré\n');
    }
    expect(read([...stream].map((byte) => Buffer.from([byte])))).toBe('outerroré\n');
  });

  test('keeps what came before it was cut off', () => {
    expect(read([stream.subarray(0, 10)])).toBe('ou');
  });

  for (const [what, bytes] of [
    ['plain text', Buffer.from('plain text')],
    ['a head with a stream that there is not', frame(7, 'x')],
    ['a head without its zeros', Buffer.from([1, 0, 9, 0, 0, 0, 0, 1, 65])],
  ] as const) {
    test(`is not ${what}`, () => {
      expect(frameReader(() => undefined)(bytes)).toBe(false);
    });
  }
});

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

function read(chunks: readonly Uint8Array[]): string {
  const parts: Uint8Array[] = [];
  const take = frameReader((bytes) => parts.push(bytes));
  for (const chunk of chunks) expect(take(chunk)).toBe(true);
  return Buffer.concat(parts).toString();
}
