import type { Context } from 'hono';
import { Problem } from '../../core/problem.ts';
import { Refusal, seeDocument } from './refusal.ts';

/** Far more than the longest input of an operation. */
export const mostBodyBytes = 1024 * 1024;
/** Inputs are flat; a parser that recurses is not to be tried. */
const mostDepth = 32;

export function refuseLargeBody(): never {
  throw new Problem('too_large', 'The body is too large: the control API takes at most 1 MiB.', { hint: seeDocument });
}

/** The fields of a body; none where there is no body. Only JSON is taken, which a form of another page cannot send. */
export async function readFields(c: Context): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text === '') return {};
  if (!isJson(c.req.header('content-type') ?? '')) {
    throw new Refusal([415, 'invalid'], 'The control API takes JSON only.', {
      hint: 'Send the header "Content-Type: application/json".',
    });
  }
  if (depthOf(text) > mostDepth) {
    throw new Problem('invalid', `The body is nested more than ${mostDepth} deep.`, { hint: seeDocument });
  }
  const value = parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Problem('invalid', 'The body takes an object with its fields.', { hint: seeDocument });
}

function isJson(contentType: string): boolean {
  return /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(contentType);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('invalid', 'The body is not JSON.', { hint: 'Send an object with the operation’s fields.' });
  }
}

/** How deep arrays and objects lie in one another, before anything parses them. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at];
    if (inText) {
      if (char === '\\') at += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, (depth += 1));
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
}
