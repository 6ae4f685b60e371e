import { describe, expect, test } from 'bun:test';
import { readSse, type SseEvent } from './sse-reader.ts';

async function readAll(parts: readonly Uint8Array[]): Promise<SseEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
  return Array.fromAsync(readSse(body));
}

describe('event stream reader', () => {
  test.each(['\n', '\r\n', '\r'])('events survive a split at every byte with the line ending %j', async (ending) => {
    const lines = [': comment', '', 'event: a', 'data: é1', 'data:2', '', 'data', '', 'event: ping', '', 'data: lost'];
    const bytes = new TextEncoder().encode(lines.join(ending));
    const expected = [
      { event: 'a', data: 'é1\n2' },
      { event: 'message', data: '' },
    ];
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await readAll([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
    }
  });
});
