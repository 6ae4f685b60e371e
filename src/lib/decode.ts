import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzip,
  inflate,
  zstdDecompress,
} from 'node:zlib';
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import { asBuffer } from './as-buffer.ts';

const limits = { maxOutputLength: 4 * 1024 * 1024 };

type Whole = (bytes: Uint8Array) => Promise<Buffer>;
type Limited = (bytes: Uint8Array, options: typeof limits) => Promise<Buffer>;

const unzip: Whole = (bytes) => (promisify(gunzip) as Limited)(bytes, limits);

const whole: ReadonlyMap<string, Whole> = new Map([
  ['gzip', unzip],
  ['x-gzip', unzip],
  ['deflate', (bytes) => (promisify(inflate) as Limited)(bytes, limits)],
  ['br', (bytes) => (promisify(brotliDecompress) as Limited)(bytes, limits)],
  ['zstd', decodeZstd],
]);

const streams: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
  ['zstd', createZstdDecompress],
]);

/** Decodes a body by its Content-Encoding, up to 4 MiB. Null when it is damaged, too large or of an unknown coding. */
export async function decodeBody(bytes: Uint8Array, encoding: string | null): Promise<Buffer | null> {
  let decoded = asBuffer(bytes);
  for (const coding of codings(encoding).reverse()) {
    const decode = whole.get(coding);
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
  return streams.get(coding)?.() ?? null;
}

/** Twice: node:zlib bounds the size but lets a frame pass that was cut, Bun's own is strict but has no bound. */
async function decodeZstd(bytes: Uint8Array): Promise<Buffer> {
  await (promisify(zstdDecompress) as Limited)(bytes, limits);
  return Bun.zstdDecompress(new Uint8Array(bytes));
}

/** The codings in the order in which they were applied; `identity` is none. */
function codings(encoding: string | null): string[] {
  return (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'identity');
}
