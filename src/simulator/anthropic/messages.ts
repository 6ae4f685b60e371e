import type { Exchange, Headers } from '../http/exchange.ts';
import { sendTruncated } from '../provider/fault-play.ts';
import { estimateTokens } from '../provider/quota-window.ts';
import type { Answer } from '../provider/script.ts';
import { answerTo } from './answer.ts';
import type { Credential } from './credential.ts';
import { sendError } from './error-answer.ts';
import { type Fault, isStreamFault } from './fault.ts';
import { limitHeaders, type Rejection } from './limit-headers.ts';
import { type MessageMeta, messageJson, outputTokensOf } from './message-form.ts';
import type { MessageRequest } from './message-request.ts';
import { admit, type Demand } from './quota.ts';
import { usedUp } from './limit-error.ts';
import { streamMessage } from './message-stream.ts';

/** One authenticated message request. */
export interface MessageCall {
  readonly exchange: Exchange;
  readonly credential: Credential;
  readonly request: MessageRequest;
  readonly requestId: string;
  readonly now: number;
  readonly deltaDelayMs: number;
  /** A fault of the answer itself; others were met before. */
  readonly fault: Fault | undefined;
}

/** Answers a message request: by the quota, else by the scripted answer, which a fault may break. */
export async function handleMessages(call: MessageCall): Promise<void> {
  const { exchange, credential, request, fault } = call;
  const answer = answerTo(request, credential.name);
  const demand = demandOf(call, answer);
  const admission = admit(credential, demand, call.now);
  if (admission.kind === 'used_up') {
    const { requestId, now } = call;
    sendError(exchange, usedUp(admission.window, { credential, now, model: request.model }), { requestId });
    return;
  }
  const headers = successHeaders(call, admission.kind === 'overage' ? admission.window : undefined);
  const meta = metaOf(call, demand);
  if (request.stream === true) {
    const streamFault = fault !== undefined && isStreamFault(fault.kind) ? { ...fault, kind: fault.kind } : undefined;
    await streamMessage(call, { headers, meta, answer, fault: streamFault });
  } else {
    sendWhole(exchange, { headers, body: messageJson(answer, meta), fault });
  }
}

function demandOf(call: MessageCall, answer: Answer): Demand {
  const inputTokens = estimateTokens(call.exchange.request.body.length);
  return { model: call.request.model, inputTokens, outputTokens: outputTokensOf(answer) };
}

function metaOf(call: MessageCall, demand: Demand): MessageMeta {
  return { id: call.requestId.replace('req_', 'msg_'), model: demand.model, inputTokens: demand.inputTokens };
}

function successHeaders(call: MessageCall, overageWindow: Rejection['window'] | undefined): Headers {
  const { credential, now, requestId } = call;
  const window = credential.windows.find(({ name }) => name === overageWindow)?.state(now);
  const rejection: Rejection | undefined =
    window === undefined ? undefined : { window: window.name, resetAt: window.resetAt, overage: 'allowed' };
  return [...limitHeaders(credential, now, rejection), ['request-id', requestId]];
}

function sendWhole(exchange: Exchange, answer: { headers: Headers; body: Buffer; fault: Fault | undefined }): void {
  const headers: Headers = [['content-type', 'application/json'], ...answer.headers];
  if (answer.fault?.kind !== 'truncated_json') {
    exchange.send(200, headers, answer.body);
    return;
  }
  sendTruncated(exchange, { headers, body: answer.body, fault: answer.fault });
}
