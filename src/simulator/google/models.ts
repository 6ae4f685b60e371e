import { sendJson } from '../provider/encoded-body.ts';
import { estimateTokens } from '../provider/quota-window.ts';
import type { Call } from './call.ts';
import { sendApiError } from './error-answer.ts';
import { unknownModel } from './known-error.ts';
import { usedUp } from './refusal.ts';

const embeddingSize = 16;

/** Sends the list of models, in one page. */
export function sendModels({ exchange, state }: Call): void {
  sendJson(exchange, { body: { models: state.scenario.models.map(describe) } });
}

/** Sends what there is to say of one model. */
export function sendModel({ exchange, model }: Call): void {
  sendJson(exchange, { body: describe(model) });
}

export function sendTokenCount({ exchange, endpoint }: Call): void {
  const totalTokens = estimateTokens(exchange.request.body.length);
  const details = { promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] };
  sendJson(exchange, { body: endpoint.api === 'code_assist' ? { totalTokens } : { totalTokens, ...details } });
}

/** Sends vectors of the right form; they mean nothing. */
export function sendEmbedding(call: Call): void {
  const { exchange, credential, endpoint, model, now } = call;
  const inputTokens = estimateTokens(exchange.request.body.length);
  const window = credential.quota.admit({ model, inputTokens }, now);
  if (window !== undefined) sendApiError(exchange, usedUp(window, call), call);
  else {
    const embedding = { values: Array.from({ length: embeddingSize }, (_, index) => index / embeddingSize) };
    sendJson(exchange, { body: endpoint.method === 'embedContent' ? { embedding } : { embeddings: [embedding] } });
  }
}

/** Refuses a model that the scenario does not have; true when it did. */
export function refuseUnknownModel(call: Call): boolean {
  const { exchange, state, model, endpoint } = call;
  if (state.scenario.models.includes(model)) return false;
  sendApiError(exchange, unknownModel(model, endpoint.version), call);
  return true;
}

function describe(id: string): object {
  const displayName = id
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ');
  const methods = id.includes('embedding')
    ? ['embedContent', 'countTokens']
    : ['generateContent', 'countTokens', 'createCachedContent', 'batchGenerateContent'];
  return {
    name: `models/${id}`,
    version: '001',
    displayName,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: methods,
  };
}
