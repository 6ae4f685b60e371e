/** One event of an event stream; `event` is `message` where the stream names none. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads a body as server-sent events: any line ending, comments skipped, an event without its blank line dropped. */
export async function* readSse(body: ReadableStream<Uint8Array>): AsyncGenerator<SseEvent> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const bytes of body) {
    held += decoder.decode(bytes, { stream: true });
    // A lone CR at the end may be half of a CRLF; it waits for the next bytes.
    const usable = held.endsWith('\r') ? held.length - 1 : held.length;
    const blocks = held.slice(0, usable).split(/\r\n\r\n|\n\n|\r\r/);
    held = (blocks.pop() ?? '') + held.slice(usable);
    for (const block of blocks) {
      const parsed = parseBlock(block);
      if (parsed !== undefined) yield parsed;
    }
  }
}

function parseBlock(block: string): SseEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}
