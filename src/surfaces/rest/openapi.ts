import { z } from 'zod';
import type { AnyOperation } from '../../operations/operation.ts';

/** The control API as OpenAPI 3.1. */
export function openApi(operations: readonly AnyOperation[], version: string): object {
  const paths = Object.fromEntries(
    operations
      .filter((each) => each.hidden?.rest === undefined)
      .map((each) => [`/api/${each.name}`, { post: describeOperation(each) }]),
  );
  return {
    openapi: '3.1.0',
    info: { title: 'Stint', version },
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths,
  };
}

function describeOperation(operation: AnyOperation): object {
  return {
    operationId: operation.name,
    summary: operation.summary,
    requestBody: { content: json(z.toJSONSchema(operation.input, { io: 'input' })) },
    responses: {
      200: { description: 'Done', content: json(z.toJSONSchema(operation.output)) },
      default: { description: 'A problem: code, message and hint' },
    },
  };
}

function json(schema: object): object {
  return { 'application/json': { schema } };
}
