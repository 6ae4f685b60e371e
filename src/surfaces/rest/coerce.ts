import type { AnyOperation } from '../../operations/operation.ts';
import { coerceText, inputFields } from '../../operations/text-input.ts';

/** The input of an operation from a query string. */
export function coerce(operation: AnyOperation, queries: Readonly<Record<string, string[]>>): Record<string, unknown> {
  const { fields } = inputFields(operation);
  return Object.fromEntries(Object.entries(queries).map(([name, values]) => [name, coerceText(fields[name], values)]));
}
