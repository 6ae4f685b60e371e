import type { EpochMs } from './time.ts';

/**
 * The closed vocabulary of expected failures. Each surface has one table from code to its own terms (HTTP status,
 * exit code, sentence).
 */
export const problemCodes = [
  'invalid',
  'unauthorized',
  'forbidden',
  'not_found',
  'conflict',
  'exhausted',
  'too_large',
  'upstream',
  'unavailable',
  'internal',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/**
 * An expected failure: one sentence in the user's words, and in `hint` the next step, a command where there is one.
 * Anything that is thrown and is not a Problem is a bug and is shown as `internal`.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly hint: string | undefined;
  readonly retryAt: EpochMs | undefined;

  constructor(code: ProblemCode, message: string, more: { hint?: string; retryAt?: EpochMs; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
    this.retryAt = more.retryAt;
  }
}
