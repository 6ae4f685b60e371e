import type { Exchange, Headers } from '../http/exchange.ts';
import { sendError } from './error-answer.ts';
import { unknownModel } from './known-error.ts';

const createdAt = '2025-09-29T00:00:00Z';

/** Sends the list of models, in one page. */
export function sendModels(exchange: Exchange, models: readonly string[], requestId: string): void {
  const data = models.map(describe);
  const list = { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
  send(exchange, list, requestId);
}

/** Sends the model that the path names, or not found. */
export function sendModel(exchange: Exchange, models: readonly string[], requestId: string): void {
  const id = exchange.request.path.slice('/v1/models/'.length);
  const found = models.find((model) => model === id || encodeURIComponent(model) === id);
  if (found !== undefined) send(exchange, describe(found), requestId);
  else sendError(exchange, unknownModel(id), { requestId });
}

function describe(id: string): object {
  const name = id
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ');
  return { type: 'model', id, display_name: name, created_at: createdAt };
}

function send(exchange: Exchange, body: object, requestId: string): void {
  const headers: Headers = [
    ['content-type', 'application/json'],
    ['request-id', requestId],
  ];
  exchange.send(200, headers, Buffer.from(JSON.stringify(body)));
}
