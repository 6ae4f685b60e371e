import { sendJson } from '../provider/encoded-body.ts';
import { sendTruncated } from '../provider/fault-play.ts';
import type { Call } from './call.ts';
import { sendError } from './error-answer.ts';
import type { Fault } from './fault.ts';
import { encryptReasoning } from './reasoning.ts';
import { completed, usageOf } from './response-form.ts';
import { asEvents, piecesOf, planStream, streamEvents } from './response-stream.ts';
import { backendProblem, prepareReply } from './responses.ts';
import type { ResponsesRequest } from './responses-request.ts';
import { streamErrorOf } from './stream-error.ts';

/** Answers a request to the Responses API over HTTP, streamed or whole. */
export async function answerResponses(call: Call, request: ResponsesRequest, fault: Fault | undefined): Promise<void> {
  const { exchange, state } = call;
  const problem = backendProblem(call, request);
  const prepared =
    problem === undefined
      ? prepareReply(call, { request, sizeBytes: exchange.request.body.length })
      : ({ kind: 'refused', answer: problem } as const);
  if (prepared.kind === 'refused') {
    sendError(exchange, prepared.answer, call);
    return;
  }
  const { reply, headers } = prepared;
  if (request.stream === true) {
    const plan = planStream(reply, fault, (met) => streamErrorOf(met, { ...call, model: request.model }));
    const head = { headers, deltaDelayMs: state.deltaDelayMs, pieceBytes: piecesOf(fault) };
    await streamEvents(exchange, head, asEvents(plan));
    return;
  }
  if (fault?.kind === 'truncated_json') {
    const body = Buffer.from(JSON.stringify(completed(reply)));
    sendTruncated(exchange, { headers: [['content-type', 'application/json'], ...headers], body, fault });
  } else sendJson(exchange, { headers, body: completed(reply) });
}

/** Answers a compaction: the conversation becomes one item that only its owner can read. */
export function answerCompaction(call: Call, request: ResponsesRequest): void {
  const prepared = prepareReply(call, {
    request: { ...request, store: false },
    sizeBytes: call.exchange.request.body.length,
  });
  if (prepared.kind === 'refused') {
    sendError(call.exchange, prepared.answer, call);
    return;
  }
  const { createdAt, usage } = prepared.reply;
  const id = `cmp_${call.state.nextId()}`;
  const summary = { id, type: 'compaction', encrypted_content: encryptReasoning(call.credential.owner, id) };
  const body = {
    id: prepared.reply.id,
    object: 'response.compaction',
    created_at: createdAt,
    output: [summary],
    usage: usageOf(usage),
  };
  sendJson(call.exchange, { headers: prepared.headers, body });
}
