const problems = (...statuses: readonly number[]): object =>
  Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${status}` }]));
const open: readonly object[] = [];

/** What is no operation. */
export const fixedPaths = {
  '/healthz': {
    get: {
      operationId: 'healthz',
      summary: 'Say that the daemon serves',
      security: open,
      responses: { 200: { description: 'It serves', content: { 'text/plain': { schema: { type: 'string' } } } } },
    },
  },
  '/api/openapi.json': {
    get: {
      operationId: 'openapi',
      summary: 'This document',
      responses: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
        ...problems(401, 403, 429),
      },
    },
  },
  '/api/login': {
    post: {
      operationId: 'login',
      summary: 'Exchange the code of a one-time link for a cookie',
      security: open,
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: { code: { type: 'string' } },
              required: ['code'],
              additionalProperties: false,
            },
          },
        },
      },
      responses: {
        204: { description: 'Logged in', headers: { 'Set-Cookie': { schema: { type: 'string' } } } },
        ...problems(400, 401, 403, 413, 415, 429),
      },
    },
  },
  '/api/logout': {
    post: {
      operationId: 'logout',
      summary: 'Log this browser out',
      responses: { 204: { description: 'Logged out' }, ...problems(401, 403, 413, 429) },
    },
  },
  '/mcp': {
    post: {
      operationId: 'mcp',
      summary: 'Model Context Protocol, streamable HTTP',
      security: [{ token: open }],
      requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
      responses: {
        200: {
          description: 'A JSON-RPC answer',
          content: {
            'application/json': { schema: { type: 'object' } },
            'text/event-stream': { schema: { type: 'string' } },
          },
        },
        202: { description: 'A notification was taken' },
        default: {
          description: 'A JSON-RPC error',
          content: { 'application/json': { schema: { type: 'object' } } },
        },
        ...problems(401, 403, 413, 429),
      },
    },
  },
} as const;
