import { readElement } from '../../lib/json-array.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { FrameKind, StreamEnd, Usage } from '../provider.ts';

type Chunk = {
  readonly error?: unknown;
  readonly candidates?: readonly {
    readonly content?: { readonly parts?: readonly object[] };
    readonly finishReason?: unknown;
  }[];
  readonly promptFeedback?: { readonly blockReason?: unknown };
};

/** Sorts the chunks of a stream. https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse */
export function frameKind(_: string, data: string): FrameKind {
  const chunk = parseJson(data) as Chunk | null | undefined;
  if (typeof chunk !== 'object' || chunk === null) return 'neutral';
  if (chunk.error !== undefined) return 'failed';
  if (chunk.promptFeedback?.blockReason !== undefined) return 'content';
  if (!Array.isArray(chunk.candidates)) return 'neutral';
  return chunk.candidates.some(isContent) ? 'content' : 'neutral';
}

function isContent(candidate: NonNullable<Chunk['candidates']>[number] | null): boolean {
  if (candidate?.finishReason !== undefined) return true;
  const parts = candidate?.content?.parts;
  return Array.isArray(parts) && parts.some((part: unknown) => isSaid(part));
}

/** An empty text says nothing; a thought, a call of a function and data do. */
function isSaid(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  return Object.entries(part).some(([name, value]) => name !== 'thought' && value !== '' && value !== null);
}

/** Quotes inside a text of the model are escaped, so that these match only what Google wrote. */
export const endMark = /(?<!\\)"(?:finishReason|blockReason)"\s{0,8}:\s{0,8}"[A-Z_]/;
const finish = new RegExp(endMark, 'g');
const failure = /(?:^|[\n,[]|data: ?)\s*(?=\{\s*"error"\s*:)/g;

/**
 * A stream is complete when a chunk that says why it ended is whole: its blank line came, or the bracket that closes
 * the array. Other chunks may follow that one, and the sources of the answer inside it are often longer than the tail.
 */
export function streamEnd(tail: string, ended = false): StreamEnd {
  const at = lastMatch(tail, finish);
  if ((at !== -1 || ended) && isWhole(tail, Math.max(at, 0))) return 'complete';
  if (errorDataOf(tail) !== null) return 'failed';
  return 'cut';
}

function isWhole(tail: string, from: number): boolean {
  return /\r?\n\r?\n/.test(tail.slice(from)) || /\]\s*$/.test(tail.slice(from));
}

export function errorDataOf(tail: string): string | null {
  const at = lastMatch(tail, failure);
  return at === -1 ? null : (readElement(Buffer.from(tail.slice(at)), 0)?.data ?? null);
}

function lastMatch(text: string, pattern: RegExp): number {
  let last = -1;
  for (const match of text.matchAll(pattern)) if (text[match.index - 1] !== '\\') last = match.index;
  return last;
}

/** An error inside HTTP 200 of an answer in one piece, as its JSON text. */
export function errorInside(body: Buffer): string | null {
  return /^\s*(?:\[\s*)?\{\s*"error"\s*:/.test(body.toString('latin1', 0, 256)) ? body.toString('utf8') : null;
}

/** Counts of the last chunk that has them; what the model thought is output, too. */
export function usageOf(first: string, last: string): Usage {
  const text = last.includes('"promptTokenCount"') ? last : first;
  const said = lastCount(text, 'candidatesTokenCount');
  const thought = lastCount(text, 'thoughtsTokenCount');
  return {
    inputTokens: lastCount(text, 'promptTokenCount'),
    outputTokens: said === null && thought === null ? null : (said ?? 0) + (thought ?? 0),
  };
}

function lastCount(text: string, name: string): number | null {
  const at = text.lastIndexOf(`"${name}"`);
  if (at === -1) return null;
  const digits = /^\s*:\s*(\d{1,12})/.exec(text.slice(at + name.length + 2, at + name.length + 32))?.[1];
  return digits === undefined ? null : Number(digits);
}
