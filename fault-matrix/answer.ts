// What a client makes of the bytes of an answer, whatever its protocol.
import { spanOf } from './span.ts';

/** What a client saw of one answer. */
export type Seen = {
  /** 101 for what came on an open WebSocket. */
  readonly status: number;
  /** The whole text of an answer that came to its end. */
  readonly text: string;
  readonly complete: boolean;
  /** The name of the error: `overloaded_error`, `usage_limit_reached`. */
  readonly error: string | null;
  /** The status that an error in an event has of its own. */
  readonly errorStatus: number | null;
  /** From `Retry-After`, or from where else this client reads it. */
  readonly retryAfter: string | null;
  /** How the connection ended; null when it did as it should. */
  readonly broken: string | null;
  /** Of the account that served, as the gateway tells it. */
  readonly account: string | null;
};

/** A JSON value of which anything may be missing. */
type Loose = { readonly [name: string]: unknown };

/** The parts of an event, or of a whole body, that count. */
export type Part = {
  readonly text: string;
  readonly ends: boolean;
  readonly error: string | null;
  readonly status: number | null;
  readonly retryAfter: string | null;
};

/** The events in a body: server-sent ones, elements of an array, or the body itself. */
export function partsOf(body: string, now: number): Part[] {
  const events = body.startsWith('data:') || /^(event|data):/m.test(body) ? dataLines(body) : jsonTexts(body);
  return events.map((each) => partOf(each, now));
}

function dataLines(body: string): string[] {
  return body.split(/\r?\n/).flatMap((line) => {
    if (line.startsWith('data:')) return [line.slice('data:'.length).trim()];
    return line.startsWith('{') ? [line] : [];
  });
}

/** A body that is one JSON value; an array, also a broken one, counts element by element. */
function jsonTexts(body: string): string[] {
  const whole = parse(body);
  if (Array.isArray(whole)) return whole.map((each) => JSON.stringify(each));
  if (whole !== undefined) return [body];
  return body.split(/^,?\r?\n?(?=\{)/m).flatMap((each) => {
    const text = each.replace(/^\[/, '').trim().replace(/,$/, '');
    return parse(text) === undefined ? [] : [text];
  });
}

/** Reads an event of any of the protocols. */
export function partOf(text: string, now: number): Part {
  const event = (parse(text) ?? {}) as Loose;
  const error = (event['error'] ?? inside(event['response'], 'error') ?? null) as Loose | null;
  return {
    text: textOf(event),
    ends: isEnd(event),
    error: error === null ? errorWithout(event) : nameOf(error),
    status: numberIn(event['status']) ?? numberIn(error?.['code']),
    retryAfter: resetIn(error, now),
  };
}

/** Each protocol's own piece of text. */
function textOf(event: Loose): string {
  const pieces = [
    event['type'] === 'response.output_text.delta' ? event['delta'] : undefined,
    inside(event['delta'], 'text'),
    ...listOf(event['candidates'])
      .flatMap((each) => listOf(inside(each['content'], 'parts')))
      .map((each) => each['text']),
    ...(event['type'] === 'message' ? listOf(event['content']).map((each) => each['text']) : []),
    ...(event['object'] === 'response'
      ? listOf(event['output'])
          .flatMap((each) => listOf(each['content']))
          .map((each) => each['text'])
      : []),
  ];
  return pieces.filter((each) => typeof each === 'string').join('');
}

function isEnd(event: Loose): boolean {
  const { type, object } = event;
  if (type === 'message_stop' || type === 'response.completed' || type === 'message') return true;
  if (object === 'response') return true;
  return listOf(event['candidates']).some((each) => each['finishReason'] !== undefined);
}

/** Google has a status in words, OpenAI a code, Anthropic a type. */
function nameOf({ status, code, type }: Loose): string {
  return [status, code, type].find((each) => typeof each === 'string') ?? 'error';
}

/** The backend of ChatGPT's plans has errors without an `error`. */
function errorWithout(event: Loose): string | null {
  const { detail, type, code } = event;
  if (type === 'error') return typeof code === 'string' ? code : 'error';
  return typeof detail === 'string' ? detail : null;
}

/** Codex reads the reset out of the error itself. */
function resetIn(error: Loose | null, now: number): string | null {
  const at = numberIn(error?.['resets_at']);
  return at === null ? null : spanOf(at * 1000 - now);
}

function inside(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Loose)[name] : undefined;
}

function listOf(value: unknown): readonly Loose[] {
  return Array.isArray(value) ? (value as Loose[]) : [];
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
