import type { VendorName } from '../test/vendor-rig.ts';

/** What a fault is written for: a provider, and for OpenAI the kind of account. */
export type Family = 'anthropic' | 'openai key' | 'openai plan' | 'google';

/** A protocol and the way in which a client asks in it. */
export type Column = {
  readonly title: string;
  readonly family: Family;
  readonly vendor: VendorName;
  /** Below the door. */
  readonly path: string;
  readonly way: 'streamed' | 'whole' | 'socket';
  readonly model: string;
};

const anthropic = {
  family: 'anthropic',
  vendor: 'anthropic login',
  path: '/v1/messages?beta=true',
  model: 'claude-sonnet-4-5',
} as const;
const key = { family: 'openai key', vendor: 'openai key', path: '/v1/responses', model: 'gpt-6.1-sol' } as const;
const plan = { family: 'openai plan', vendor: 'openai plan', path: '/responses', model: 'gpt-6.1-sol' } as const;
const google = { family: 'google', vendor: 'google', model: 'gemini-2.5-pro' } as const;
const content = `/v1beta/models/${google.model}:`;

/** A plan's backend streams only, and a WebSocket knows no other way. */
export const columns: readonly Column[] = [
  { title: 'Anthropic, streamed', ...anthropic, way: 'streamed' },
  { title: 'Anthropic, whole', ...anthropic, way: 'whole' },
  { title: 'Responses HTTP (key), streamed', ...key, way: 'streamed' },
  { title: 'Responses HTTP (key), whole', ...key, way: 'whole' },
  { title: 'Responses HTTP (plan)', ...plan, way: 'streamed' },
  { title: 'Responses WebSocket (key)', ...key, way: 'socket' },
  { title: 'Responses WebSocket (plan)', ...plan, way: 'socket' },
  { title: 'Gemini, streamed (SSE)', ...google, path: `${content}streamGenerateContent?alt=sse`, way: 'streamed' },
  { title: 'Gemini, streamed (array)', ...google, path: `${content}streamGenerateContent`, way: 'streamed' },
  { title: 'Gemini, whole', ...google, path: `${content}generateContent`, way: 'whole' },
];
