import type { Exchange, Headers } from '../http/exchange.ts';
import { acceptWebSocket, asksForWebSocket } from '../http/web-socket.ts';
import { textFrame } from '../http/web-socket-frame.ts';
import { asksForStream, type FixedReply, fixedAnswer } from '../provider/fixed-reply.ts';
import { type Completion, completionChunks, completionJson } from './chat-form.ts';
import { limitHeaders } from './limit-headers.ts';
import { completed, type Reply, replyEvents, sseEvent } from './response-form.ts';
import { wholeStream } from './response-stream.ts';
import { answerItem, outputTokensOf } from './response-item.ts';
import type { SimulatorState } from './state.ts';

const model = 'gpt-6.1-sol';
const inputTokens = 100;

/** Renders the answer once for each form; the first credential's limits are in its headers. */
export function fixedReplies(fixed: FixedReply, state: SimulatorState): (exchange: Exchange) => void {
  const [credential] = state.credentials;
  if (credential === undefined) throw new Error('a scenario has at least one credential');
  const scripted = { answer: fixedAnswer(fixed), tool: undefined };
  const [id, createdAt] = [state.nextId(), Math.floor(state.now() / 1000)];
  const usage = { inputTokens, outputTokens: outputTokensOf(scripted) };
  const output = [answerItem(scripted, id)];
  const reply: Reply = { id: `resp_${id}`, model, createdAt, previousId: null, store: false, output, usage };
  const completion: Completion = { id, model, createdAt, answer: scripted.answer, inputTokens };
  const headers: Headers = [...limitHeaders(credential, state.now()), ['x-request-id', `req_${id}`]];
  const events = Object.values(replyEvents(reply)).flat();
  const chunks = completionChunks(completion, false);
  const responses = {
    streamed: streamed(headers, events.map(sseEvent)),
    whole: Buffer.from(JSON.stringify(completed(reply))),
  };
  const chat = {
    streamed: streamed(headers, [chunks.opening, ...chunks.deltas, chunks.closing]),
    whole: Buffer.from(JSON.stringify(completionJson(completion))),
  };
  const frames = Buffer.concat(events.map((event) => textFrame(JSON.stringify(event))));
  return (exchange) => {
    const { request } = exchange;
    if (asksForWebSocket(request)) {
      acceptWebSocket(exchange, headers, (_, socket) => void socket.sendRaw(frames));
      return;
    }
    const form = request.path.endsWith('/chat/completions') ? chat : responses;
    if (asksForStream(request.body)) exchange.sendRaw(200, form.streamed);
    else exchange.send(200, [['content-type', 'application/json'], ...headers], form.whole);
  };
}

function streamed(headers: Headers, events: readonly Buffer[]): Buffer {
  return wholeStream([['content-type', 'text/event-stream; charset=utf-8'], ...headers], events);
}
