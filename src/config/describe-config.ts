import { z } from 'zod';
import { configSchema } from './config-schema.ts';

/** One setting as the user guide lists it, everything as text. */
export type ConfigRow = {
  /** With its tables: `control.port`. */
  readonly field: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
};

type Property = z.core.JSONSchema.BaseSchema;

/** Lists every setting in the order of the schema. */
export function describeConfig(): readonly ConfigRow[] {
  return rowsOf(z.toJSONSchema(configSchema, { io: 'input' }), []);
}

function rowsOf(schema: Property, path: readonly string[]): ConfigRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    if (typeof property === 'boolean') return [];
    const field = [...path, name];
    return property.type === 'object' ? rowsOf(property, field) : [rowOf(property, field)];
  });
}

function rowOf(property: Property, path: readonly string[]): ConfigRow {
  return {
    field: path.join('.'),
    type: typeOf(property),
    default: JSON.stringify(property.default),
    description: property.description ?? '',
  };
}

function typeOf(property: Property): string {
  if (property.enum !== undefined) return property.enum.map((value) => JSON.stringify(value)).join(', ');
  if (property.type === 'integer') return `${property.minimum} to ${property.maximum}`;
  return property.type === 'boolean' ? 'true, false' : 'text';
}
