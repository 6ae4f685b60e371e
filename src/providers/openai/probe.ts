import type { ProbeRequest } from '../provider.ts';
import { apiKey } from './credential.ts';

/** The cheapest one that is there for every key. https://platform.openai.com/docs/models */
export const probeModel = 'gpt-5-mini';

/** The smallest request of the Responses API, whose answers have 16 tokens at least; null for a plan. https://platform.openai.com/docs/api-reference/responses/create */
export function probe(kind: string, model: string): ProbeRequest | null {
  if (kind !== apiKey) return null;
  return {
    ask: { door: 'openai', method: 'POST', path: '/v1/responses', search: '' },
    headers: {},
    body: JSON.stringify({ model, input: '.', max_output_tokens: 16, store: false }),
  };
}
