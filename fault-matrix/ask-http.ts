import { labelOf, type AccountId } from '../src/core/ids.ts';
import type { VendorRig } from '../test/vendor-rig.ts';
import { partsOf, type Seen } from './answer.ts';
import type { Column } from './column.ts';
import { spanOf } from './span.ts';

const prompt = '[[say:one two three]]';
export const answerText = 'one two three';

/** Is told when the first bytes of an answer's body have come. */
export type OnContent = () => void;

/** Asks as the client of the column does, and reads to the end or to the break. */
export async function askOverHttp(rig: VendorRig, column: Column, onContent: OnContent): Promise<Seen> {
  const response = await fetch(rig.url + column.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...credentialHeaders(rig.token, column) },
    body: JSON.stringify(bodyOf(column)),
  });
  const { text, broken } = await readAll(response, onContent);
  const parts = partsOf(text, rig.clock());
  const failed = parts.find(({ error }) => error !== null);
  const seconds = response.headers.get('retry-after');
  const account = response.headers.get('stint-account');
  return {
    status: response.status,
    text: parts.map((each) => each.text).join(''),
    complete: parts.some(({ ends }) => ends),
    error: failed?.error ?? null,
    errorStatus: failed?.status ?? null,
    retryAfter: seconds === null ? (failed?.retryAfter ?? null) : spanOf(Number(seconds) * 1000),
    broken: broken ? 'the stream breaks' : null,
    account: account === null ? null : labelOf(account as AccountId),
  };
}

function credentialHeaders(token: string, { family }: Column): Record<string, string> {
  if (family === 'google') return { 'x-goog-api-key': token };
  return { authorization: `Bearer ${token}`, ...(family === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}) };
}

function bodyOf({ family, model, way }: Column): object {
  const stream = way === 'streamed' ? { stream: true } : {};
  switch (family) {
    case 'anthropic':
      return { model, max_tokens: 100, messages: [{ role: 'user', content: prompt }], ...stream };
    case 'google':
      return { contents: [{ role: 'user', parts: [{ text: prompt }] }] };
    case 'openai key':
    case 'openai plan':
      return { model, store: false, input: [userMessage()], ...stream };
  }
}

export function userMessage(): object {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text: prompt }] };
}

async function readAll(response: Response, onContent: OnContent): Promise<{ text: string; broken: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const bytes of response.body ?? []) {
      if (text === '') onContent();
      text += decoder.decode(bytes, { stream: true });
    }
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}
