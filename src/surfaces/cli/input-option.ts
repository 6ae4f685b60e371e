import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { coerceText, type FieldSchema } from '../../operations/text-input.ts';
import { flagOf } from './cli-words.ts';

type Fields = Readonly<Record<string, FieldSchema>>;

/** Gives a command a flag for each of these fields. */
export function addFieldOptions(command: Command, fields: Fields): void {
  for (const [name, field] of Object.entries(fields)) {
    command.addOption(optionOf(name, field));
    const off = offSwitch(name, field);
    if (off !== null) command.addOption(off);
  }
}

/** The fields that were given by a flag, in the types of their schemas. */
export function givenFields(command: Command, fields: Fields): Record<string, unknown> {
  const own = command.opts<Record<string, unknown>>();
  const input: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) takeField(input, name, { field, value: own[name] });
  return input;
}

type Given = { readonly field: FieldSchema | undefined; readonly value: unknown };

export function takeField(input: Record<string, unknown>, name: string, { field, value }: Given): void {
  if (value === undefined) return;
  if (typeof value === 'boolean') input[name] = value;
  else if (field?.path === true) input[name] = resolve(value as string);
  else input[name] = coerceText(field, Array.isArray(value) ? value.map(String) : [value as string]);
}

function optionOf(name: string, field: FieldSchema): Option {
  const flag = flagOf(name);
  const description = field.description ?? '';
  if (field.type === 'boolean') return new Option(flag, description);
  if (field.type === 'object')
    return new Option(`${flag} <NAME=value>`, `${description}; may be given again`).argParser(
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    );
  const option = new Option(`${flag} <${field.type === 'array' ? `${name}...` : name}>`, description);
  return field.enum === undefined ? option : option.choices([...field.enum]);
}

/** A setting that is neither on nor off when it is absent needs a way to say off. */
function offSwitch(name: string, field: FieldSchema): Option | null {
  if (field.type !== 'boolean' || field.default !== undefined) return null;
  return new Option(flagOf(name).replace('--', '--no-'), 'The contrary');
}
