import { expect, test } from 'bun:test';
import { asBuffer } from './as-buffer.ts';

test('a part of some bytes is the same part as a Buffer, and the same memory', () => {
  const all = new TextEncoder().encode('before middle after');
  const buffer = asBuffer(all.subarray(7, 13));
  expect(buffer.toString()).toBe('middle');
  all[7] = 'M'.charCodeAt(0);
  expect(buffer.toString()).toBe('Middle');
});
