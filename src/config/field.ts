import { z } from 'zod';
import { isDeepStrictEqual } from 'node:util';
import { configSchema, type Config } from './config-schema.ts';

export type Property = z.core.JSONSchema.BaseSchema;

/** A setting by its path, with the value that it has. */
export type Leaf = { readonly path: readonly string[]; readonly value: unknown };

let jsonSchema: Property | undefined;

/** The schema of a setting or a table; undefined where there is none. */
export function propertyAt(path: readonly string[]): Property | undefined {
  return path.reduce<Property | undefined>(
    (schema, name) => {
      const inner = schema?.properties?.[name] ?? schema?.additionalProperties;
      return typeof inner === 'object' ? inner : undefined;
    },
    (jsonSchema ??= z.toJSONSchema(configSchema, { io: 'input' })),
  );
}

/** Every setting in the order of the schema. A table whose names are the user’s is one setting while it is empty. */
export function leavesOf(config: Config): readonly Leaf[] {
  return leavesBelow(config, []);
}

function leavesBelow(table: object, path: readonly string[]): Leaf[] {
  return Object.entries(table).flatMap(([name, value]: [string, unknown]) => {
    const inner = [...path, name];
    return isTable(value) && Object.keys(value).length > 0 ? leavesBelow(value, inner) : [{ path: inner, value }];
  });
}

/** The settings in which two configs differ, those that only one of them has included. */
export function changedFields(before: Config, after: Config): readonly string[] {
  const old = new Map(leavesOf(before).map(({ path, value }) => [path.join('.'), value]));
  const now = new Map(leavesOf(after).map(({ path, value }) => [path.join('.'), value]));
  const names = [...new Set([...now.keys(), ...old.keys()])];
  return names.filter((name) => !isDeepStrictEqual(old.get(name), now.get(name)));
}

/** The value at a path; undefined where there is none. */
export function valueAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((table, name) => (isTable(table) ? (table as Table)[name] : undefined), config);
}

/** The same config with one setting or table as in another one. */
export function takeFrom(config: Config, source: Config, path: readonly string[]): Config {
  return take(config, source, path) as Config;
}

function take(target: unknown, source: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return source;
  return { ...(target as object), [name]: take(valueAt(target, [name]), valueAt(source, [name]), rest) };
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
