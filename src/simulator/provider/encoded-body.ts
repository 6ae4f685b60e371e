import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Exchange, Headers } from '../http/exchange.ts';
import type { Encoding } from './fault.ts';

const compress: Readonly<Record<NonNullable<Encoding>, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gzipSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
};

/** Sends a body, compressed if so asked. */
export function sendEncoded(
  exchange: Exchange,
  answer: {
    status: number;
    headers: Headers;
    content: { type: string; text: string };
    encoding: Encoding;
  },
): void {
  const { status, encoding, content } = answer;
  const plain = Buffer.from(content.text);
  const headers: Headers = [['content-type', content.type], ...answer.headers];
  if (encoding === undefined) exchange.send(status, headers, plain);
  else exchange.send(status, [...headers, ['content-encoding', encoding]], compress[encoding](plain));
}

export function sendJson(exchange: Exchange, answer: { status?: number; headers?: Headers; body: unknown }): void {
  const headers: Headers = [['content-type', 'application/json'], ...(answer.headers ?? [])];
  exchange.send(answer.status ?? 200, headers, Buffer.from(JSON.stringify(answer.body)));
}

export const badGatewayPage =
  '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center></body></html>';
