import { z } from 'zod';
import { problemCodes } from '../../core/problem.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { inputFields } from '../../operations/text-input.ts';

/** The control API as OpenAPI 3.1. */
export function openApi(operations: readonly AnyOperation[], version: string): object {
  const shown = operations.filter((each) => each.hidden?.rest === undefined);
  return {
    openapi: '3.1.0',
    info: { title: 'Stint', version },
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths: Object.fromEntries(shown.map((each) => [`/api/${each.name}`, describePath(each)])),
  };
}

function describePath(operation: AnyOperation): object {
  const { name, summary } = operation;
  const responses = {
    200: { description: 'Done', content: json(z.toJSONSchema(operation.output)) },
    default: { description: 'A problem: one sentence, and the next step', content: json(problemSchema) },
  };
  const requestBody = { content: json(z.toJSONSchema(operation.input, { io: 'input' })) };
  const post = { operationId: name, summary, requestBody, responses };
  if (operation.effect !== 'read') return { post };
  return { get: { operationId: `get.${name}`, summary, parameters: queryOf(operation), responses }, post };
}

function queryOf(operation: AnyOperation): object[] {
  const { fields, required } = inputFields(operation);
  return Object.entries(fields).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

const problemSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'hint'],
      properties: {
        code: { enum: problemCodes },
        message: { type: 'string' },
        hint: { type: ['string', 'null'] },
      },
    },
  },
};

function json(schema: object): object {
  return { 'application/json': { schema } };
}
