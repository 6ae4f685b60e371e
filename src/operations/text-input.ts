import { z } from 'zod';
import type { AnyOperation } from './operation.ts';

export type FieldSchema = {
  readonly type?: string;
  readonly items?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly secret?: boolean;
  /** The fields in whose presence a secret is not asked for. */
  readonly unless?: readonly string[];
  /** The reading operation whose `isSecret` says whether a secret is wanted at all; it takes the first positional field. */
  readonly wantedBy?: string;
  /** A path on this machine: surfaces that know a current folder make it absolute. */
  readonly path?: boolean;
  readonly default?: unknown;
};

/** The fields of an operation's input as JSON Schema, from which surfaces of text make flags and queries. */
export function inputFields(operation: Pick<AnyOperation, 'input'>): {
  fields: Readonly<Record<string, FieldSchema>>;
  required: readonly string[];
} {
  const schema = z.toJSONSchema(operation.input, { io: 'input' });
  return { fields: (schema.properties ?? {}) as Record<string, FieldSchema>, required: schema.required ?? [] };
}

/** Turns one text, or several, into the type of its field; NAME=value into an object. A text that does not fit stays one, for the schema to refuse. */
export function coerceText(field: FieldSchema | undefined, values: readonly string[]): unknown {
  const last = values.at(-1);
  switch (field?.type) {
    case 'array':
      return values;
    case 'integer':
    case 'number':
      return last !== undefined && /^-?\d+(\.\d+)?$/.test(last.trim()) ? Number(last) : last;
    case 'object':
      return values.every((each) => pair.test(each)) ? Object.fromEntries(values.map(splitPair)) : last;
    case 'boolean':
      if (last === 'true' || last === '') return true;
      return last === 'false' ? false : last;
    default:
      return last;
  }
}

const pair = /^[^=]+=/;

function splitPair(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
