import { firstElements } from '../../lib/json-field.ts';
import { parseJson } from '../../lib/parse-json.ts';

/**
 * The texts of the first content: Gemini CLI puts what it knows of the folder and the first prompt into it. The system
 * instruction is left out, for the CLI adds to it while a conversation goes on (its memory, its plan mode).
 */
export function openingOf(body: Buffer): string | null {
  const [first] = firstElements(body, 'contents', 1);
  const parts = first === undefined ? undefined : field(parseJson(first.toString('utf8')), 'parts');
  if (!Array.isArray(parts)) return null;
  const texts = parts.map((part: unknown) => field(part, 'text')).filter((text) => typeof text === 'string');
  return texts.length === 0 ? null : JSON.stringify(texts);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
