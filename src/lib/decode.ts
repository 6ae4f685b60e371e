import { brotliDecompress, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';

const limits = { maxOutputLength: 4 * 1024 * 1024 };

const whole: Record<string, (bytes: Uint8Array) => Promise<Buffer>> = {
  gzip: (bytes) => promisify<Uint8Array, typeof limits, Buffer>(gunzip)(bytes, limits),
  'x-gzip': (bytes) => promisify<Uint8Array, typeof limits, Buffer>(gunzip)(bytes, limits),
  deflate: (bytes) => promisify<Uint8Array, typeof limits, Buffer>(inflate)(bytes, limits),
  br: (bytes) => promisify<Uint8Array, typeof limits, Buffer>(brotliDecompress)(bytes, limits),
  zstd: (bytes) => promisify<Uint8Array, typeof limits, Buffer>(zstdDecompress)(bytes, limits),
};

const streams: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** Decodes a body by its Content-Encoding, up to 4 MiB. Null when it is damaged, too large or of an unknown coding. */
export async function decodeBody(bytes: Uint8Array, encoding: string | null): Promise<Buffer | null> {
  let decoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const coding of codings(encoding).reverse()) {
    const decode = whole[coding];
    if (decode === undefined) return null;
    try {
      decoded = await decode(decoded);
    } catch {
      return null;
    }
  }
  return decoded;
}

/** The decoder for a body that arrives bit by bit; null when it has to be read as it is or cannot be read. */
export function streamDecoder(encoding: string | null): Transform | null {
  const [coding, ...more] = codings(encoding);
  if (coding === undefined || more.length > 0) return null;
  return streams[coding]?.() ?? null;
}

/** The codings in the order in which they were applied; `identity` is none. */
function codings(encoding: string | null): string[] {
  return (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'identity');
}
