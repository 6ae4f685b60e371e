import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Exchange, Headers } from '../http/exchange.ts';
import type { Fault } from './fault.ts';

export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'overloaded_error'
  | 'api_error';

/** An answer that is not a message, before it is sent. */
export interface ErrorAnswer {
  readonly status: number;
  readonly type: ErrorType;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly headers?: Headers;
}

const compress: Readonly<Record<NonNullable<Fault['encoding']>, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gzipSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
};

function errorBody(answer: ErrorAnswer, requestId: string): string {
  const { type, message, details } = answer;
  const error = details === undefined ? { type, message } : { type, message, details };
  return JSON.stringify({ type: 'error', error, request_id: requestId });
}

export function sendError(
  exchange: Exchange,
  answer: ErrorAnswer,
  how: { requestId: string; encoding?: Fault['encoding'] },
): void {
  const content = { type: 'application/json', text: errorBody(answer, how.requestId) };
  const headers: Headers = [...(answer.headers ?? []), ['request-id', how.requestId]];
  sendEncoded(exchange, { status: answer.status, headers, content, encoding: how.encoding });
}

/** Sends a body, compressed if so asked. */
export function sendEncoded(
  exchange: Exchange,
  answer: {
    status: number;
    headers: Headers;
    content: { type: string; text: string };
    encoding: Fault['encoding'];
  },
): void {
  const { status, encoding, content } = answer;
  const plain = Buffer.from(content.text);
  const headers: Headers = [['content-type', content.type], ...answer.headers];
  if (encoding === undefined) exchange.send(status, headers, plain);
  else exchange.send(status, [...headers, ['content-encoding', encoding]], compress[encoding](plain));
}
