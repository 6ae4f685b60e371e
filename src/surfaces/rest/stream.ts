import { Problem } from '../../core/problem.ts';
import { problemDetails } from '../problem-details.ts';

/** How items of a stream are written. */
type Form = {
  readonly type: string;
  readonly head: string;
  readonly keepAlive: string;
  item(item: unknown): string;
  /** The last words of a stream that fails; null where the form has none, and the connection breaks. */
  problem(problem: Problem): string | null;
};

/** Server-Sent Events; the id of an item is where a client goes on (HTML, section 9.2). */
const events: Form = {
  type: 'text/event-stream',
  head: 'retry: 2000\n\n',
  keepAlive: ':\n\n',
  item: (item) => {
    const { id, kind } = item as { readonly id?: unknown; readonly kind?: unknown };
    const name = typeof kind === 'string' ? `event: ${kind.replace(/[\r\n]+/g, ' ')}\n` : '';
    return `${typeof id === 'number' ? `id: ${id}\n` : ''}${name}data: ${JSON.stringify(item)}\n\n`;
  },
  problem: (problem) => `event: problem\ndata: ${JSON.stringify(problemDetails(problem))}\n\n`,
};

const lines: Form = {
  type: 'application/x-ndjson',
  head: '',
  keepAlive: '\n',
  item: (item) => `${JSON.stringify(item)}\n`,
  problem: () => null,
};

export type Streamed = {
  readonly items: AsyncIterator<unknown>;
  /** Ends the items when it is aborted. */
  readonly abort: AbortController;
  /** What ends the stream from outside. */
  readonly ends: readonly AbortSignal[];
  readonly keepAliveMs: number;
  readonly bug: (error: unknown) => void;
};

/** Answers with items as they come, each taken only when the client has read the one before. */
export function streamResponse(accept: string, streamed: Streamed): Response {
  const form = accept.includes(lines.type) ? lines : events;
  return new Response(bodyOf(form, streamed), {
    headers: { 'content-type': form.type, 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}

function bodyOf(form: Form, { items, abort, ends, keepAliveMs, bug }: Streamed): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const stop = (): void => {
    for (const each of ends) each.removeEventListener('abort', stop);
    abort.abort();
    // One that waits at an item which nobody will read is not woken by the signal.
    items.return?.().catch(bug);
  };
  for (const each of ends) each.addEventListener('abort', stop);
  if (ends.some((each) => each.aborted)) stop();
  // What happens from here on is part of it, whenever the client begins to read.
  let next: Promise<IteratorResult<unknown>> | undefined = items.next();
  next.catch(() => undefined);
  let left = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (form.head !== '') controller.enqueue(encoder.encode(form.head));
      },
      async pull(controller) {
        try {
          next ??= items.next();
          const result = await within(keepAliveMs, next);
          if (left) return;
          if (result === undefined) return controller.enqueue(encoder.encode(form.keepAlive));
          next = undefined;
          if (!result.done) return controller.enqueue(encoder.encode(form.item(result.value)));
          stop();
          controller.close();
        } catch (error) {
          stop();
          if (!(error instanceof Problem)) bug(error);
          if (left) return;
          const words = form.problem(error instanceof Problem ? error : internalProblem());
          if (words === null) return controller.error(error);
          controller.enqueue(encoder.encode(words));
          controller.close();
        }
      },
      cancel() {
        left = true;
        stop();
      },
    },
    // Nothing is taken before the client wants it: what a slow one has not read waits in the database.
    { highWaterMark: 0 },
  );
}

export function internalProblem(): Problem {
  return new Problem('internal', 'Internal error; the log has its stack.', { hint: 'See: stint logs' });
}

/** Undefined when it takes longer. */
async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
