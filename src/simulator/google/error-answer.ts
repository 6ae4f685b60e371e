import type { Exchange } from '../http/exchange.ts';
import { sendEncoded } from '../provider/encoded-body.ts';
import type { Encoding } from '../provider/fault.ts';
import { type ApiError, errorObject } from './api-error.ts';

/** Sends an error; `inArray` as the only element of a stream's array. */
export function sendApiError(
  exchange: Exchange,
  error: ApiError,
  how: { inArray: boolean; encoding?: Encoding },
): void {
  const text = JSON.stringify(errorObject(error));
  const content = { type: 'application/json; charset=UTF-8', text: how.inArray ? `[${text}\r\n]` : text };
  sendEncoded(exchange, { status: error.code, headers: error.headers ?? [], content, encoding: how.encoding });
}
