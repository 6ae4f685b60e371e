import type { Exchange, Headers } from '../http/exchange.ts';
import { sendEncoded } from '../provider/encoded-body.ts';
import type { Encoding } from '../provider/fault.ts';

/** The `error` object of a body, an event or a frame. */
export interface ErrorObject {
  readonly message: string;
  readonly type?: string | null;
  readonly code?: string | null;
  readonly param?: string | null;
  readonly [field: string]: unknown;
}

/** An answer that is no response, before it is sent. */
export interface ErrorAnswer {
  readonly status: number;
  /** A whole body, or a page. */
  readonly body: { readonly error: ErrorObject; readonly status?: number } | { readonly detail: string } | string;
  readonly headers?: Headers;
}

/** Sends an error over HTTP; a text is a page of HTML. */
export function sendError(
  exchange: Exchange,
  answer: ErrorAnswer,
  how: { requestId: string; encoding?: Encoding },
): void {
  const { status, body } = answer;
  const content =
    typeof body === 'string'
      ? { type: 'text/html', text: body }
      : { type: 'application/json', text: JSON.stringify(body) };
  const headers: Headers = [...(answer.headers ?? []), ['x-request-id', how.requestId]];
  sendEncoded(exchange, { status, headers, content, encoding: how.encoding });
}

/** The error object that a place without a status shows. */
export function errorOf({ status, body }: ErrorAnswer): ErrorObject {
  if (typeof body === 'string') return { message: 'Bad gateway', type: 'server_error', code: null, param: null };
  if ('error' in body) return body.error;
  return {
    message: body.detail,
    type: status < 500 ? 'invalid_request_error' : 'server_error',
    code: null,
    param: null,
  };
}
