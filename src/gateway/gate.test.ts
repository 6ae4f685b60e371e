import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test';
import { anthropic } from '../providers/anthropic/anthropic.ts';
import { passGate, type Chunks } from './gate.ts';

const start = 'event: message_start\ndata: {"type":"message_start"}\n\n';
const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
const delta = 'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n';
const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';

describe('the gate', () => {
  test('holds neutral events and lets them go with the first content', async () => {
    const source = chunksOf([start, ping, delta, delta]);
    const passed = await passGate(source, anthropic, 'sse');
    expect(passed).toMatchObject({ kind: 'open', pending: null });
    expect(heldOf(passed)).toBe(start + ping + delta);
    expect(source.left()).toBe(1);
  });

  test('sees an error before content, wherever the bytes were split', async () => {
    const text = start + ping + error;
    for (let size = 1; size <= text.length; size += 1) {
      const passed = await passGate(
        chunksOf(text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []),
        anthropic,
        'sse',
      );
      expect(passed).toMatchObject({
        kind: 'failed',
        data: JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
      });
    }
  });

  test('does not take an error after content for one before it', async () => {
    const passed = await passGate(chunksOf([start + delta + error]), anthropic, 'sse');
    expect(passed.kind).toBe('open');
    expect(heldOf(passed)).toBe(start + delta + error);
  });

  test.each([
    ['at 64 events', Array.from({ length: 70 }, () => ping), 64 * ping.length],
    ['at 256 KiB', Array.from({ length: 70 }, () => `event: unknown\ndata: ${'x'.repeat(8170)}`), 256 * 1024],
  ])('opens %s without content', async (...[, chunks, heldBytes]) => {
    const passed = await passGate(chunksOf(chunks), anthropic, 'sse');
    expect(passed.kind).toBe('open');
    const held = heldOf(passed)?.length ?? 0;
    expect(held).toBeGreaterThanOrEqual(heldBytes);
    expect(held).toBeLessThan(heldBytes + 9000);
  });

  test('stays closed with 63 events and fails over on the next', async () => {
    const passed = await passGate(chunksOf([...Array.from({ length: 63 }, () => ping), error]), anthropic, 'sse');
    expect(passed.kind).toBe('failed');
  });

  test.each([
    ['ends', chunksOf([start, ping])],
    ['ends at once', chunksOf([])],
    ['breaks', { next: () => Promise.reject(new Error('ECONNRESET')) }],
  ])('says that a stream is cut that %s before content', async (...[, source]) => {
    expect((await passGate(source, anthropic, 'sse')).kind).toBe('cut');
  });
});

describe('the time of the gate', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('is 15 s; then what it holds goes on, with the read that is under way', async () => {
    const later = Promise.withResolvers<Uint8Array | null>();
    const chunks = [Promise.resolve(bytesOf(start)), later.promise];
    const waiting = Promise.withResolvers<void>();
    const passing = passGate(
      {
        next: () => {
          if (chunks.length === 1) waiting.resolve();
          return chunks.shift() ?? Promise.resolve(null);
        },
      },
      anthropic,
      'sse',
    );
    let passed = false;
    void passing.then(() => (passed = true));
    await waiting.promise;
    jest.advanceTimersByTime(14_999);
    await Promise.resolve();
    expect(passed).toBe(false);
    jest.advanceTimersByTime(1);
    const result = await passing;
    expect(heldOf(result)).toBe(start);
    later.resolve(bytesOf(delta));
    expect(result.kind === 'open' && (await result.pending)).toEqual(bytesOf(delta));
  });
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function chunksOf(texts: readonly string[]): Chunks & { left(): number } {
  const left = [...texts];
  return {
    left: () => left.length,
    next: () => {
      const text = left.shift();
      return Promise.resolve(text === undefined ? null : bytesOf(text));
    },
  };
}

function heldOf(passed: Awaited<ReturnType<typeof passGate>>): string | null {
  return passed.kind === 'cut' ? null : passed.held.toString();
}
