/** How the elements of a stream are told apart: `alt=sse`, or elements of one JSON array. */
export type Framing = 'sse' | 'array';

/** Frames the elements of a stream from its beginning; what ends the stream is no part of it. */
export function framed(elements: readonly object[], framing: Framing): Buffer[] {
  const texts = elements.map((element) => JSON.stringify(element));
  if (framing === 'sse') return texts.map((text) => Buffer.from(`data: ${text}\r\n\r\n`));
  return texts.map((text, index) => Buffer.from(index === 0 ? `[${text}` : `\r\n,\r\n${text}`));
}

/** What ends a stream: an array is closed, events need no end. */
export function streamEnd(framing: Framing): Buffer {
  return Buffer.from(framing === 'sse' ? '' : '\r\n]');
}
