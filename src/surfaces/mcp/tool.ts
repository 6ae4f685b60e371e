import { z } from 'zod';
import type { AnyOperation } from '../../operations/operation.ts';
import { inputFields, type FieldSchema } from '../../operations/text-input.ts';

/** An operation, and how a model sees it. */
export type OperationTool = { readonly operation: AnyOperation; readonly tool: Tool };

export type Tool = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: false;
  };
};

type ObjectSchema = z.core.JSONSchema.BaseSchema & { readonly type: 'object' };

/** Verbs that a second call in a row adds nothing to; a second rename finds nobody of the old name. */
const idempotentVerbs = new Set(['set', 'set-auth-reset', 'enable', 'disable', 'clear', 'use']);

/** Every operation that MCP does not hide, in the order of the operations; none that takes a secret, which no model gets to see. */
export function toolsOf(operations: readonly AnyOperation[]): readonly OperationTool[] {
  return operations
    .filter((each) => each.kind === 'call' && each.hidden?.mcp === undefined && !takesSecret(each))
    .map((operation) => ({ operation, tool: toolOf(operation) }));
}

function takesSecret(operation: AnyOperation): boolean {
  return Object.values(inputFields(operation).fields).some((field) => field.secret === true);
}

/** Models take letters, digits, `_` and `-` only: `pool.set-auth-reset` is `pool_set_auth_reset`. */
function toolName(operation: string): string {
  return operation.replaceAll(/[.-]/g, '_');
}

function toolOf(operation: AnyOperation): Tool {
  const { name, summary, effect, output } = operation;
  const verb = name.split('.')[1] ?? '';
  return {
    name: toolName(name),
    title: summary,
    description: descriptionOf(operation),
    inputSchema: inputSchemaOf(operation),
    outputSchema: objectSchema(name, z.toJSONSchema(output)),
    annotations: {
      readOnlyHint: effect === 'read',
      destructiveHint: effect === 'destructive',
      idempotentHint: effect === 'read' || idempotentVerbs.has(verb),
      openWorldHint: false,
    },
  };
}

function descriptionOf({ summary, effect, precheck }: AnyOperation): string {
  const before = precheck === undefined ? '' : ` Call ${toolName(precheck)} first: it says what would happen.`;
  const warning = effect === 'destructive' ? ' This cannot be undone, so ask the user before.' : '';
  return `${summary}.${before}${warning}`;
}

function inputSchemaOf({ name, input }: AnyOperation): ObjectSchema {
  const schema = objectSchema(name, z.toJSONSchema(input, { io: 'input' }));
  const properties = Object.entries(schema.properties ?? {}).map(([field, property]) => [
    field,
    forModels(property as FieldSchema),
  ]);
  return { ...schema, properties: Object.fromEntries(properties) as Record<string, z.core.JSONSchema.BaseSchema> };
}

/** A field in the words of JSON Schema alone. */
function forModels({ path, ...field }: FieldSchema): FieldSchema {
  return path === true ? { ...field, description: `${field.description ?? 'Path'} (an absolute path)` } : field;
}

/** The protocol asks for objects. */
export function objectSchema(name: string, schema: z.core.JSONSchema.BaseSchema): ObjectSchema {
  if (schema.type !== 'object') throw new Error(`${name} takes or gives something that is no object`);
  return schema as ObjectSchema;
}
