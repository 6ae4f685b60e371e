import type { ProbeRequest } from '../provider.ts';

/** The cheapest one that is there for every key. https://docs.claude.com/en/docs/about-claude/models/overview */
export const probeModel = 'claude-haiku-4-5';

/** The smallest request of the Messages API; null for credentials of a plan, which only their own client uses unasked. https://docs.claude.com/en/api/messages */
export function probe(kind: string, model: string): ProbeRequest | null {
  if (kind !== 'api-key') return null;
  return {
    ask: { door: 'anthropic', method: 'POST', path: '/v1/messages', search: '' },
    headers: { 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model, max_tokens: 1, messages: [{ role: 'user', content: '.' }] }),
  };
}
