const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const colon = 0x3a;
const comma = 0x2c;

/**
 * Reads scalar fields of the object that a JSON text is, in one pass and without building it: large strings are
 * skipped, not copied. Fields that are missing, or whose value is an object or an array, stay undefined; of a
 * duplicate the last counts, as in JSON.parse. A text that is no JSON object gives what was found up to the fault.
 */
export function readFields(json: Buffer, names: readonly string[]): Record<string, string | number | boolean | null> {
  const found: Record<string, string | number | boolean | null> = {};
  eachField(json, names, (name, from, to) => {
    const value = parseScalar(json, from, to);
    if (value === undefined) delete found[name];
    else found[name] = value;
  });
  return found;
}

/** The bytes of the first elements of an array that is a field of the object, at most `most`; empty when it is none. */
export function firstElements(json: Buffer, name: string, most: number): Buffer[] {
  let start = -1;
  eachField(json, [name], (_, from) => {
    start = json[from] === openBracket ? from : -1;
  });
  const elements: Buffer[] = [];
  if (start === -1) return elements;
  let at = skipSpace(json, start + 1);
  while (elements.length < most && at < json.length && json[at] !== closeBracket) {
    const end = skipValue(json, at);
    // No value stands there: the text is no JSON, and going on would never end.
    if (end === at) break;
    elements.push(json.subarray(at, end));
    at = skipSpace(json, skipSpace(json, end) + (json[skipSpace(json, end)] === comma ? 1 : 0));
  }
  return elements;
}

function eachField(
  json: Buffer,
  names: readonly string[],
  visit: (name: string, from: number, to: number) => void,
): void {
  const wanted = names.map((name) => Buffer.from(name));
  let at = json.indexOf(openBrace) + 1;
  while (at > 0 && at < json.length) {
    const keyStart = nextStructural(json, at);
    if (keyStart === -1 || json[keyStart] !== quote) break;
    const keyEnd = stringEnd(json, keyStart);
    if (keyEnd === -1) break;
    const valueStart = skipSpace(json, skipSpace(json, keyEnd + 1) + 1);
    const valueEnd = skipValue(json, valueStart);
    const name = names[wanted.findIndex((each) => isKey(json, each, { from: keyStart + 1, to: keyEnd }))];
    if (name !== undefined) visit(name, valueStart, valueEnd);
    at = valueEnd;
  }
}

function isKey(json: Buffer, name: Buffer, { from, to }: { from: number; to: number }): boolean {
  return to - from === name.length && json.compare(name, 0, name.length, from, to) === 0;
}

/** The next byte that is neither space, comma nor colon; -1 at the end. */
function nextStructural(json: Buffer, from: number): number {
  for (let at = from; at < json.length; at += 1) {
    const byte = json[at] as number;
    if (byte > 0x20 && byte !== comma && byte !== colon) return at;
  }
  return -1;
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (at < json.length && (json[at] as number) <= 0x20) at += 1;
  return at;
}

/** The index of the closing quote of the string that opens at `from`; -1 when it never closes. */
function stringEnd(json: Buffer, from: number): number {
  let at = from;
  for (;;) {
    at = json.indexOf(quote, at + 1);
    if (at === -1) return -1;
    let escapes = 0;
    while (json[at - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
}

/** The index after the value that starts at `from`. */
function skipValue(json: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < json.length; at += 1) {
    switch (json[at]) {
      case quote:
        at = stringEnd(json, at);
        if (at === -1) return json.length;
        if (depth === 0) return at + 1;
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        break;
      case closeBrace:
      case closeBracket:
        if (depth === 0) return at;
        depth -= 1;
        if (depth === 0) return at + 1;
        break;
      case comma:
        if (depth === 0) return at;
        break;
      default:
        break;
    }
  }
  return json.length;
}

const longestScalar = 1024;

function parseScalar(json: Buffer, from: number, to: number): string | number | boolean | null | undefined {
  if (json[from] === openBrace || json[from] === openBracket || to - from > longestScalar) return undefined;
  try {
    return JSON.parse(json.toString('utf8', from, to)) as string | number | boolean | null;
  } catch {
    return undefined;
  }
}
