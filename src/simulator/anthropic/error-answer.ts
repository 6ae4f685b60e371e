import type { Exchange, Headers } from '../http/exchange.ts';
import { sendEncoded } from '../provider/encoded-body.ts';
import type { Encoding } from '../provider/fault.ts';

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

function errorBody(answer: ErrorAnswer, requestId: string): string {
  const { type, message, details } = answer;
  const error = details === undefined ? { type, message } : { type, message, details };
  return JSON.stringify({ type: 'error', error, request_id: requestId });
}

export function sendError(
  exchange: Exchange,
  answer: ErrorAnswer,
  how: { requestId: string; encoding?: Encoding },
): void {
  const content = { type: 'application/json', text: errorBody(answer, how.requestId) };
  const headers: Headers = [...(answer.headers ?? []), ['request-id', how.requestId]];
  sendEncoded(exchange, { status: answer.status, headers, content, encoding: how.encoding });
}
