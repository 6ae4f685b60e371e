import { Problem, problemCodes, type ProblemCode } from '../core/problem.ts';
import { readFrame } from '../lib/sse.ts';

/** Raised when a command of before or after could not make sense of what a daemon answers. */
export const protocol = 1;

/** Calls operations on a running daemon. */
export type Client = {
  call(name: string, input: unknown, signal?: AbortSignal): Promise<unknown>;
  /** Items of an operation that answers with a stream, until `signal` aborts or the daemon stops. */
  stream(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown>;
};

/** The daemon behind a control socket. Throws a Problem `unavailable` when nobody listens there. */
export function socketClient(socket: string, surface: 'cli' | 'mcp' = 'cli'): Client {
  const ask = async (name: string, init: RequestInit): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`http://localhost/api/${name}`, {
        unix: socket,
        ...init,
        headers: { ...(init.headers as Record<string, string>), 'stint-surface': surface },
      });
    } catch (error) {
      throw unreachable(error);
    }
    if (!response.ok) throw problemOf(await response.json().catch(unreadable));
    return response;
  };
  return {
    async call(name, input, signal) {
      const response = await ask(name, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
        ...(signal === undefined ? {} : { signal }),
      });
      return response.json().catch(unreadable);
    },
    async *stream(name, input, signal) {
      try {
        const response = await ask(`${name}?${queryOf(input)}`, { headers: { accept: 'text/event-stream' }, signal });
        if (response.body !== null) yield* itemsOf(response.body, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
    },
  };
}

/** Whether a call failed because nobody answered, and not by what was answered. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Problem && error.code === 'unavailable' && error.cause !== undefined;
}

function unreachable(cause: unknown): Problem {
  return new Problem('unavailable', 'The Stint daemon is not running.', {
    hint: 'Start it with: stint up --detach',
    cause,
  });
}

/** A daemon that dies while it answers leaves half of one. */
function unreadable(error: unknown): never {
  throw unreachable(error);
}

function queryOf(input: unknown): string {
  const given = Object.entries((input ?? {}) as Record<string, unknown>).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

/** The data of each server-sent event; comments keep the connection open and say nothing. */
async function* itemsOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<unknown> {
  let pending = Buffer.alloc(0);
  for await (const chunk of chunksOf(body, signal)) {
    pending = Buffer.concat([pending, chunk]);
    for (let frame = readFrame(pending, 0); frame !== null; frame = readFrame(pending, 0)) {
      pending = pending.subarray(frame.end);
      if (frame.data === '') continue;
      const item: unknown = JSON.parse(frame.data);
      if (frame.name === 'problem') throw problemOf(item);
      yield item;
    }
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  // An abort while nothing is being read does not reach the next read.
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel);
  try {
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw unreachable(error);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function problemOf(body: unknown): Problem {
  const told = ((body as { error?: unknown } | null)?.error ?? body ?? {}) as Record<string, unknown>;
  const { code, hint, retryAt, detail = told['message'] } = told;
  const known = problemCodes.find((each) => each === code) ?? ('internal' satisfies ProblemCode);
  return new Problem(known, typeof detail === 'string' ? detail : 'The daemon gave no usable answer.', {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof retryAt === 'number' ? { retryAt } : {}),
  });
}
