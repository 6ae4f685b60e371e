import { isIP } from 'node:net';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Problem } from '../../core/problem.ts';
import type { Caller, OperationContext } from '../../operations/context.ts';
import { isLoopback } from '../../lib/loopback.ts';
import { execute, type AnyOperation } from '../../operations/operation.ts';
import { coerceText, inputFields } from '../../operations/text-input.ts';
import { openApi } from './openapi.ts';
import { problemStatus } from './problem-status.ts';

export type RestDeps = {
  readonly operations: readonly AnyOperation[];
  readonly context: Omit<OperationContext, 'caller'>;
  readonly version: string;
  /** True when the request may use `/api`; only asked on the TCP listener, the socket is private. */
  readonly authorized: (token: string) => boolean;
  /** What the TCP listener was bound to. */
  readonly hostname: string;
  /** A bug: logged with its stack and shown as `internal`. */
  readonly bug: (error: unknown) => void;
};

/** Which listener a request came in on. The control socket is a 0600 file and needs no token. */
export type Via = 'socket' | 'tcp';

/** Far more than the longest input of an operation. */
const mostBodyBytes = 1024 * 1024;

/** The control API: `POST /api/<operation>` for all, `GET` too for those that only read, and `/healthz`. */
export function restApp(deps: RestDeps, via: Via): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok\n'));
  app.use('/api/*', async (c, next) => {
    if (via === 'tcp') admit(c, deps);
    await next();
  });
  app.use('/api/*', bodyLimit({ maxSize: mostBodyBytes, onError: refuseBody }));
  app.get('/api/openapi.json', (c) => c.json(openApi(deps.operations, deps.version)));
  for (const operation of deps.operations) {
    if (operation.hidden?.rest !== undefined || operation.kind === 'stream') continue;
    const path = `/api/${operation.name}`;
    const caller: Caller =
      via === 'socket'
        ? { surface: 'cli', actor: 'owner', scope: 'full' }
        : { surface: 'rest', actor: 'token', scope: 'full' };
    const context: OperationContext = { ...deps.context, caller };
    if (operation.effect === 'read') {
      app.get(path, async (c) =>
        c.json((await execute(operation, queryInput(operation, c.req.queries()), context)) as object),
      );
    }
    app.post(path, async (c) => c.json((await execute(operation, await jsonBody(c), context)) as object));
  }
  const posted = new Set(
    deps.operations.filter((each) => each.hidden?.rest === undefined).map((each) => `/api/${each.name}`),
  );
  app.notFound((c) => {
    const hint = posted.has(c.req.path) ? `Use POST ${c.req.path}` : 'See GET /api/openapi.json';
    return c.json(
      body(new Problem('not_found', `There is no ${c.req.method} ${c.req.path.slice(0, 200)}.`, { hint })),
      404,
    );
  });
  app.onError((error, c) => {
    if (error instanceof Problem) return c.json(body(error), problemStatus[error.code]);
    deps.bug(error);
    return c.json(
      body(new Problem('internal', 'Internal error; the log has its stack.', { hint: 'See: stint logs' })),
      500,
    );
  });
  return app;
}

/** A token, and a Host that is this machine or the configured one: a page that rebinds its own name has neither. */
function admit(c: Context, deps: RestDeps): void {
  const host = (c.req.header('host') ?? '')
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  if (!isLoopback(host) && !isBound(deps.hostname.toLowerCase(), host)) {
    throw new Problem('forbidden', 'This host name is not one of the control API.', {
      hint: 'Use http://127.0.0.1:<port>',
    });
  }
  const token = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  const hint = 'Send "Authorization: Bearer" with the content of the file `token` in Stint’s home.';
  if (token === undefined) throw new Problem('unauthorized', 'The control API needs a token.', { hint });
  if (!deps.authorized(token.trim()))
    throw new Problem('unauthorized', 'This is not the token of this daemon.', { hint });
}

/** A listener on all addresses has those of every network it is on; a name is none of them. */
function isBound(hostname: string, host: string): boolean {
  return hostname === '0.0.0.0' || hostname === '::' ? isIP(host) !== 0 : host === hostname;
}

function refuseBody(): never {
  throw new Problem('too_large', 'The body is too large: the control API takes at most 1 MiB.', {
    hint: 'See GET /api/openapi.json',
  });
}

function queryInput(operation: AnyOperation, queries: Readonly<Record<string, string[]>>): Record<string, unknown> {
  const { fields } = inputFields(operation);
  return Object.fromEntries(Object.entries(queries).map(([name, values]) => [name, coerceText(fields[name], values)]));
}

async function jsonBody(c: Context): Promise<unknown> {
  const text = await c.req.text();
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('invalid', 'The body is not JSON.', { hint: 'Send an object with the operation’s fields.' });
  }
}

function body(problem: Problem): { error: { code: string; message: string; hint: string | null } } {
  return { error: { code: problem.code, message: problem.message, hint: problem.hint ?? null } };
}
