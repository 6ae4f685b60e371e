import { parseJson } from '../../lib/parse-json.ts';

/** What stands for a signature that is not there: Gemini 3 refuses a call of a function without one. https://ai.google.dev/gemini-api/docs/thought-signatures */
const noSignature = 'skip_thought_signature_validator';

/** The body without the signatures of thoughts, which another project may not be able to read; null when it has none. */
export function withoutForeign(body: Buffer, leavesOut: (made: Buffer) => boolean): Buffer | null {
  if (!body.includes('ignature"')) return null;
  const parsed = parseJson(body.toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('contents' in parsed) || !Array.isArray(parsed.contents))
    return null;
  let found = false;
  const contents: unknown[] = parsed.contents.map((content: unknown) => {
    if (typeof content !== 'object' || content === null || !('parts' in content) || !Array.isArray(content.parts))
      return content;
    return { ...content, parts: content.parts.map((part: unknown) => unsigned(part)) };
  });
  return found ? Buffer.from(JSON.stringify({ ...parsed, contents })) : null;

  function unsigned(part: unknown): unknown {
    const name = typeof part === 'object' && part !== null ? names.find((each) => isForeign(part, each)) : undefined;
    if (name === undefined || !leavesOut(Buffer.from(String((part as Record<string, unknown>)[name])))) return part;
    found = true;
    return { ...(part as object), [name]: noSignature };
  }
}

/** The SDKs write it in either form. */
const names = ['thoughtSignature', 'thought_signature'];

function isForeign(part: object, name: string): boolean {
  const signature = (part as Record<string, unknown>)[name];
  return typeof signature === 'string' && signature !== noSignature;
}
