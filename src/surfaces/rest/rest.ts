import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secondMs } from '../../core/time.ts';
import { Problem } from '../../core/problem.ts';
import type { Caller, OperationContext } from '../../operations/context.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { coerceText } from '../../operations/text-input.ts';
import { inFieldWords, problemDetails, problemType } from '../problem-details.ts';
import { admit, refuseOddHost, type Admission, type DoorDeps } from './admission.ts';
import { mostBodyBytes, readFields, refuseLargeBody } from './json-body.ts';
import { addLogin, logOut } from './login.ts';
import { openApi } from './openapi.ts';
import { Refusal, seeDocument } from './refusal.ts';
import { resourcePaths } from './resource-paths.ts';
import { operationRoutes, ownValue, routeOf, type Fields, type Route } from './route.ts';
import { internalProblem, streamResponse } from './stream.ts';

export type RestDeps = DoorDeps & {
  readonly operations: readonly AnyOperation[];
  readonly context: Omit<OperationContext, 'caller'>;
  readonly version: string;
  /** MCP, where the daemon has it; it checks no token itself. */
  readonly mcp?: { handle(request: Request, caller: Caller): Promise<Response> };
  /** Ends every stream. */
  readonly stopped: AbortSignal;
  /** A bug: logged with its stack and shown as `internal`. */
  readonly bug: (error: unknown) => void;
  readonly keepAliveMs?: number;
};

/** Which listener a request came in on. The control socket is a 0600 file and needs no token. */
export type Via = 'socket' | 'tcp';

/** `keepOpen` keeps the connection of a request open however long it is silent. */
export type RestEnv = {
  Bindings: { readonly keepOpen?: () => void };
  Variables: { admission: Admission };
};

const usualKeepAliveMs = 15 * secondMs;

/** The control API: operations and the paths that people expect, MCP, the login of a browser, and `/healthz`. */
export function restApp(deps: RestDeps, via: Via): Hono<RestEnv> {
  const app = new Hono<RestEnv>();
  const routes = routesOf(deps.operations);
  app.use(secureHeaders);
  app.get('/healthz', (c) => c.text('ok\n'));
  if (via === 'tcp') {
    app.use(async (c, next) => {
      refuseOddHost(c);
      await next();
    });
  }
  app.use('/api/login', bodyLimit({ maxSize: mostBodyBytes, onError: refuseLargeBody }));
  if (via === 'tcp') addLogin(app, deps);
  for (const below of ['/api/*', '/account-pool/*', '/mcp']) {
    app.use(below, async (c, next) => {
      c.set('admission', via === 'tcp' ? admit(c, deps) : ownerAdmission(c));
      await next();
    });
    app.use(below, bodyLimit({ maxSize: mostBodyBytes, onError: refuseLargeBody }));
  }
  let document: object | undefined;
  app.get('/api/openapi.json', (c) => c.json((document ??= openApi(routes, deps.version))));
  if (via === 'tcp') app.post('/api/logout', (c) => logOut(c, deps));
  for (const route of routes) {
    app.on(route.method, honoPath(route.path), (c) => answer(c, route, deps));
  }
  const { mcp } = deps;
  if (mcp !== undefined) app.all('/mcp', (c) => answerMcp(c, mcp));
  refuseOtherMethods(app);
  app.notFound((c) => show(new Problem('not_found', `There is no ${named(c)}.`, { hint: seeDocument })));
  app.onError((error, c) => {
    if (error instanceof Problem) return show(error, isTyped(c));
    deps.bug(error);
    return show(internalProblem());
  });
  return app;
}

/** All routes of operations that REST shows. */
function routesOf(operations: readonly AnyOperation[]): Route[] {
  const shown = operations.filter((each) => each.hidden?.rest === undefined);
  const names = new Set(shown.map((each) => each.name));
  const resources = resourcePaths.filter((each) =>
    [each.operation, ...(each.special?.also ?? [])].every((name) => names.has(name)),
  );
  return [...operationRoutes(shown), ...resources.map((each) => routeOf(each, shown))];
}

async function answer(c: Context<RestEnv>, route: Route, deps: RestDeps): Promise<Response> {
  const { caller, until } = c.get('admission');
  const input = route.inputOf(c.req.param(), await fieldsOf(c, route));
  const context: OperationContext = { ...deps.context, caller };
  if (route.stream === undefined) return c.json((await route.answer(input, context)) as object, route.status);
  const abort = new AbortController();
  const items = route.stream(input, context, abort.signal);
  if (c.req.method === 'HEAD') return c.body(null);
  c.env?.keepOpen?.();
  return streamResponse(c.req.header('accept') ?? '', {
    ...{ items, abort, bug: deps.bug },
    ends: [c.req.raw.signal, until, deps.stopped],
    keepAliveMs: deps.keepAliveMs ?? usualKeepAliveMs,
  });
}

