import { expect, test } from 'bun:test';
import { Finder } from './finder.ts';

const stream = Buffer.from(`data: {"text":"ä","finishReason" : "STOP"}${'x'.repeat(300)}`);

test('a pattern is found wherever two chunks meet, and byte by byte', () => {
  for (let at = 0; at <= stream.length; at += 1) {
    expect(found(/"finishReason"\s*:\s*"[A-Z]/, [stream.subarray(0, at), stream.subarray(at)])).toBe(true);
  }
  expect(
    found(
      /"finishReason"/,
      Array.from(stream, (byte) => Buffer.of(byte)),
    ),
  ).toBe(true);
});

test('what is not there is not found', () => {
  expect(found(/"finishReason"\s*:\s*null/, [stream, Buffer.alloc(0), stream])).toBe(false);
});

function found(pattern: RegExp, chunks: readonly Buffer[]): boolean {
  const finder = new Finder(pattern);
  for (const chunk of chunks) finder.look(chunk);
  return finder.found;
}
