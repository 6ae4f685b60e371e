import { readFields } from '../../lib/json-field.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { FrameKind, StreamEnd, Usage } from '../provider.ts';
import { field } from './error.ts';

/** What begins a response or a part of one and holds no words yet, or has nothing to do with it. */
const neutralEvents = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.output_item.added',
  'response.content_part.added',
  'response.reasoning_summary_part.added',
]);

/**
 * Sorts the events of a Responses stream by their name, and the chunks of Chat Completions, which have none.
 * https://platform.openai.com/docs/api-reference/responses-streaming, …/chat-streaming
 */
export function frameKind(name: string, data: string): FrameKind {
  const type = name === '' || name === 'message' ? typeOf(data) : name;
  return type === '' ? chunkKind(data) : eventKind(type);
}

export function eventKind(type: string): FrameKind {
  if (type === 'response.failed' || type === 'error') return 'failed';
  return type.startsWith('response.') && !neutralEvents.has(type) ? 'content' : 'neutral';
}

const typeFirst = '{"type":"';
const longestType = 64;

/** The `type` of an event, which OpenAI writes first; empty when it has none. */
export function typeOf(data: string): string {
  // As OpenAI itself writes it, which is what nearly every event of an answer looks like.
  const end = data.startsWith(typeFirst) ? data.indexOf('"', typeFirst.length) : -1;
  const plain = end === -1 ? '' : data.slice(typeFirst.length, Math.min(end, typeFirst.length + longestType + 1));
  if (plain !== '' && plain.length <= longestType && !plain.includes('\\')) return plain;
  const first = /^\s*\{\s*"type"\s*:\s*"([^"\\]{1,64})"/.exec(data.slice(0, 128))?.[1];
  if (first !== undefined) return first;
  const { type } = readFields(Buffer.from(data), ['type']);
  return typeof type === 'string' ? type : '';
}

/** From this length on a chunk holds words. */
const longestEmptyChunk = 4096;

function chunkKind(data: string): FrameKind {
  if (data.trim() === '[DONE]') return 'content';
  if (/^\s*\{\s*"error"\s*:\s*[{"]/.test(data)) return 'failed';
  if (data.length > longestEmptyChunk) return 'content';
  const chunk = parseJson(data);
  if (isError(chunk)) return 'failed';
  const choices = field(chunk, 'choices');
  return Array.isArray(choices) && choices.some(hasContent) ? 'content' : 'neutral';
}

function isError(chunk: unknown): boolean {
  const error = field(chunk, 'error');
  return error !== undefined && error !== null;
}

/** False for the chunk that only says whose turn it is: `{"role":"assistant","content":""}`. */
function hasContent(choice: unknown): boolean {
  if (typeof field(choice, 'finish_reason') === 'string' || typeof field(choice, 'text') === 'string') return true;
  const delta = field(choice, 'delta');
  if (typeof delta !== 'object' || delta === null) return false;
  return Object.entries(delta).some(([name, value]) => name !== 'role' && value !== null && value !== '');
}

type Ended = 'complete' | 'failed' | null;

/** How the last event that ends a response ends it; `cut` when there is none. */
export function streamEnd(tail: string): StreamEnd {
  const frames = framesOf(tail);
  for (const frame of frames.toReversed()) {
    const ended = endOf(frame);
    if (ended !== null) return ended;
  }
  const [first] = frames;
  return first !== undefined && isRestOfCompleted(first) ? 'complete' : 'cut';
}

export function errorDataOf(tail: string): string | null {
  const failed = framesOf(tail).findLast((frame) => endOf(frame) === 'failed');
  return failed === undefined ? null : dataOf(failed);
}

/** The whole frames of a stream's end; clients drop one whose blank line is missing. */
function framesOf(tail: string): string[] {
  return tail.split(/\r?\n\r?\n/).slice(0, -1);
}

function endOf(frame: string): Ended {
  const name = lineOf(frame, 'event');
  const data = dataOf(frame);
  if (data === null) return null;
  const type = name ?? (data.trim() === '[DONE]' ? '[DONE]' : typeOf(data));
  switch (type) {
    case 'response.completed':
    case 'response.incomplete':
    case '[DONE]':
      return 'complete';
    case 'response.failed':
    case 'error':
      return 'failed';
    case '':
      return endOfChunk(data);
    default:
      return null;
  }
}

/** Compatible vendors leave `[DONE]` out; the last chunk of every one says why it is the last. */
function endOfChunk(data: string): Ended {
  if (frameKind('', data) === 'failed') return 'failed';
  return /"finish_reason"\s*:\s*"/.test(data) ? 'complete' : null;
}

/** `response.completed` holds the answer a second time, so that its beginning may lie in front of the tail. */
function isRestOfCompleted(frame: string): boolean {
  return !/^(event|data|id|retry)?:/.test(frame) && /"usage"\s*:\s*\{\s*"input_tokens"\s*:/.test(frame);
}

function dataOf(frame: string): string | null {
  return lineOf(frame, 'data');
}

function lineOf(frame: string, name: string): string | null {
  const line = frame.split(/\r?\n/).findLast((each) => each.startsWith(`${name}:`));
  return line === undefined ? null : line.slice(name.length + 1).trimStart();
}

/** Counts of Responses, else of Chat Completions, which stand at the end of both. */
export function usageOf(first: string, last: string): Usage {
  const count = (...names: string[]): number | null => {
    for (const name of names) {
      const found = lastCount(last, name) ?? lastCount(first, name);
      if (found !== null) return found;
    }
    return null;
  };
  return {
    inputTokens: count('input_tokens', 'prompt_tokens'),
    outputTokens: count('output_tokens', 'completion_tokens'),
  };
}

function lastCount(text: string, name: string): number | null {
  const at = text.lastIndexOf(`"${name}":`);
  if (at === -1) return null;
  const digits = /^\s*(\d{1,12})/.exec(text.slice(at + name.length + 3, at + name.length + 18))?.[1];
  return digits === undefined ? null : Number(digits);
}

/** An error inside HTTP 200 of an answer in one piece: a response of status `failed`, or an error instead of one. */
export function errorInside(body: Buffer): string | null {
  if (/^\s*\{\s*"error"\s*:\s*\{/.test(body.toString('latin1', 0, 64))) return body.toString('utf8');
  const { object, status, error } = readFields(body, ['object', 'status', 'error']);
  return object === 'response' && status === 'failed' && error === undefined ? body.toString('utf8') : null;
}
