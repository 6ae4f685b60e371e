import { Problem, type ProblemCode } from '../../core/problem.ts';

type More = {
  readonly hint: string;
  readonly retryAt?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A problem of HTTP alone, which has a closer status for it than the code’s own. */
export class Refusal extends Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor([status, code]: readonly [number, ProblemCode], message: string, { headers = {}, ...more }: More) {
    super(code, message, more);
    this.status = status;
    this.headers = headers;
  }
}

export const seeDocument = 'See GET /api/openapi.json';
