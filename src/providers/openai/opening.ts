import { firstElements, readFields } from '../../lib/json-field.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { field } from './error.ts';

const mostLooked = 16;
const longestOpening = 4096;

/** Text that a client puts in front of what the user said, the same in many conversations: `<environment_context>…`. */
const context = /^\s*<[a-z_]+[ >]|^\s*# AGENTS\.md/;

/**
 * The client's own key of the prompt cache, where it sends one, and the first words of the user. Instructions are left
 * out: clients put the time of day into them, and a key that moves takes the conversation to another account.
 */
export function openingOf(body: Buffer): string | null {
  const { prompt_cache_key: key, input } = readFields(body, ['prompt_cache_key', 'input']);
  const words = typeof input === 'string' ? input : (firstWords(body, 'input') ?? firstWords(body, 'messages'));
  if (words === null && typeof key !== 'string') return null;
  return JSON.stringify([key ?? null, words?.slice(0, longestOpening) ?? null]);
}

function firstWords(body: Buffer, name: string): string | null {
  let fallback: string | null = null;
  for (const element of firstElements(body, name, mostLooked)) {
    if (readFields(element, ['role'])['role'] !== 'user') continue;
    const words = wordsIn(field(parseJson(element.toString('utf8')), 'content'));
    if (words === null) continue;
    if (!context.test(words)) return words;
    fallback ??= words;
  }
  return fallback;
}

function wordsIn(content: unknown): string | null {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return null;
  const texts = content.map((part: unknown) => field(part, 'text')).filter((text) => typeof text === 'string');
  return texts.length === 0 ? null : texts.join('\n');
}
