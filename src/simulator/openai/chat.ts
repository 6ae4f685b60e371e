import { sendJson } from '../provider/encoded-body.ts';
import { sendTruncated } from '../provider/fault-play.ts';
import { estimateTokens } from '../provider/quota-window.ts';
import { type Call, servedHeaders } from './call.ts';
import { chatOutputTokens, type Completion, completionChunks, completionJson, errorChunk } from './chat-form.ts';
import { chatAnswer, type ChatRequest } from './chat-request.ts';
import { sendError } from './error-answer.ts';
import { type Fault, inStream, isStreamError } from './fault.ts';
import { limitProblem } from './limit-error.ts';
import { piecesOf, streamEvents } from './response-stream.ts';
import { streamErrorOf } from './stream-error.ts';
import { spend } from './window.ts';

/** Answers a chat completion, streamed or whole. */
export async function answerChat(call: Call, request: ChatRequest, fault: Fault | undefined): Promise<void> {
  const { exchange, credential, now, state } = call;
  const answer = chatAnswer(request, credential.name);
  const inputTokens = estimateTokens(exchange.request.body.length);
  const demand = { model: request.model, tokens: inputTokens + chatOutputTokens(answer) };
  const limit = limitProblem(credential, demand, now);
  if (limit !== undefined) {
    sendError(exchange, limit, call);
    return;
  }
  spend(credential.windows, demand, now);
  const createdAt = Math.floor(now / 1000);
  const completion: Completion = { id: state.nextId(), model: request.model, createdAt, answer, inputTokens };
  const headers = servedHeaders(call);
  if (request.stream === true) {
    await streamEvents(
      exchange,
      { headers, deltaDelayMs: state.deltaDelayMs, pieceBytes: piecesOf(fault) },
      streamOf(call, request, { completion, fault }),
    );
    return;
  }
  const body = completionJson(completion);
  if (fault?.kind !== 'truncated_json') sendJson(exchange, { headers, body });
  else sendTruncated(exchange, { headers, body: Buffer.from(JSON.stringify(body)), fault });
}

function streamOf(
  call: Call,
  request: ChatRequest,
  { completion, fault: met }: { completion: Completion; fault: Fault | undefined },
): Parameters<typeof streamEvents>[2] {
  const fault = inStream(met);
  const chunks = completionChunks(completion, request.stream_options?.include_usage === true);
  const events = [chunks.opening];
  if (fault === undefined) return { events, paced: chunks.deltas, rest: [chunks.closing], fault };
  const paced = chunks.deltas.slice(0, fault.afterDeltas);
  if (!isStreamError(fault.kind)) return { events, paced, rest: [], fault };
  const error = errorChunk(streamErrorOf(fault, { ...call, model: request.model }));
  if (fault.kind.endsWith('before_content')) return { events: [], paced: [], rest: [error], fault: undefined };
  return { events, paced, rest: [error], fault: undefined };
}
