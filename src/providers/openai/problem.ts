import type { Problem, ProblemCode } from '../../core/problem.ts';
import { secondMs, type EpochMs } from '../../core/time.ts';
import type { Ask, HeldStream, Rendered } from '../provider.ts';
import { parseError } from './error.ts';

type Term = { readonly status: number; readonly type: string; readonly code: string | null; readonly retry: boolean };

/**
 * Our problems in the words of OpenAI's API. What Codex 0.169.0 made of each status, with HTTP and with a WebSocket:
 * it stops at once with our words at 400 and at a 429 of type `usage_limit_reached`, and tries 401, 403 and 413 six times,
 * for 7 s to 13 s. So `forbidden`, which only a person can mend, is a 400. A 500 it explains as "high demand", without our words.
 */
const terms: Record<ProblemCode, Term> = {
  invalid: { status: 400, type: 'invalid_request_error', code: null, retry: false },
  unauthorized: { status: 401, type: 'authentication_error', code: 'invalid_api_key', retry: false },
  forbidden: { status: 400, type: 'permission_error', code: 'account_unavailable', retry: false },
  not_found: { status: 404, type: 'invalid_request_error', code: 'not_found', retry: false },
  conflict: { status: 409, type: 'invalid_request_error', code: 'conflict', retry: false },
  exhausted: { status: 429, type: 'usage_limit_reached', code: 'usage_limit_reached', retry: false },
  too_large: { status: 413, type: 'invalid_request_error', code: 'request_too_large', retry: false },
  upstream: { status: 502, type: 'server_error', code: null, retry: true },
  unavailable: { status: 503, type: 'server_error', code: null, retry: true },
  internal: { status: 502, type: 'server_error', code: null, retry: true },
};

/** Codex waits for as long as Retry-After says, without a bound of its own: it gets none for a limit, and no long one. */
const longestRetryAfterMs = 10 * secondMs;

export function renderProblem(problem: Problem, now: EpochMs): Rendered {
  const { status, retry } = terms[problem.code];
  const headers: Record<string, string> = { 'content-type': 'application/json', ...promoOf(problem) };
  // OpenAI's own SDKs would send a 429 and a 409 again.
  if (!retry) headers['x-should-retry'] = 'false';
  else if (problem.retryAt !== undefined && problem.retryAt - now <= longestRetryAfterMs) {
    headers['retry-after'] = String(Math.max(1, Math.ceil((problem.retryAt - now) / secondMs)));
  }
  return { status, headers, body: JSON.stringify({ error: errorOf(problem, now) }) };
}

/**
 * Ends a held stream. Codex takes the words of a `response.failed` with the code `invalid_prompt` as they are and stops;
 * `usage_limit_reached` it does not know there and tries six times, and `error` events it ignores.
 */
export function renderProblemFrame(problem: Problem, { ask, now }: HeldStream): string {
  const error = errorOf(problem, now);
  if (isChat(ask)) return `data: ${JSON.stringify({ error })}\n\n`;
  return failedFrame({ ...error, code: frameCode(problem) }, now);
}

/** OpenAI's own error, which came with a status. What trying again does not mend has a code that Codex stops at. */
export function renderErrorFrame(
  { status, body }: { readonly status: number; readonly body: string },
  { ask, now }: HeldStream,
): string {
  const known = parseError(body);
  const message = known === null || known.message === '' ? `HTTP ${status}` : known.message;
  const code = known === null || known.code === '' ? null : known.code;
  if (isChat(ask)) {
    return `data: ${JSON.stringify({ error: { message, type: known?.type || 'server_error', param: null, code } })}\n\n`;
  }
  const passes = status < 400 || status >= 500 || status === 408 || status === 429;
  return failedFrame({ message, code: code ?? (passes ? 'server_error' : 'invalid_prompt') }, now);
}

/** Chat Completions has no event that means nothing, and its clients skip comments; Codex counts only events as life. */
export function keepAliveFrame(ask: Ask): string {
  return isChat(ask) ? ': keep-alive\n\n' : 'data: {"type":"keepalive"}\n\n';
}

/** The same on a WebSocket, where Codex knows a limit by its status, and the headers come in the message. */
export function renderSocketProblem(problem: Problem, now: EpochMs): string {
  const { status, retry } = terms[problem.code];
  if (problem.code !== 'exhausted' && !retry)
    return JSON.stringify(failedEvent({ ...errorOf(problem, now), code: frameCode(problem) }, now));
  return JSON.stringify({ type: 'error', status, error: errorOf(problem, now), headers: promoOf(problem) });
}

function isChat({ path }: Ask): boolean {
  return path.endsWith('/completions');
}

function frameCode({ code }: Problem): string {
  return terms[code].retry ? 'server_error' : 'invalid_prompt';
}

function failedFrame(error: object, now: EpochMs): string {
  return `event: response.failed\ndata: ${JSON.stringify(failedEvent(error, now))}\n\n`;
}

function failedEvent(error: object, now: EpochMs): object {
  const response = {
    id: 'resp_stint',
    object: 'response',
    created_at: Math.floor(now / secondMs),
    status: 'failed',
    error,
    incomplete_details: null,
    output: [],
    usage: null,
  };
  return { type: 'response.failed', sequence_number: 0, response };
}

function errorOf(problem: Problem, now: EpochMs): object {
  const { type, code } = terms[problem.code];
  return { message: wordsOf(problem), type, param: null, code, ...resetsOf(problem, now) };
}

function resetsOf({ code, retryAt }: Problem, now: EpochMs): object {
  if (code !== 'exhausted' || retryAt === undefined) return {};
  const resetsAt = Math.ceil(retryAt / secondMs);
  return { resets_at: resetsAt, resets_in_seconds: Math.max(1, Math.ceil((retryAt - now) / secondMs)) };
}

function wordsOf({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message} ${hint}`;
}

const longestPromo = 600;

/** Where Codex shows words of ours beside the reset: "You’ve hit your usage limit. …, or try again at 1:21 PM." */
function promoOf(problem: Problem): Record<string, string> {
  if (problem.code !== 'exhausted') return {};
  const words = wordsOf(problem)
    .replaceAll('’', "'")
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .slice(0, longestPromo)
    .replace(/[\s.]+$/, '');
  return { 'x-codex-promo-message': words };
}
