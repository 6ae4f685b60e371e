import { parseJson } from '../../lib/parse-json.ts';

/** What OpenAI says of a failure, from an error body, an event of a stream or a message of a WebSocket. */
export type OpenAiError = {
  readonly type: string;
  readonly code: string;
  readonly message: string;
  /** `resets_at`, else `resets_in_seconds`, of `usage_limit_reached`: one number as text, the larger ones epoch seconds. */
  readonly resets: readonly string[];
};

/**
 * Reads an error; null for anything that is not one, such as the HTML page of a proxy in between. Seen forms:
 * `{"error":{…}}`, `{"response":{"error":{…}}}` of `response.failed`, `{"type":"error","code":…}`, `{"detail":"…"}`.
 * https://platform.openai.com/docs/guides/error-codes
 */
export function parseError(body: string | null): OpenAiError | null {
  if (body === null) return null;
  const parsed = parseJson(body);
  const found = errorIn(parsed);
  if (typeof found === 'string') return { type: '', code: '', message: found, resets: [] };
  if (typeof found !== 'object' || found === null) return null;
  const resets = [field(found, 'resets_at'), field(found, 'resets_in_seconds')];
  return {
    type: text(field(found, 'type')),
    code: text(field(found, 'code')),
    message: text(field(found, 'message')),
    resets: resets.filter((each) => typeof each === 'number' || typeof each === 'string').map(String),
  };
}

function errorIn(parsed: unknown): unknown {
  const error = field(parsed, 'error') ?? field(field(parsed, 'response'), 'error') ?? field(parsed, 'detail');
  if (error !== undefined && error !== null) return error;
  return field(parsed, 'type') === 'error' ? parsed : null;
}

/** The names by which an error is known: `code` is the finer one and often null. */
export function namesOf(error: OpenAiError): readonly string[] {
  return [error.code, error.type].filter((name) => name !== '');
}

/** A short text for people and logs: what the provider said, or the bare status. */
export function evidenceOf(status: number, error: OpenAiError | null): string {
  if (error === null) return `HTTP ${status}`;
  const [name = 'error'] = namesOf(error);
  return `HTTP ${status} ${excerptOf(name)}: ${excerptOf(error.message)}`;
}

/** The provider's words alone, for an account that it refuses. */
export function wordsOf(status: number, error: OpenAiError | null): string {
  return error === null || error.message === '' ? `HTTP ${status}` : excerptOf(error.message);
}

/** The start of a provider's text, without what looks like a secret: some repeat a request's headers in their errors. */
export function excerptOf(words: string): string {
  return words
    .slice(0, 2000)
    .replace(/\bbearer[\s:="']+[\w.~+/=-]{8,}/gi, 'Bearer …')
    .replace(/\b(sk|sess|rt)[-_][\w*-]{3,}/gi, '$1-…')
    .replace(/\beyJ[\w-]{4,}(\.[\w-]*){0,2}/g, 'eyJ…')
    .slice(0, 160);
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
