import { chunk, type Exchange, type Headers, renderHead } from '../http/exchange.ts';
import { asksForStream, type FixedReply, fixedAnswer } from '../provider/fixed-reply.ts';
import { limitHeaders } from './limit-headers.ts';
import { type MessageMeta, messageJson, messageStart, streamContent } from './message-form.ts';
import type { SimulatorState } from './state.ts';

/** Renders the answer once, streamed and whole; the first credential's limits are in its headers. */
export function fixedReplies(reply: FixedReply, state: SimulatorState): (exchange: Exchange) => void {
  const answer = fixedAnswer(reply);
  const [credential] = state.credentials;
  if (credential === undefined) throw new Error('a scenario has at least one credential');
  const requestId = state.nextRequestId();
  const meta: MessageMeta = { id: requestId.replace('req_', 'msg_'), model: 'claude-sonnet-4-5', inputTokens: 100 };
  const headers: Headers = [...limitHeaders(credential, state.now()), ['request-id', requestId]];
  const streamed = Buffer.concat([
    renderHead(200, [...eventStream, ...headers, ['transfer-encoding', 'chunked']]),
    chunk(messageStart(meta)),
    streamContent(answer).chunks,
  ]);
  const body = messageJson(answer, meta);
  const length = ['content-length', String(body.length)] as const;
  const whole = Buffer.concat([renderHead(200, [['content-type', 'application/json'], ...headers, length]), body]);
  return (exchange) => exchange.sendRaw(200, asksForStream(exchange.request.body) ? streamed : whole);
}

const eventStream: Headers = [['content-type', 'text/event-stream; charset=utf-8']];
