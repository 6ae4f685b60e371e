import type { ProblemCode } from '../../core/problem.ts';

/** Problem code to exit code. */
export const exitCodes = {
  conflict: 1,
  invalid: 2,
  not_found: 3,
  unauthorized: 4,
  forbidden: 4,
  unavailable: 5,
  upstream: 6,
  exhausted: 7,
  too_large: 8,
  internal: 70,
} as const satisfies Record<ProblemCode, number>;
