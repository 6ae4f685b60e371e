import { isDeepStrictEqual } from 'node:util';
import { configSchema, type Config } from './config-schema.ts';
import { leavesOf, propertyAt } from './field.ts';

/** A setting as people see it: of a secret one only whether it is set. */
export type Setting = {
  readonly field: string;
  readonly value: unknown;
  readonly isDefault: boolean;
  readonly isSecret: boolean;
};

/** Every setting in the order of the schema. */
export function listSettings(config: Config): readonly Setting[] {
  const usual = new Map(leavesOf(configSchema.parse({})).map(({ path, value }) => [path.join('.'), value]));
  return leavesOf(config).map(({ path, value }) => {
    const field = path.join('.');
    const isSecret = propertyAt(path)?.['secret'] === true;
    const isDefault = isDeepStrictEqual(value, usual.get(field));
    return { field, value: isSecret ? value !== '' : value, isDefault, isSecret };
  });
}
