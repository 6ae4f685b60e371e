// The control API on real sockets, over the operations of this process; each of its answers is held against its document.
import { request as httpRequest } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Control, type ControlDeps } from '../src/daemon/control.ts';
import { ControlTokens } from '../src/daemon/tokens.ts';
import type { Jobs } from '../src/operations/context.ts';
import type { AnyOperation } from '../src/operations/operation.ts';
import { operations } from '../src/operations/registry.ts';
import { openOperations, type OperationRig } from './operation-rig.ts';

export type Asked = {
  readonly method?: string;
  readonly body?: unknown;
  /** As it stands, where `body` cannot say it. */
  readonly text?: string;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};
export type Answered = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
};

export type RestRig = AsyncDisposable & {
  readonly operations: OperationRig;
  readonly port: number;
  readonly origin: string;
  readonly socket: string;
  readonly tokens: ControlTokens;
  readonly full: string;
  readonly read: string;
  readonly bugs: readonly unknown[];
  /** Asks with the full token unless another is named, and holds the answer against the document. */
  send(path: string, asked?: Asked): Promise<Answered>;
  /** A request whose headers and path are sent as they are. */
  raw(path: string, headers: Readonly<Record<string, string>>, method?: string): Promise<number>;
  /** Which method, path and status were seen. */
  readonly seen: ReadonlySet<string>;
  stop(): Promise<void>;
};

export async function openRest(
  more: {
    readonly operations?: readonly AnyOperation[];
    /** What operations find in place of the real one. */
    readonly context?: (real: ControlDeps['context']) => ControlDeps['context'];
    readonly tls?: { readonly cert: string; readonly key: string };
    readonly jobs?: Jobs;
  } & Pick<ControlDeps, 'mcp' | 'keepAliveMs'> = {},
): Promise<RestRig> {
  const rig = await openOperations(more.jobs === undefined ? {} : { jobs: more.jobs });
  const bugs: unknown[] = [];
  const seen = new Set<string>();
  const files = { full: join(rig.folder, 'token'), read: join(rig.folder, 'token-read') };
  let port = 0;
  const originAt = (at: number): string => `${more.tls === undefined ? 'http' : 'https'}://127.0.0.1:${at}`;
  const trust = more.tls === undefined ? {} : { tls: { ca: more.tls.cert } };
  const tokens = await ControlTokens.open({
    files,
    clock: rig.context.clock,
    origin: () => originAt(port),
  });
  const control = new Control({
    operations: [...operations, ...(more.operations ?? [])],
    context: (more.context ?? ((real) => real))({ ...rig.context, tokens }),
    version: '1.2.3',
    tokens,
    bug: (error) => void bugs.push(error),
    ...(more.mcp === undefined ? {} : { mcp: more.mcp }),
    ...(more.keepAliveMs === undefined ? {} : { keepAliveMs: more.keepAliveMs }),
  });
  const socket = join(rig.folder, 'control.sock');
  port = await control.start({ hostname: '127.0.0.1', port: 0, socket, tls: more.tls });
  const tokenOf = (scope: 'full' | 'read'): string => readFileSync(files[scope], 'utf8').trim();
  const origin = originAt(port);
  const document = documentOf(
    await (
      await fetch(`${origin}/api/openapi.json`, { ...trust, headers: { authorization: `Bearer ${tokenOf('full')}` } })
    ).json(),
  );
  return {
    operations: rig,
    ...{ origin, socket, tokens, bugs, seen },
    get port() {
      return port;
    },
    get full() {
      return tokenOf('full');
    },
    get read() {
      return tokenOf('read');
    },
    async send(path, { method = 'GET', body, text, token = tokenOf('full'), headers = {} } = {}) {
      const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await fetch(`${origin}${path}`, {
        method,
        redirect: 'manual',
        ...trust,
        ...(sent === undefined ? {} : { body: sent }),
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      });
      const answered = await response.text();
      const type = response.headers.get('content-type') ?? '';
      const parsed = (type.includes('json') ? JSON.parse(answered) : { text: answered }) as Record<string, unknown>;
      const told = document.check({
        method,
        path: new URL(path, origin).pathname,
        status: response.status,
        type,
        body: parsed,
      });
      if (told !== undefined) seen.add(told);
      return { status: response.status, headers: response.headers, body: parsed };
    },
    raw: (path, headers, method = 'GET') =>
      new Promise((resolve, reject) => {
        const request = httpRequest({ port, path, method, headers }, (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
        });
        request.once('error', reject);
        request.end();
      }),
    stop: () => control.stop(),
    async [Symbol.asyncDispose]() {
      await control.stop();
      await rig[Symbol.asyncDispose]();
    },
  };
}

type Described = {
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
};
export type OpenApi = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly responses: Described['responses'];
  };
};
type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
};

/** Holds answers against a document; returns the method, path and status of it, or undefined for a path that it does not have. */
function documentOf(json: unknown): { check(exchange: Exchange): string | undefined } {
  const document = json as OpenApi;
  const paths = Object.entries(document.paths).map(([path, item]) => ({
    path,
    item,
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }));
  const types = new Map<object, z.ZodType>();
  const typeOf = (schema: object): z.ZodType => {
    const known = types.get(schema) ?? z.fromJSONSchema(resolve(document, schema) as never);
    types.set(schema, known);
    return known;
  };
  return {
    check({ method, path, status, type, body }) {
      const found = paths.find((each) => each.path === path) ?? paths.find((each) => each.pattern.test(path));
      const described = found?.item[method.toLowerCase()];
      if (found === undefined || described === undefined) return undefined;
      const where = `${method} ${found.path} ${status}`;
      const named = described.responses[String(status)] ?? described.responses['default'];
      if (named === undefined)
        throw new Error(`${where} is not in the document: ${JSON.stringify(body).slice(0, 300)}`);
      const response =
        named.$ref === undefined ? named : document.components.responses[named.$ref.split('/').at(-1) ?? ''];
      if (response?.content === undefined) return where;
      const media = Object.entries(response.content).find(([name]) => type.startsWith(name));
      if (media === undefined) throw new Error(`${where} has no content ${type} in the document`);
      if (!type.includes('json')) return where;
      const checked = typeOf(media[1].schema).safeParse(body);
      if (!checked.success) throw new Error(`${where} is not as the document says: ${z.prettifyError(checked.error)}`);
      return where;
    },
  };
}

/** A schema without references to components. */
function resolve(document: OpenApi, schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_, value: unknown) => {
    const name = (value as { $ref?: string } | null)?.$ref;
    return name?.startsWith('#/components/schemas/') === true
      ? document.components.schemas[name.slice('#/components/schemas/'.length)]
      : value;
  }) as object;
}
