import { sendJson } from '../provider/encoded-body.ts';
import { sendTruncated } from '../provider/fault-play.ts';
import { estimateTokens } from '../provider/quota-window.ts';
import { answerTo } from './answer.ts';
import type { Call } from './call.ts';
import { contentChunks, type ContentMeta, wholeContent } from './content-form.ts';
import type { ContentRequest } from './content-request.ts';
import { streamContent } from './content-stream.ts';
import { type Endpoint, framingOf, isStream } from './endpoint.ts';
import { sendApiError } from './error-answer.ts';
import { isStreamFault } from './fault.ts';
import { refusalOf, usedUp } from './refusal.ts';

/** Answers a request for content: by the project's quota, else by the scripted answer, which a fault may break. */
export async function handleContent(call: Call, request: ContentRequest): Promise<void> {
  const { exchange, credential, endpoint, model, now } = call;
  const inputTokens = estimateTokens(exchange.request.body.length);
  const window = credential.quota.admit({ model, inputTokens }, now);
  if (window !== undefined) {
    sendApiError(exchange, usedUp(window, call), call);
    return;
  }
  const answer = answerTo(request, credential.name);
  const meta = { id: call.state.nextId(), model, inputTokens };
  if (!isStream(endpoint)) sendWhole(call, enveloped(wholeContent(answer, meta), endpoint, meta));
  else {
    const elements = contentChunks(answer, meta).map((chunk) => enveloped(chunk, endpoint, meta));
    await stream(call, elements);
  }
}

/** Code Assist wraps what the public API sends bare. */
function enveloped(content: object, { api }: Endpoint, { id }: ContentMeta): object {
  return api === 'code_assist' ? { response: content, traceId: id } : content;
}

function sendWhole({ exchange, fault }: Call, body: object): void {
  if (fault?.kind !== 'truncated_json') sendJson(exchange, { body });
  else {
    const headers = [['content-type', 'application/json; charset=UTF-8']] as const;
    sendTruncated(exchange, { headers, body: Buffer.from(JSON.stringify(body)), fault });
  }
}

async function stream(call: Call, elements: readonly object[]): Promise<void> {
  const { exchange, fault } = call;
  const streamFault = fault !== undefined && isStreamFault(fault) ? fault : undefined;
  await streamContent(exchange, {
    elements,
    framing: framingOf(exchange.request),
    deltaDelayMs: call.state.deltaDelayMs,
    fault: streamFault,
    error: streamFault === undefined ? undefined : refusalOf(streamFault.error, call, streamFault),
  });
}
