import { firstElements } from '../../lib/json-field.ts';
import { parseJson } from '../../lib/parse-json.ts';

/**
 * The first message of a conversation, with the marks of the prompt cache left out: those move from turn to turn, and a
 * key with them in it once moved a conversation to another account on every turn (claude-relay-service#334).
 */
export function openingOf(body: Buffer): string | null {
  const [first] = firstElements(body, 'messages', 1);
  if (first === undefined) return null;
  return (
    JSON.stringify(parseJson(first.toString('utf8')), (key, value: unknown) =>
      key === 'cache_control' ? undefined : value,
    ) ?? null
  );
}