/** The fields of a request: of its query where it is a GET, of its body where it is a POST, of either where it deletes. */
async function fieldsOf(c: Context<RestEnv>, route: Route): Promise<Fields> {
  const query = Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, coerceText(ownValue(route.fields, name), values)]),
  );
  const inQuery = Object.keys(query)[0];
  if (route.method === 'GET') return { ...query, ...resumed(c, route) };
  if (route.method !== 'DELETE' && inQuery !== undefined) {
    throw new Problem(
      'invalid',
      `${named(c)} takes its fields in the body, and ${inQuery.slice(0, 60)} is in the query.`,
      {
        hint: seeDocument,
      },
    );
  }
  const body = await readFields(c);
  const twice = Object.keys(body).find((name) => Object.hasOwn(query, name));
  if (twice !== undefined) {
    throw new Problem('invalid', `${twice} is in the query and in the body.`, { hint: 'Leave one of them out.' });
  }
  return { ...query, ...body };
}

/** Where a client of events goes on; it sends the address that it began with too. */
function resumed(c: Context<RestEnv>, route: Route): Fields {
  const last = c.req.header('last-event-id');
  const { after } = route.fields;
  return route.stream === undefined || after === undefined || last === undefined || last === ''
    ? {}
    : { after: coerceText(after, [last]) };
}

function answerMcp(c: Context<RestEnv>, mcp: NonNullable<RestDeps['mcp']>): Promise<Response> {
  const { caller } = c.get('admission');
  if (caller.surface === 'web') {
    throw new Problem('forbidden', 'MCP takes a token, not the login of a browser.', {
      hint: 'Send "Authorization: Bearer" with the content of the file `token` in Stint’s home.',
    });
  }
  c.env?.keepOpen?.();
  return mcp.handle(c.req.raw, { ...caller, surface: 'mcp' });
}

/** On the socket everybody is the owner, and says by what: the command line and `stint mcp` are the only ones. */
function ownerAdmission(c: Context<RestEnv>): Admission {
  const surface = c.req.header('stint-surface') === 'mcp' ? 'mcp' : 'cli';
  return { caller: { surface, actor: 'owner', scope: 'full' }, until: never };
}

const never = new AbortController().signal;

async function secureHeaders(c: Context<RestEnv>, next: () => Promise<void>): Promise<void> {
  await next();
  const { headers } = c.res;
  if (!headers.has('content-security-policy')) {
    headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  }
  headers.set('cache-control', 'no-store');
  headers.set('cross-origin-resource-policy', 'same-origin');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('x-content-type-options', 'nosniff');
}

/** A path that exists says with which methods. */
function refuseOtherMethods(app: Hono<RestEnv>): void {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue;
    const known = methods.get(path) ?? new Set<string>();
    methods.set(path, known.add(method));
    if (method === 'GET') known.add('HEAD');
  }
  for (const [path, known] of methods) {
    const allow = [...known].toSorted().join(', ');
    app.all(path, (c) => {
      throw new Refusal([405, 'invalid'], `There is no ${named(c)}.`, {
        hint: `Use ${allow}`,
        headers: { allow },
      });
    });
  }
}

function named(c: Context<RestEnv>): string {
  return `${c.req.method} ${c.req.path.slice(0, 200)}`;
}

function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** Whether the words of the command line are those of whoever asks. */
function isTyped(c: Context<RestEnv>): boolean {
  return (c.get('admission') as Admission | undefined)?.caller.surface === 'cli';
}

function show(problem: Problem, typed = false): Response {
  const plain = problemDetails(problem, problem instanceof Refusal ? problem.status : undefined);
  const { detail, hint } = plain;
  const fielded = { detail: inFieldWords(detail), hint: hint === null ? null : inFieldWords(hint) };
  const details = typed ? plain : { ...plain, ...fielded };
  const headers = problem instanceof Refusal ? problem.headers : {};
  const challenge = details.status === 401 ? { 'www-authenticate': 'Bearer realm="stint"' } : {};
  return Response.json(details, {
    status: details.status,
    headers: { ...headers, ...challenge, 'content-type': problemType },
  });
}
