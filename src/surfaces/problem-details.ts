import { problemCodes, type Problem, type ProblemCode } from '../core/problem.ts';

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

/** What a code says of itself; it is the same each time (RFC 9457, section 3.1.3). */
const titles = {
  invalid: 'The request is not valid',
  unauthorized: 'A token is needed',
  forbidden: 'This is not allowed',
  not_found: 'There is no such thing',
  conflict: 'This does not go with what is there',
  too_large: 'The request is too large',
  exhausted: 'No account can serve now',
  internal: 'Something went wrong inside Stint',
  upstream: 'A provider is in trouble',
  unavailable: 'Stint cannot do this now',
} as const satisfies Record<ProblemCode, string>;

/** A problem as RFC 9457 has it: `detail` is the sentence, `hint` the next step, `retryAt` in epoch milliseconds. */
export type ProblemDetails = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly hint: string | null;
  readonly retryAt?: number;
};

export const problemType = 'application/problem+json';

/** The form that every surface shows; `status` where HTTP has a closer one than the code’s own. */
export function problemDetails(problem: Problem, status: number = problemStatus[problem.code]): ProblemDetails {
  return {
    type: `urn:stint:problem:${problem.code}`,
    title: titles[problem.code],
    status,
    detail: problem.message,
    code: problem.code,
    hint: problem.hint ?? null,
    ...(problem.retryAt === undefined ? {} : { retryAt: problem.retryAt }),
  };
}

/** A sentence that names flags, for those who give fields; a command line stays one. */
export function inFieldWords(text: string): string {
  if (text.includes('stint ')) return text;
  return text.replaceAll(/--([a-z]+(?:-[a-z]+)*)/g, (_, flag: string) =>
    flag.replaceAll(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase()),
  );
}

/** Its JSON Schema. */
export const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'hint'],
  properties: {
    type: { type: 'string', enum: problemCodes.map((code) => `urn:stint:problem:${code}`) },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string', description: 'What went wrong, in one sentence' },
    code: { type: 'string', enum: problemCodes },
    hint: { type: ['string', 'null'], description: 'The next step, a command where there is one' },
    retryAt: { type: 'integer', description: 'From when on it can succeed, in epoch milliseconds' },
  },
} as const;
