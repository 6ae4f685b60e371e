import { type Answer, textAnswer } from './script.ts';

/** The one answer of a simulator in a benchmark. */
export type FixedReply = { readonly text: string } | { readonly words: number };

export function fixedAnswer(reply: FixedReply): Answer {
  return 'text' in reply ? textAnswer(reply.text) : { kind: 'words', count: reply.words };
}

export function asksForStream(body: Buffer): boolean {
  return body.includes('"stream":true') || body.includes('"stream": true');
}
