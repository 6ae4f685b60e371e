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
    if (typeof property.additionalProperties === 'object') return [tableRow(property, field)];
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

/** Tables whose names are the user’s. */
function tableRow({ additionalProperties: table, description }: Property, path: readonly string[]): ConfigRow {
  const fields = Object.keys((typeof table === 'object' ? table.properties : undefined) ?? {});
  return {
    field: `${path.join('.')}.<name>`,
    type: `${fields.join(', ')}`,
    default: '-',
    description: description ?? '',
  };
}

function typeOf(property: Property): string {
  if (property.enum !== undefined) return property.enum.map((value) => JSON.stringify(value)).join(', ');
  if (property.type === 'integer') return isBounded(property) ? `${property.minimum} to ${property.maximum}` : 'number';
  if (property.type === 'array') return `list of ${itemsOf(property)}`;
  if (property.type === 'boolean') return 'true, false';
  return property['secret'] === true ? 'text (secret)' : 'text';
}

/** zod gives any integer the bounds of what JavaScript can count. */
function isBounded({ maximum = Number.MAX_SAFE_INTEGER }: Property): boolean {
  return maximum < Number.MAX_SAFE_INTEGER;
}

function itemsOf({ items }: Property): string {
  if (typeof items !== 'object' || Array.isArray(items)) return 'values';
  return items.enum === undefined ? (items.type === 'integer' ? 'numbers' : 'texts') : typeOf(items);
}
