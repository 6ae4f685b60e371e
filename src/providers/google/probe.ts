import type { ProbeRequest } from '../provider.ts';

/** The cheapest one that is there for every key. https://ai.google.dev/gemini-api/docs/models */
export const probeModel = 'gemini-2.5-flash-lite';

/** The smallest request of the Gemini API; null for anything but its keys. https://ai.google.dev/api/generate-content */
export function probe(kind: string, model: string): ProbeRequest | null {
  if (kind !== 'api-key') return null;
  return {
    ask: { door: 'gemini', method: 'POST', path: `/v1beta/models/${model}:generateContent`, search: '' },
    headers: {},
    body: JSON.stringify({
      contents: [{ role: 'user', parts: [{ text: '.' }] }],
      generationConfig: { maxOutputTokens: 1 },
    }),
  };
}
