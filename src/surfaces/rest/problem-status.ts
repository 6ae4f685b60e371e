import type { ProblemCode } from '../../core/problem.ts';

/** Problem code to HTTP status. */
export const problemStatus = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  exhausted: 429,
  internal: 500,
  upstream: 502,
  unavailable: 503,
} as const satisfies Record<ProblemCode, number>;
