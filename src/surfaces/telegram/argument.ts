import { Problem } from '../../core/problem.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { coerceText, type FieldSchema, inputFields } from '../../operations/text-input.ts';
import { commandName } from './command.ts';

export type Input = Readonly<Record<string, unknown>>;

/** `/pool_use@stint_bot work` as its parts; undefined for a text that is no command. */
export function parseCommand(text: string): { name: string; bot: string | undefined; rest: string } | undefined {
  const match = /^\/(\w{1,64})(?:@(\w+))?(?:\s+([\s\S]*))?$/.exec(text.trim());
  if (match === null) return undefined;
  return { name: (match[1] ?? '').toLowerCase(), bot: match[2], rest: match[3] ?? '' };
}

/**
 * Reads what follows a command: values by position, `name=value`, and flags as the CLI has them, whose dashes phones like to
 * make one. The last position of a list takes all that is left. Throws a Problem for what does not fit.
 */
export function parseInput(operation: AnyOperation, rest: string): Input {
  const { fields } = inputFields(operation);
  const given = new Map<string, string[]>();
  const add = (name: string, value: string): void => void given.set(name, [...(given.get(name) ?? []), value]);
  const positions = operation.positional.filter((name) => fields[name]?.secret !== true);
  const words = wordsOf(rest);
  for (let at = 0, position = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const named = namedValue(word, fields);
    if (named === undefined) {
      const name = positions[position];
      if (name === undefined)
        throw new Problem('invalid', `“${cut(word)}” is one too many.`, { hint: usageOf(operation) });
      add(name, word);
      if (fields[name]?.type !== 'array') position += 1;
      continue;
    }
    const { name, value } = named;
    if (value !== undefined) add(name, value);
    else if (fields[name]?.type === 'boolean') add(name, 'true');
    else add(name, words[(at += 1)] ?? '');
  }
  return Object.fromEntries(
    [...given].map(([name, values]) => [name, coerceText(fields[name], split(fields[name], values))]),
  );
}

/** `Usage: /pool_use <pool> [account] [auto=…]`. */
export function usageOf(operation: AnyOperation): string {
  const { fields, required } = inputFields(operation);
  const shown = Object.entries(fields).filter(([, field]) => field.secret !== true);
  const position = (name: string): number => (operation.positional as readonly string[]).indexOf(name);
  const words = [
    ...operation.positional.filter((name) => fields[name]?.secret !== true).map((name) => ({ name, word: name })),
    ...shown.filter(([name]) => position(name) === -1).map(([name]) => ({ name, word: `${name}=…` })),
  ].map(({ name, word }) => {
    const whole = fields[name]?.type === 'array' && position(name) !== -1 ? `${word} …` : word;
    return required.includes(name) ? `<${whole}>` : `[${whole}]`;
  });
  return [`Usage: /${commandName(operation.name)}`, ...words].join(' ');
}

type Fields = Readonly<Record<string, FieldSchema>>;

function namedValue(word: string, fields: Fields): { name: string; value: string | undefined } | undefined {
  const flag = /^(?:--|—|–)([A-Za-z][A-Za-z-]*)(?:=([\s\S]*))?$/.exec(word);
  if (flag !== null) return { name: fieldName(flag[1] ?? '', fields), value: flag[2] };
  const pair = /^([A-Za-z][A-Za-z-]*)=([\s\S]*)$/.exec(word);
  return pair === null ? undefined : { name: fieldName(pair[1] ?? '', fields), value: pair[2] };
}

/** A name that is none stays as it is, for the operation to refuse. A phone begins it with a capital letter. */
function fieldName(text: string, fields: Fields): string {
  const wanted = text.replaceAll('-', '').toLowerCase();
  return Object.keys(fields).find((each) => each.toLowerCase() === wanted) ?? text;
}

/** Phones make quotes typographic. */
function wordsOf(text: string): string[] {
  const words = text.matchAll(/((?:[^\s"“”'‘’=]+=)?)(?:"([^"]*)"|[“”]([^“”]*)[“”]|'([^']*)')|(\S+)/g);
  return [...words].map(
    ([, name = '', straight, curly, single, plain]) => plain ?? name + (straight ?? curly ?? single ?? ''),
  );
}

function split(field: FieldSchema | undefined, values: readonly string[]): readonly string[] {
  if (field?.type !== 'array') return values;
  return values.flatMap((each) => each.split(',')).flatMap((each) => (each.trim() === '' ? [] : [each.trim()]));
}

function cut(word: string): string {
  return word.length > 40 ? `${word.slice(0, 40)}…` : word;
}
