import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { Problem } from '../core/problem.ts';
import { editToml, type SettingValue } from './edit-toml.ts';
import { parseToml } from './fault.ts';
import { propertyAt, type Property } from './field.ts';
import { readParts, type Base, type PartFault } from './parts.ts';

export type Change = {
  readonly field: string;
  /** As people type it; null takes the setting out. */
  readonly value: string | null;
};

/**
 * The text of a config file with one setting changed. Throws a Problem where the new value is wrong or does not go with
 * another one, or where its section is wrong already. What is wrong in another section stays so.
 */
export function changeConfig(text: string, { path, ...base }: Base & { path: string }, change: Change): string {
  const field = change.field.split('.');
  const property = propertyAt(field);
  if (property === undefined) {
    throw new Problem('not_found', `There is no setting ${change.field.slice(0, 100)}.`, {
      hint: 'See: stint config list',
    });
  }
  const before = parseToml(text, path);
  if (before.kind === 'broken') throw before.problem;
  const edited = editToml(text, field, change.value === null ? undefined : valueOf(property, change.value));
  const known = readParts(text, path, base).faults;
  const faults = readParts(edited, path, base).faults;
  const fresh = faults.find((each) => !known.some((old) => isSame(old, each)));
  // Of several faults of a section only the first is known: who mends that is not kept from it by the next.
  if (known.some((each) => concerns(each, change.field)) && !faults.some((each) => concerns(each, change.field)))
    return edited;
  if (fresh !== undefined) throw refusal(fresh);
  // The value would be in the file, and act no more than the rest of its section does.
  const older = faults.find((each) => each.part === field[0]);
  if (older !== undefined) throw older.problem;
  return edited;
}

function concerns({ fault }: PartFault, field: string): boolean {
  return [fault?.path, fault?.other].some((path) => path !== undefined && `${path.join('.')}.`.startsWith(`${field}.`));
}

/** Its line would be one of a text that nobody sees. */
function refusal({ fault, problem }: PartFault): Problem {
  if (fault === null) return problem;
  return new Problem('invalid', `${fault.path.join('.')} ${fault.says}.`, {
    hint: fault.other === undefined ? 'See: stint config list' : 'Change both at once with: stint config edit',
  });
}

function isSame(a: PartFault, b: PartFault): boolean {
  return isDeepStrictEqual([a.fault?.path, a.fault?.says], [b.fault?.path, b.fault?.says]);
}

/** A text as a value of its setting. One that does not fit stays a text, for the schema to refuse. */
function valueOf({ type, items }: Property, text: string): SettingValue {
  const trimmed = text.trim();
  switch (type) {
    case 'boolean':
      return trimmed === 'true' || (trimmed === 'false' ? false : text);
    case 'integer':
      return /^[+-]?\d{1,15}$/.test(trimmed) ? Number(trimmed) : text;
    case 'array':
      return trimmed.startsWith('[') ? written(trimmed) : listOf(items, trimmed);
    case 'object':
      return written(trimmed);
    case 'string':
      return /^(".*"|'.*')$/.test(trimmed) ? written(trimmed) : text;
    default:
      return text;
  }
}

function listOf(items: Property['items'], text: string): SettingValue {
  const item: Property = typeof items === 'object' && !Array.isArray(items) ? items : {};
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => valueOf(item, each));
}

/** A value as TOML or JSON has it. */
function written(text: string): SettingValue {
  for (const read of [() => parse(`value = ${text}`)['value'], () => JSON.parse(text) as unknown]) {
    try {
      return read() as SettingValue;
    } catch {
      // It may be the other of the two.
    }
  }
  return text;
}
