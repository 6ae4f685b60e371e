const quote = 0x22;
const backslash = 0x5c;

/** An element of a JSON array as its text, and where the next one may begin. */
export type Element = { readonly data: string; readonly end: number };

/**
 * Reads the next whole object of an array that arrives in pieces, from `from` on; null while none is complete. Brackets,
 * commas and space between the objects are passed over.
 */
export function readElement(buffer: Buffer, from: number): Element | null {
  const start = buffer.indexOf(0x7b, from);
  if (start === -1) return null;
  let depth = 0;
  for (let at = start; at < buffer.length; at += 1) {
    switch (buffer[at]) {
      case quote:
        at = closingQuote(buffer, at);
        if (at === -1) return null;
        break;
      case 0x7b:
        depth += 1;
        break;
      case 0x7d:
        depth -= 1;
        if (depth === 0) return { data: buffer.toString('utf8', start, at + 1), end: at + 1 };
        break;
      default:
        break;
    }
  }
  return null;
}

/** The index of the quote that closes the text which opens at `open`; -1 when it has not come yet. */
function closingQuote(buffer: Buffer, open: number): number {
  for (let at = open + 1; at < buffer.length; at += 1) {
    if (buffer[at] === backslash) at += 1;
    else if (buffer[at] === quote) return at;
  }
  return -1;
}
