import type { FrameKind, StreamEnd, Usage } from '../provider.ts';

/**
 * Sorts the events of a Messages stream. https://docs.claude.com/en/docs/build-with-claude/streaming
 * An event that we do not know is neutral: the gate's own bounds let it through in time.
 */
export function frameKind(name: string): FrameKind {
  switch (name) {
    case 'content_block_delta':
    case 'content_block_stop':
    case 'message_delta':
    case 'message_stop':
      return 'content';
    case 'error':
      return 'failed';
    default:
      return 'neutral';
  }
}

/** A stream is complete with `message_stop`; an `error` event ends it as well, and tells the client so. */
export function streamEnd(tail: string): StreamEnd {
  if (lastEvent(tail, 'message_stop') !== -1) return 'complete';
  return lastEvent(tail, 'error') === -1 ? 'cut' : 'failed';
}

export function errorDataOf(tail: string): string | null {
  const at = lastEvent(tail, 'error');
  if (at === -1) return null;
  return /\ndata: ?([^\r\n]*)/.exec(tail.slice(at))?.[1] ?? null;
}

/** Counts of the last event that has them; `message_start` has the input, `message_delta` the output. */
export function usageOf(first: string, last: string): Usage {
  return {
    inputTokens: lastCount(last, 'input_tokens') ?? lastCount(first, 'input_tokens'),
    outputTokens: lastCount(last, 'output_tokens'),
  };
}

function lastCount(text: string, name: string): number | null {
  const at = text.lastIndexOf(`"${name}":`);
  if (at === -1) return null;
  const digits = /^\s*(\d{1,12})/.exec(text.slice(at + name.length + 3, at + name.length + 18))?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Where the last whole event of this name starts; -1 when there is none. Words inside a JSON text start no line, since
 * newlines are escaped there, and clients drop an event whose blank line is missing.
 */
function lastEvent(tail: string, name: string): number {
  for (let at = tail.length; ; at -= 1) {
    at = tail.lastIndexOf('event:', at);
    if (at === -1) return -1;
    const startsLine = at === 0 || tail[at - 1] === '\n';
    if (startsLine && lineAt(tail, at + 6).trim() === name && hasBlankLine(tail, at)) return at;
    if (at === 0) return -1;
  }
}

function lineAt(tail: string, from: number): string {
  const end = tail.indexOf('\n', from);
  return end === -1 ? tail.slice(from) : tail.slice(from, end);
}

function hasBlankLine(tail: string, from: number): boolean {
  return tail.includes('\n\n', from) || tail.includes('\n\r\n', from);
}

/** An error inside HTTP 200 of an answer in one piece, as its JSON text. */
export function errorInside(body: Buffer): string | null {
  return /^\s*\{\s*"type"\s*:\s*"error"/.test(body.toString('latin1', 0, 64)) ? body.toString('utf8') : null;
}
