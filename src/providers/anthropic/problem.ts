import type { Problem, ProblemCode } from '../../core/problem.ts';
import { secondMs, type EpochMs } from '../../core/time.ts';

/** Our problems in the words of Anthropic's API. https://docs.claude.com/en/api/errors#http-errors */
const terms: Record<ProblemCode, { status: number; type: string }> = {
  invalid: { status: 400, type: 'invalid_request_error' },
  unauthorized: { status: 401, type: 'authentication_error' },
  forbidden: { status: 403, type: 'permission_error' },
  not_found: { status: 404, type: 'not_found_error' },
  conflict: { status: 409, type: 'invalid_request_error' },
  exhausted: { status: 429, type: 'rate_limit_error' },
  too_large: { status: 413, type: 'request_too_large' },
  upstream: { status: 502, type: 'api_error' },
  unavailable: { status: 503, type: 'api_error' },
  internal: { status: 500, type: 'api_error' },
};

export function renderProblem(
  problem: Problem,
  now: EpochMs,
): { status: number; headers: Record<string, string>; body: string } {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (problem.retryAt !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil((problem.retryAt - now) / secondMs)));
  }
  return { status: terms[problem.code].status, headers, body: bodyOf(problem) };
}

export function renderProblemFrame(problem: Problem): string {
  return `event: error\ndata: ${bodyOf(problem)}\n\n`;
}

function bodyOf(problem: Problem): string {
  const message = problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}`;
  return JSON.stringify({ type: 'error', error: { type: terms[problem.code].type, message } });
}
