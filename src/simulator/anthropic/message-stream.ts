import { chunk, type Exchange, type Headers, renderHead } from '../http/exchange.ts';
import { breakOff } from '../provider/fault-play.ts';
import type { Answer } from '../provider/script.ts';
import type { Fault, StreamFaultKind } from './fault.ts';
import { errorEvent, type MessageMeta, messageStart, pingEvent, streamContent } from './message-form.ts';
import { accountLimitMessage, expiredToken, internalError, overloaded } from './known-error.ts';

type StreamFault = Fault & { readonly kind: StreamFaultKind };

export interface StreamedMessage {
  readonly headers: Headers;
  readonly meta: MessageMeta;
  readonly answer: Answer;
  readonly fault: StreamFault | undefined;
}

interface StreamCall {
  readonly exchange: Exchange;
  readonly requestId: string;
  readonly deltaDelayMs: number;
}

const errorMessages: Readonly<Record<Fault['errorType'], string>> = {
  overloaded_error: overloaded.message,
  rate_limit_error: accountLimitMessage,
  api_error: internalError.message,
  authentication_error: expiredToken.message,
};

/** Streams a message: at once when nothing slows it, else delta by delta at the pace of script and client. */
export async function streamMessage(call: StreamCall, message: StreamedMessage): Promise<void> {
  const headers: Headers = [
    ['content-type', 'text/event-stream; charset=utf-8'],
    ['cache-control', 'no-cache'],
    ...message.headers,
  ];
  const start = messageStart(message.meta);
  if (message.fault?.kind === 'error_event_before_content') {
    const ping = message.fault.afterPing ? [pingEvent] : [];
    const error = errorEventOf(message.fault, call.requestId);
    call.exchange.open(200, headers, Buffer.concat([start, ...ping, error]));
    call.exchange.end();
    return;
  }
  const content = streamContent(message.answer);
  if (message.fault === undefined && call.deltaDelayMs === 0) {
    const head = renderHead(200, [...headers, ['transfer-encoding', 'chunked']]);
    call.exchange.sendRaw(200, Buffer.concat([head, chunk(start), content.chunks]));
    return;
  }
  call.exchange.open(200, headers, Buffer.concat([start, content.opening]));
  await writeDeltas(
    call,
    message.fault === undefined ? content.deltas : content.deltas.slice(0, message.fault.afterDeltas),
  );
  if (message.fault !== undefined) {
    await endFaulty(call, message.fault);
    return;
  }
  await call.exchange.write(content.closing);
  call.exchange.end();
}

async function writeDeltas({ exchange, deltaDelayMs }: StreamCall, deltas: readonly Buffer[]): Promise<void> {
  for (const delta of deltas) {
    await exchange.pause(deltaDelayMs);
    if (exchange.closed) return;
    await exchange.write(delta);
  }
}

async function endFaulty({ exchange, requestId }: StreamCall, fault: StreamFault): Promise<void> {
  if (fault.kind !== 'error_event_mid') {
    await breakOff(fault, exchange);
    return;
  }
  await exchange.write(errorEventOf(fault, requestId));
  exchange.end();
}

function errorEventOf(fault: StreamFault, requestId: string): Buffer {
  return errorEvent({ type: fault.errorType, message: errorMessages[fault.errorType] }, requestId);
}
