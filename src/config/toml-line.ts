import { parse } from 'smol-toml';

/**
 * Finds the line (from 1) on which the value at `path` is set in a TOML text that parses; undefined when it is not set.
 * Lets the parser itself answer: the first beginning of the text in which the path exists ends with its line, so that
 * quoted, dotted and inline keys need no second grammar.
 */
export function lineOf(toml: string, path: readonly PropertyKey[]): number | undefined {
  // A line that ends with the carriage return alone would not parse.
  const lines = toml.split(/\r?\n/);
  let start = 0;
  for (let end = 1; end <= lines.length; end += 1) {
    const known = parseBeginning(lines.slice(0, end).join('\n'));
    // A value over several lines parses only with its last one.
    if (known === undefined) continue;
    if (has(known, path)) return start + 1;
    start = end;
  }
  return undefined;
}

function parseBeginning(toml: string): unknown {
  try {
    return parse(toml);
  } catch {
    return undefined;
  }
}

function has(value: unknown, path: readonly PropertyKey[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
  return has((value as Record<PropertyKey, unknown>)[key], rest);
}
