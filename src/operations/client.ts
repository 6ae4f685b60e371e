import { Problem, problemCodes, type ProblemCode } from '../core/problem.ts';

/** Calls operations on a running daemon. `null` from `connect` means that nobody listens. */
export type Client = { call(name: string, input: unknown, signal?: AbortSignal): Promise<unknown> };

/** The daemon behind a control socket. Throws a Problem `unavailable` when nobody listens there. */
export function socketClient(socket: string): Client {
  return {
    async call(name, input, signal) {
      let response: Response;
      try {
        response = await fetch(`http://localhost/api/${name}`, {
          unix: socket,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(input),
          ...(signal === undefined ? {} : { signal }),
        });
      } catch (error) {
        throw new Problem('unavailable', 'The Stint daemon is not running.', {
          hint: 'Start it with: stint up --detach',
          cause: error,
        });
      }
      const body: unknown = await response.json();
      if (!response.ok) throw problemOf(body);
      return body;
    },
  };
}

function problemOf(body: unknown): Problem {
  const { code, message, hint } = ((body as { error?: Record<string, unknown> } | null)?.error ?? {}) as Record<
    string,
    unknown
  >;
  const known = problemCodes.find((each) => each === code) ?? ('internal' satisfies ProblemCode);
  return new Problem(known, typeof message === 'string' ? message : 'The daemon gave no usable answer.', {
    ...(typeof hint === 'string' ? { hint } : {}),
  });
}
