import { chunk, lastChunk } from '../http/exchange.ts';
import { type Answer, stepCommand, textDeltas } from '../provider/script.ts';

/** What a message says of itself besides its content. */
export interface MessageMeta {
  readonly id: string;
  readonly model: string;
  readonly inputTokens: number;
}

/** The part of a streamed message that does not differ from one request to the next. */
export interface StreamContent {
  readonly opening: Buffer;
  readonly deltas: readonly Buffer[];
  readonly closing: Buffer;
  readonly outputTokens: number;
  /** All three as chunks with the end of the body, for a client that takes them at once. */
  readonly chunks: Buffer;
}

export const pingEvent = Buffer.from('event: ping\ndata: {"type": "ping"}\n\n');

const cachedWordCounts = 64;
const wordStreams = new Map<number, StreamContent>();

/** Renders the first event of a stream. */
export function messageStart(meta: MessageMeta): Buffer {
  const message = messageOf(meta, { content: [], stopReason: null, outputTokens: 1 });
  return event('message_start', { message });
}

/** Renders what follows the first event; answers of N words are rendered once. */
export function streamContent(answer: Answer): StreamContent {
  if (answer.kind !== 'words') return renderStream(answer);
  const cached = wordStreams.get(answer.count);
  if (cached !== undefined) return cached;
  if (wordStreams.size >= cachedWordCounts) wordStreams.clear();
  const rendered = renderStream(answer);
  wordStreams.set(answer.count, rendered);
  return rendered;
}

/** Renders the whole message for a request that does not stream. */
export function messageJson(answer: Answer, meta: MessageMeta): Buffer {
  const content = [completeBlock(answer)];
  const outputTokens = deltasOf(answer).length;
  return Buffer.from(JSON.stringify(messageOf(meta, { content, stopReason: stopReason(answer), outputTokens })));
}

export function errorEvent(error: { type: string; message: string }, requestId: string): Buffer {
  return event('error', { error: { details: null, ...error }, request_id: requestId });
}

export function outputTokensOf(answer: Answer): number {
  return answer.kind === 'words' ? answer.count : deltasOf(answer).length;
}

function renderStream(answer: Answer): StreamContent {
  const pieces = deltasOf(answer);
  const outputTokens = pieces.length;
  const opening = Buffer.concat([
    event('content_block_start', { index: 0, content_block: emptyBlock(answer) }),
    pingEvent,
  ]);
  const deltas = pieces.map((piece) => event('content_block_delta', { index: 0, delta: deltaOf(answer, piece) }));
  const delta = { stop_reason: stopReason(answer), stop_sequence: null };
  const closing = Buffer.concat([
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta, usage: { output_tokens: outputTokens } }),
    event('message_stop', {}),
  ]);
  const chunks = Buffer.concat([chunk(opening), ...deltas.map((bytes) => chunk(bytes)), chunk(closing), lastChunk]);
  return { opening, deltas, closing, outputTokens, chunks };
}

function messageOf(
  meta: MessageMeta,
  rest: { content: readonly object[]; stopReason: string | null; outputTokens: number },
): object {
  return {
    id: meta.id,
    type: 'message',
    role: 'assistant',
    model: meta.model,
    content: rest.content,
    stop_reason: rest.stopReason,
    stop_sequence: null,
    usage: {
      input_tokens: meta.inputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: rest.outputTokens,
    },
  };
}

function event(type: string, data: object): Buffer {
  return Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

function stopReason(answer: Answer): string {
  return answer.kind === 'tool' ? 'tool_use' : 'end_turn';
}

/** The pieces in which the content arrives, one per output token. */
function deltasOf(answer: Answer): readonly string[] {
  if (answer.kind !== 'tool') return textDeltas(answer);
  if (answer.input !== undefined) return ['', JSON.stringify(answer.input)];
  return ['', '{"command": ', `${JSON.stringify(stepCommand(answer.step))}}`];
}

function deltaOf(answer: Answer, piece: string): object {
  return answer.kind === 'tool'
    ? { type: 'input_json_delta', partial_json: piece }
    : { type: 'text_delta', text: piece };
}

function emptyBlock(answer: Answer): object {
  if (answer.kind !== 'tool') return { type: 'text', text: '' };
  return { type: 'tool_use', id: toolUseId(), name: answer.tool, input: {} };
}

function completeBlock(answer: Answer): object {
  if (answer.kind !== 'tool') return { type: 'text', text: deltasOf(answer).join('') };
  const input = answer.input ?? { command: stepCommand(answer.step) };
  return { type: 'tool_use', id: toolUseId(), name: answer.tool, input };
}

function toolUseId(): string {
  return `toolu_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
}
