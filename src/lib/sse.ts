/** One server-sent event: its name, its data with lines joined, and where it ends in the bytes it was read from. */
export type SseFrame = { readonly name: string; readonly data: string; readonly end: number };

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Reads the event that starts at `from`; null while its blank line has not arrived. Comments make a frame without a
 * name. https://html.spec.whatwg.org/multipage/server-sent-events.html (lines end in LF or CRLF)
 */
export function readFrame(bytes: Buffer, from: number): SseFrame | null {
  const end = frameEnd(bytes, from);
  if (end === -1) return null;
  let name = '';
  let data = '';
  let hasData = false;
  for (const line of bytes.toString('utf8', from, end).split(/\r?\n/)) {
    if (line.startsWith('event:')) name = line.slice(6).trimStart();
    if (!line.startsWith('data:')) continue;
    const value = line.charCodeAt(5) === 0x20 ? line.slice(6) : line.slice(5);
    data = hasData ? `${data}\n${value}` : value;
    hasData = true;
  }
  return { name, data, end };
}

/** The index after the blank line that ends the frame; -1 while there is none. */
function frameEnd(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(lineFeed, at) + 1;
    if (at === 0) return -1;
    if (bytes[at] === lineFeed) return at + 1;
    if (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed) return at + 2;
  }
}
