import { chunk, type Exchange, type Headers, lastChunk, renderHead } from '../http/exchange.ts';
import { breakOff } from '../provider/fault-play.ts';
import { type ApiError, errorObject } from './api-error.ts';
import type { StreamFault } from './fault.ts';
import { framed, type Framing, streamEnd } from './framing.ts';

export interface ContentStream {
  readonly elements: readonly object[];
  readonly framing: Framing;
  readonly deltaDelayMs: number;
  /** A fault of the stream, and the error that it puts into it. */
  readonly fault: StreamFault | undefined;
  readonly error: ApiError | undefined;
}

const contentTypes: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream',
  array: 'application/json; charset=UTF-8',
};

/** Streams content: at once when nothing slows it, else element by element at the pace of script and client. */
export async function streamContent(exchange: Exchange, stream: ContentStream): Promise<void> {
  const headers: Headers = [['content-type', contentTypes[stream.framing]]];
  if (stream.fault === undefined && stream.deltaDelayMs === 0) {
    exchange.sendRaw(200, wholeStream(stream.elements, stream.framing, headers));
    return;
  }
  exchange.open(200, headers);
  for (const bytes of framed(elementsOf(stream), stream.framing)) {
    await exchange.pause(stream.deltaDelayMs);
    if (exchange.closed) return;
    await exchange.write(bytes);
  }
  if (stream.fault !== undefined) await breakOff(stream.fault, exchange);
  if (!exchange.closed) await endStream(exchange, stream.framing);
}

/** Renders a whole response with each element in a chunk of its own. */
export function wholeStream(elements: readonly object[], framing: Framing, headers: Headers): Buffer {
  const head = renderHead(200, [...headers, ['transfer-encoding', 'chunked']]);
  const end = streamEnd(framing);
  const chunks = framed(elements, framing).map((bytes) => chunk(bytes));
  return Buffer.concat([head, ...chunks, ...(end.length > 0 ? [chunk(end)] : []), lastChunk]);
}

function elementsOf({ elements, fault, error }: ContentStream): readonly object[] {
  if (fault === undefined) return elements;
  const inner = error === undefined ? [] : [errorObject(error)];
  if (fault.kind === 'error_event_before_content') return inner;
  const sent = elements.slice(0, fault.afterDeltas);
  return fault.kind === 'error_event_mid' ? [...sent, ...inner] : sent;
}

async function endStream(exchange: Exchange, framing: Framing): Promise<void> {
  const end = streamEnd(framing);
  if (end.length > 0) await exchange.write(end);
  exchange.end();
}
