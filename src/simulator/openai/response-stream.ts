import { chunk, type Exchange, type Headers, lastChunk, renderHead } from '../http/exchange.ts';
import { breakOff } from '../provider/fault-play.ts';
import type { ErrorObject } from './error-answer.ts';
import { type Fault, isStreamError } from './fault.ts';
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
export function planStream(reply: Reply, fault: Fault | undefined, error: () => ErrorObject): StreamPlan {
  const { beginning, opening, deltas, closing } = replyEvents(reply);
  const failed = (sequence: number): EventPart =>
    fault?.kind.startsWith('failed') === true ? failedEvent(reply, error(), sequence) : errorEvent(error(), sequence);
  if (fault?.kind === 'failed_before_content' || fault?.kind === 'error_event_before_content') {
    return { events: beginning, paced: [], rest: [failed(beginning.length)], fault: undefined };
  }
  const events = [...beginning, ...opening];
  if (fault === undefined) return { events, paced: deltas, rest: closing, fault };
  const paced = deltas.slice(0, fault.afterDeltas);
  if (isStreamError(fault.kind))
    return { events, paced, rest: [failed(events.length + paced.length)], fault: undefined };
  return { events, paced, rest: [], fault };
}

/** Streams server-sent events: at once when nothing slows them, else delta by delta at the pace of script and client. */
export async function streamEvents(
  exchange: Exchange,
  head: { headers: Headers; deltaDelayMs: number },
  plan: { [Part in 'events' | 'paced' | 'rest']: readonly Buffer[] } & { fault: Fault | undefined },
): Promise<void> {
  const headers: Headers = [
    ['content-type', 'text/event-stream; charset=utf-8'],
    ['cache-control', 'no-cache'],
    ...head.headers,
  ];
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

/** Renders a chunked answer with all its events. */
export function wholeStream(headers: Headers, events: readonly Buffer[]): Buffer {
  const head = renderHead(200, [...headers, ['transfer-encoding', 'chunked']]);
  return Buffer.concat([head, chunk(Buffer.concat(events)), lastChunk]);
}

/** Renders the plan of a reply as server-sent events. */
export function asEvents({ events, paced, rest, fault }: StreamPlan): Parameters<typeof streamEvents>[2] {
  return { events: events.map(sseEvent), paced: paced.map(sseEvent), rest: rest.map(sseEvent), fault };
}
