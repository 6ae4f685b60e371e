import { describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { decodeBody, streamDecoder } from './decode.ts';

const text = JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: 'Später. '.repeat(200) } });
const bytes = Buffer.from(text);

const coders: Record<string, (bytes: Uint8Array) => Buffer> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};
const codings = Object.entries(coders);

describe('a body', () => {
  test.each(codings)('that is coded with %s is decoded', async (coding, code) => {
    expect((await decodeBody(code(bytes), coding))?.toString()).toBe(text);
    expect((await decodeBody(code(bytes), ` ${coding.toUpperCase()} `))?.toString()).toBe(text);
  });

  test.each([[null], [''], ['identity'], [' Identity , ']])(
    'with the Content-Encoding %j is as it is',
    async (encoding) => {
      expect((await decodeBody(bytes, encoding))?.toString()).toBe(text);
    },
  );

  test('that is a part of a larger memory is decoded alone', async () => {
    const coded = gzipSync(bytes);
    const around = Buffer.concat([Buffer.from('before'), coded, Buffer.from('after')]);
    expect((await decodeBody(around.subarray(6, 6 + coded.length), 'gzip'))?.toString()).toBe(text);
    expect((await decodeBody(new Uint8Array(around.buffer, around.byteOffset, 6), null))?.toString()).toBe('before');
  });

  test('that is coded twice is decoded in the other order', async () => {
    expect((await decodeBody(brotliCompressSync(gzipSync(bytes)), 'gzip, br'))?.toString()).toBe(text);
    expect(await decodeBody(brotliCompressSync(gzipSync(bytes)), 'br, gzip')).toBeNull();
  });

  test.each(codings)('that is damaged is null: %s', async (coding, code) => {
    const coded = code(bytes);
    expect(await decodeBody(coded.subarray(0, coded.length - 8), coding)).toBeNull();
    expect(await decodeBody(coded.subarray(0, 6), coding)).toBeNull();
    expect(await decodeBody(Buffer.from(`not ${coding} at all, in plain words`), coding)).toBeNull();
  });

  test.each(codings)('that lacks its last byte after many blocks is null: %s', async (coding, code) => {
    const coded = code(Buffer.from(Array.from({ length: 500_000 }, (_, index) => (index * index * 7919) >> 5)));
    expect(await decodeBody(coded, coding)).toHaveLength(500_000);
    expect(await decodeBody(coded.subarray(0, -1), coding)).toBeNull();
  });

  test.each([['compress'], ['gzip, unknown'], ['unknown, gzip'], ['constructor'], ['__proto__']])(
    'with the Content-Encoding %j, which we do not know, is null',
    async (encoding) => {
      expect(await decodeBody(gzipSync(bytes), encoding)).toBeNull();
    },
  );

  test.each(codings)('that grows beyond 4 MiB is null: %s', async (coding, code) => {
    const limit = 4 * 1024 * 1024;
    expect((await decodeBody(code(Buffer.alloc(limit)), coding))?.length).toBe(limit);
    expect(await decodeBody(code(Buffer.alloc(limit + 1)), coding)).toBeNull();
  });
});

describe('a body that arrives bit by bit', () => {
  test.each(codings)('is decoded before it is whole: %s', async (coding, code) => {
    const decoder = streamDecoder(coding);
    if (decoder === null) throw new Error(`no decoder for ${coding}`);
    const chunks: Buffer[] = [];
    decoder.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(decoder, 'end');
    for (const byte of code(bytes)) decoder.write(Buffer.of(byte));
    decoder.end();
    await ended;
    expect(Buffer.concat(chunks).toString()).toBe(text);
  });

  test.each([[null], [''], ['identity'], ['compress'], ['gzip, br'], ['constructor'], ['__proto__']])(
    'has no decoder for the Content-Encoding %j',
    (encoding) => {
      expect(streamDecoder(encoding)).toBeNull();
    },
  );
});
