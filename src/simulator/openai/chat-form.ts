import { type Answer, stepCommand, textDeltas } from '../provider/script.ts';
import type { ErrorObject } from './error-answer.ts';

/** A chat completion before it is rendered. */
export interface Completion {
  readonly id: string;
  readonly model: string;
  /** Epoch s. */
  readonly createdAt: number;
  readonly answer: Answer;
  readonly inputTokens: number;
}

/** A completion's chunks in three parts: a fault in the middle falls between two deltas. */
export interface CompletionChunks {
  readonly opening: Buffer;
  readonly deltas: readonly Buffer[];
  readonly closing: Buffer;
}

export function chatOutputTokens(answer: Answer): number {
  return answer.kind === 'tool' ? 2 : textDeltas(answer).length;
}

export function completionChunks(completion: Completion, includeUsage: boolean): CompletionChunks {
  const { answer } = completion;
  const chunk = (delta: object, finish: string | null = null): Buffer =>
    dataEvent({
      ...metaOf(completion, 'chat.completion.chunk'),
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(includeUsage ? { usage: null } : {}),
    });
  const usage = dataEvent({
    ...metaOf(completion, 'chat.completion.chunk'),
    choices: [],
    usage: usageOf(completion),
  });
  return {
    opening: chunk({ role: 'assistant', ...(answer.kind === 'tool' ? callStart(completion) : { content: '' }) }),
    deltas: deltasOf(answer).map((delta) => chunk(delta)),
    closing: Buffer.concat([chunk({}, finishReason(answer)), ...(includeUsage ? [usage] : []), doneEvent]),
  };
}

export function completionJson(completion: Completion): object {
  const { answer } = completion;
  const message =
    answer.kind === 'tool'
      ? { role: 'assistant', content: null, tool_calls: [toolCall(completion, argumentsOf(answer.step))] }
      : { role: 'assistant', content: textDeltas(answer).join(''), refusal: null };
  return {
    ...metaOf(completion, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(answer) }],
    usage: usageOf(completion),
  };
}

/** An error inside a stream of chunks. */
export function errorChunk({ message, type, code, param }: ErrorObject): Buffer {
  return dataEvent({ error: { message, type: type ?? 'server_error', param: param ?? null, code: code ?? null } });
}

const doneEvent = Buffer.from('data: [DONE]\n\n');

function dataEvent(data: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
}

function metaOf({ id, model, createdAt }: Completion, object: string): object {
  return { id: `chatcmpl-${id}`, object, created: createdAt, model, system_fingerprint: 'fp_test' };
}

function callStart(completion: Completion): object {
  return { content: null, tool_calls: [{ index: 0, ...toolCall(completion, '') }] };
}

function toolCall({ id, answer }: Completion, args: string): object {
  if (answer.kind !== 'tool') throw new Error('a text calls no tool');
  return { id: `call_${id}`, type: 'function', function: { name: answer.tool, arguments: args } };
}

function deltasOf(answer: Answer): object[] {
  if (answer.kind !== 'tool') return textDeltas(answer).map((content) => ({ content }));
  const args = argumentsOf(answer.step);
  const middle = args.length >> 1;
  return [args.slice(0, middle), args.slice(middle)].map((piece) => ({
    tool_calls: [{ index: 0, function: { arguments: piece } }],
  }));
}

function argumentsOf(step: number): string {
  return JSON.stringify({ command: stepCommand(step) });
}

function finishReason(answer: Answer): string {
  return answer.kind === 'tool' ? 'tool_calls' : 'stop';
}

function usageOf({ answer, inputTokens }: Completion): object {
  const outputTokens = chatOutputTokens(answer);
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}
