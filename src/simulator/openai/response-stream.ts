import { chunk, type Exchange, type Headers, lastChunk, renderHead } from '../http/exchange.ts';
import { breakOff } from '../provider/fault-play.ts';
import type { ErrorObject } from './error-answer.ts';
import { type Fault, inStream, isStreamError } from './fault.ts';
import { errorEvent, failedEvent, type Reply, replyEvents, sseEvent } from './response-form.ts';
import type { EventPart } from './response-item.ts';

/** How the events of one reply go out; `fault` is one inside the stream. */
export interface StreamPlan {
  readonly events: readonly EventPart[];
  readonly paced: readonly EventPart[];
  readonly rest: readonly EventPart[];
  readonly fault: Fault | undefined;
}

/** Lays out a reply with the fault that meets it: an error event takes the place of what it cuts off. */
export function planStream(reply: Reply, met: Fault | undefined, error: (fault: Fault) => ErrorObject): StreamPlan {
  const fault = inStream(met);
  const { beginning, opening, deltas, closing } = replyEvents(reply);
  const ending = (of: Fault, sequence: number): EventPart =>
    of.kind.startsWith('failed') ? failedEvent(reply, error(of), sequence) : errorEvent(error(of), sequence);
  if (fault?.kind === 'failed_before_content' || fault?.kind === 'error_event_before_content') {
    return { events: beginning, paced: [], rest: [ending(fault, beginning.length)], fault: undefined };
  }
  const events = [...beginning, ...opening];
  if (fault === undefined) return { events, paced: deltas, rest: closing, fault };
  const paced = deltas.slice(0, fault.afterDeltas);
  if (isStreamError(fault.kind))
    return { events, paced, rest: [ending(fault, events.length + paced.length)], fault: undefined };
  return { events, paced, rest: [], fault };
}

/** Streams server-sent events: at once when nothing slows them, else delta by delta at the pace of script and client. */
export async function streamEvents(
  exchange: Exchange,
  head: { headers: Headers; deltaDelayMs: number; pieceBytes?: number | undefined },
  plan: { [Part in 'events' | 'paced' | 'rest']: readonly Buffer[] } & { fault: Fault | undefined },
): Promise<void> {
  const headers: Headers = [
    ['content-type', 'text/event-stream; charset=utf-8'],
    ['cache-control', 'no-cache'],
    ...head.headers,
  ];
  if (head.pieceBytes !== undefined) {
    exchange.open(200, headers);
    await writePieces(exchange, Buffer.concat([...plan.events, ...plan.paced, ...plan.rest]), head.pieceBytes);
    exchange.end();
    return;
  }
  if (head.deltaDelayMs === 0 && plan.fault === undefined) {
    exchange.sendRaw(200, wholeStream(headers, [...plan.events, ...plan.paced, ...plan.rest]));
    return;
  }
  exchange.open(200, headers, Buffer.concat(plan.events));
  for (const delta of plan.paced) {
    await exchange.pause(head.deltaDelayMs);
    if (exchange.closed) return;
    await exchange.write(delta);
  }
  if (plan.fault !== undefined) {
    await breakOff(plan.fault, exchange);
    return;
  }
  await exchange.write(Buffer.concat(plan.rest));
  exchange.end();
}

/** Writes bytes in pieces, each in a turn of its own: together they would arrive as one. */
export async function writePieces(exchange: Exchange, bytes: Buffer, pieceBytes: number): Promise<void> {
  for (let start = 0; start < bytes.length && !exchange.closed; start += pieceBytes) {
    await exchange.write(bytes.subarray(start, start + pieceBytes));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Renders a chunked answer with all its events. */
export function wholeStream(headers: Headers, events: readonly Buffer[]): Buffer {
  const head = renderHead(200, [...headers, ['transfer-encoding', 'chunked']]);
  return Buffer.concat([head, chunk(Buffer.concat(events)), lastChunk]);
}

/** The size of the pieces that a fault asks for. */
export function piecesOf(fault: Fault | undefined): number | undefined {
  return fault?.kind === 'split' ? fault.pieceBytes : undefined;
}

/** Renders the plan of a reply as server-sent events. */
export function asEvents({ events, paced, rest, fault }: StreamPlan): Parameters<typeof streamEvents>[2] {
  return { events: events.map(sseEvent), paced: paced.map(sseEvent), rest: rest.map(sseEvent), fault };
}
