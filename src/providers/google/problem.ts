import type { Problem, ProblemCode } from '../../core/problem.ts';
import { secondMs, type EpochMs } from '../../core/time.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Framing, Rendered } from '../provider.ts';

/** Our problems in the words of Google's APIs. https://cloud.google.com/apis/design/errors#handling_errors */
const terms: Record<ProblemCode, { code: number; status: string }> = {
  invalid: { code: 400, status: 'INVALID_ARGUMENT' },
  unauthorized: { code: 401, status: 'UNAUTHENTICATED' },
  forbidden: { code: 403, status: 'PERMISSION_DENIED' },
  not_found: { code: 404, status: 'NOT_FOUND' },
  conflict: { code: 409, status: 'ABORTED' },
  exhausted: { code: 429, status: 'RESOURCE_EXHAUSTED' },
  too_large: { code: 413, status: 'INVALID_ARGUMENT' },
  upstream: { code: 502, status: 'UNAVAILABLE' },
  unavailable: { code: 503, status: 'UNAVAILABLE' },
  internal: { code: 500, status: 'INTERNAL' },
};

/**
 * The one form of a 429 that Gemini CLI 0.61.0 neither sleeps on nor retries nor puts into words of its own: without it
 * it tries ten times in four minutes, and with RetryInfo it may sleep for all of that time.
 */
const endsTheTurn = [
  {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'RATE_LIMIT_EXCEEDED',
    domain: 'cloudcode-pa.googleapis.com',
  },
];

export function renderProblem(problem: Problem, now: EpochMs): Rendered {
  const headers: Record<string, string> = { 'content-type': 'application/json; charset=UTF-8' };
  if (problem.retryAt !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil((problem.retryAt - now) / secondMs)));
  }
  const { code } = terms[problem.code];
  return {
    status: code,
    headers,
    body: errorText(problem, code, problem.code === 'exhausted' ? endsTheTurn : undefined),
  };
}

/**
 * Without `data:`, as the clients of Google's SDK expect it: an event with an error in it is a chunk without an answer
 * to them, and Gemini CLI asks again. Inside a stream it retries every 429; a 403 ends the turn with our sentence.
 */
export function renderProblemFrame(problem: Problem, { framing }: { readonly framing: Framing }): string {
  const text = errorText(problem, problem.code === 'exhausted' ? 403 : terms[problem.code].code);
  return frame(text, framing);
}

/** The provider's own error in the same two forms, out of the array in which streams bring it. */
export function renderErrorFrame(
  { body }: { readonly body: string },
  { framing }: { readonly framing: Framing },
): string {
  const parsed = parseJson(body);
  const error: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  return frame(error === undefined ? body.replaceAll(/[\r\n]+/g, ' ') : JSON.stringify(error), framing);
}

/**
 * Ends an answer that was cut, so that Gemini CLI 0.61.0 asks for it again. A broken connection ends its session, and
 * after a tool's result it takes an answer without a finishReason for a whole one. Without an end of its own, the error
 * is seen by Google's SDK also where it arrives together with what was before it.
 */
export const cutText = JSON.stringify({
  error: {
    code: terms.unavailable.code,
    message: 'Stint: the provider cut the answer off; ask for it again.',
    status: terms.unavailable.status,
  },
});

function frame(text: string, framing: Framing): string {
  return framing === 'sse' ? `${text}\r\n\r\n` : `[${text}]\r\n`;
}

function errorText(problem: Problem, code: number, details?: readonly object[]): string {
  const message = problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}`;
  return JSON.stringify({ error: { code, message, status: terms[problem.code].status, details } });
}
