import { z } from 'zod';
import type { FieldSchema } from '../../operations/text-input.ts';
import { problemSchema, problemType } from '../problem-details.ts';
import { fixedPaths } from './openapi-fixed.ts';
import { statusesOf } from './operation-problems.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** The control API as OpenAPI 3.1, with every status that each method can answer. */
export function openApi(routes: readonly Route[], version: string): object {
  const operations = new Map(routes.map(({ operation }) => [operation.name, operation]));
  const nouns = [...new Set(routes.map((each) => nounOf(each)))];
  return {
    openapi: '3.1.0',
    info: {
      title: 'Stint',
      version,
      description:
        'The control API. A path that exists answers another method with 405, and a path that does not with 404; both are problems (RFC 9457).',
    },
    servers: [{ url: '/' }],
    tags: nouns.map((name) => ({ name })),
    security: [{ token: [] }, { browser: [] }],
    paths: { ...fixedPaths, ...pathsOf(routes) },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The file `token`, or `token-read`, of Stint’s home' },
        browser: { type: 'apiKey', in: 'cookie', name: 'stint-4600', description: 'Named by the port' },
      },
      schemas: {
        Problem: problemSchema,
        ...Object.fromEntries([...operations].map(([name, each]) => [name, schemaOf(each.output)])),
      },
      responses: Object.fromEntries(
        Object.entries(meanings).map(([status, description]) => [
          status,
          {
            description,
            ...(Number(status) === 429 ? { headers: retryAfter } : {}),
            content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        ]),
      ),
    },
  };
}

const meanings = {
  400: 'The input is not valid',
  401: 'There is no token, or a wrong one',
  403: 'The token only reads, or the Host or the Origin is not this daemon’s',
  404: 'What was named does not exist',
  409: 'It does not go with what is there',
  413: 'The body is over 1 MiB',
  415: 'The body is not JSON',
  429: 'Too many wrong tokens were sent',
  500: 'A bug',
  502: 'A provider is in trouble',
  503: 'It cannot be done now; for a change also: the disk takes none',
} as const;

const retryAfter = { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } };

function pathsOf(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = describe(route);
  return paths;
}

function describe(route: Route): Json {
  const { method, path, operation } = route;
  const inQuery = method === 'GET' || method === 'DELETE';
  const named = path === `/api/${operation.name}`;
  return {
    operationId: named ? (method === 'GET' ? `get.${operation.name}` : operation.name) : idOf(route),
    summary: operation.summary,
    tags: [nounOf(route)],
    ...(route.parameters.length > 0 || inQuery ? { parameters: parametersOf(route, inQuery) } : {}),
    ...(method === 'GET' ? {} : { requestBody: bodyOf(route) }),
    responses: responsesOf(route),
  };
}

/** One for each method and path: `POST /api/pools/{name}/next` is `post.api.pools.name.next`. */
function idOf({ method, path }: Route): string {
  return `${method.toLowerCase()}${path.replace(/[{}]/g, '').replaceAll('/', '.')}`;
}

function nounOf({ operation }: Route): string {
  return operation.name.split('.')[0] ?? operation.name;
}

function parametersOf({ parameters, fields, required, stream }: Route, inQuery: boolean): object[] {
  const ofPath = parameters.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  if (!inQuery) return ofPath;
  const ofQuery = Object.entries(fields).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
  const ofHeader =
    stream === undefined || fields['after'] === undefined
      ? []
      : [{ name: 'Last-Event-ID', in: 'header', required: false, schema: fields['after'] }];
  return [...ofPath, ...ofQuery, ...ofHeader];
}

function bodyOf({ method, fields, required }: Route): Json {
  // What a DELETE needs may also be in its query.
  const needed = method === 'DELETE' ? [] : required;
  const schema = {
    type: 'object',
    properties: fields as Readonly<Record<string, FieldSchema>>,
    ...(needed.length > 0 ? { required: needed } : {}),
    additionalProperties: false,
  };
  return { required: needed.length > 0, content: { 'application/json': { schema } } };
}

function responsesOf(route: Route): Json {
  const problems = statusesOf(route).map((status) => [status, { $ref: `#/components/responses/${status}` }]);
  return { [route.status]: done(route), ...Object.fromEntries(problems) };
}

function done({ gives, operation, stream, status }: Route): Json {
  const schema = gives === operation.output ? { $ref: `#/components/schemas/${operation.name}` } : schemaOf(gives);
  const description = status === 201 ? 'Created' : 'Done';
  if (stream === undefined) return { description, content: { 'application/json': { schema } } };
  return {
    description: 'Items as they come; `data` of each event, or each line, is one',
    content: { 'text/event-stream': { schema: { type: 'string' } }, 'application/x-ndjson': { schema } },
  };
}

function schemaOf(type: z.ZodType): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type);
  return schema;
}
