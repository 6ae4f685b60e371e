import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { Problem } from '../core/problem.ts';
import { scanToml, type Pair, type Scan } from './scan-toml.ts';

/** What a setting can be; a table has values by name. */
export type SettingValue =
  | string
  | number
  | boolean
  | readonly SettingValue[]
  | { readonly [name: string]: SettingValue };

/**
 * Changes one value in a TOML text that parses, or takes it out where `value` is undefined, and leaves every other
 * character as it is: comments, order, line ends. The parser has the last word: a text in which that cannot be done is
 * refused with a Problem, and never written wrong.
 */
export function editToml(text: string, path: readonly string[], value: SettingValue | undefined): string {
  const before = parse(text);
  if (value === undefined && !isSet(before, path)) return text;
  const edited = edit(text, path, value);
  if (!isDeepStrictEqual(pruned(tryParse(edited)), pruned(withValue(before, path, value)))) {
    throw new Problem('conflict', `${path.join('.')} is written in a way that only a person can change.`, {
      hint: 'Edit it with: stint config edit',
    });
  }
  return edited;
}

function edit(text: string, path: readonly string[], value: SettingValue | undefined): string {
  const scan = scanToml(text);
  const pair = scan.pairs.find((each) => isSame(each.path, path));
  if (pair === undefined) return value === undefined ? text : insert(text, scan, { path, written: written(value) });
  if (value !== undefined) return splice(text, pair.valueStart, { end: pair.valueEnd, by: written(value) });
  return pair.inline === null ? removeLine(text, pair) : removeItem(text, pair);
}

type Addition = { readonly path: readonly string[]; readonly written: string };

/** Puts a new value where somebody would: beside the others of its table, else in a table of its own at the end. */
function insert(text: string, scan: Scan, { path, written: value }: Addition): string {
  const table = path.slice(0, -1);
  const inline = scan.inlines.find((each) => isSame(each.path, table));
  const key = keyOf(path.at(-1) ?? '');
  if (inline !== undefined) {
    const isEmpty = /^\{\s*$/.test(text.slice(inline.start, inline.end - 1));
    const at = endOfContent(text, inline.end - 1);
    return splice(text, at, { end: at, by: `${isEmpty ? ' ' : ', '}${key} = ${value}${isEmpty ? ' ' : ''}` });
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const beside = scan.pairs.findLast((each) => each.inline === null && isSame(each.path.slice(0, -1), table));
  if (beside !== undefined) {
    const dotted = path.slice(beside.table.length).map(keyOf).join('.');
    const indent = /[ \t]*$/.exec(text.slice(0, beside.start))?.[0] ?? '';
    return insertLine(text, endOfLine(text, beside.valueEnd), { line: `${indent}${dotted} = ${value}`, newline });
  }
  const header = scan.headers.find((each) => !each.isItem && isSame(each.path, table));
  if (header !== undefined)
    return insertLine(text, endOfLine(text, header.end), { line: `${key} = ${value}`, newline });
  if (table.length === 0) return insertFirst(text, scan, { line: `${key} = ${value}`, newline });
  // A table that dotted keys have opened cannot be opened by a heading as well.
  const outer = scan.pairs.findLast((each) => each.inline === null && sharesDots(each, table));
  if (outer !== undefined) {
    const dotted = path.slice(outer.table.length).map(keyOf).join('.');
    return insertLine(text, endOfLine(text, outer.valueEnd), { line: `${dotted} = ${value}`, newline });
  }
  const gap = text.trim() === '' ? '' : newline;
  const body = text === '' || text.endsWith('\n') ? text : text + newline;
  return `${body}${gap}[${table.map(keyOf).join('.')}]${newline}${key} = ${value}${newline}`;
}

/** Whether a pair opens, by the dots of its key, a table that the wanted one is or lies in. */
function sharesDots(pair: Pair, table: readonly string[]): boolean {
  const written = pair.path.slice(0, pair.table.length + 1);
  return pair.path.length > pair.table.length + 1 && written.every((key, index) => table[index] === key);
}

/** A value of no table stands before the first heading, with the comment that begins the file above it. */
function insertFirst(text: string, scan: Scan, added: { readonly line: string; readonly newline: string }): string {
  const [header] = scan.headers;
  if (header === undefined) return insertLine(text, text.length, added);
  const at = commentsAbove(text, header.start);
  return splice(text, at, { end: at, by: `${added.line}${added.newline}${added.newline}` });
}

/** Where the block of comments begins that stands right above a line. */
function commentsAbove(text: string, lineStart: number): number {
  let at = lineStart;
  while (/[ \t]/.test(text[at - 1] ?? '')) at -= 1;
  for (;;) {
    const above = text.lastIndexOf('\n', at - 2) + 1;
    if (at === 0 || !/^\uFEFF?[ \t]*#/.test(text.slice(above, at))) return at;
    if (above === 0 && text.startsWith('\uFEFF')) return 1;
    at = above;
  }
}

function insertLine(text: string, at: number, { line, newline }: { line: string; newline: string }): string {
  const lead = at === 0 || text[at - 1] === '\n' || text.slice(0, at) === '\uFEFF' ? '' : newline;
  return splice(text, at, { end: at, by: `${lead}${line}${newline}` });
}

/** Behind the line end that follows, or the end of the text. */
function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at + 1;
}

/** A comment beside the value stays, on a line of its own. */
function removeLine(text: string, { start, valueEnd }: Pair): string {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const from = lineStart === 0 && text.startsWith('\uFEFF') ? 1 : lineStart;
  const end = endOfLine(text, valueEnd);
  const comment = text.slice(valueEnd, end).trimStart();
  return splice(text, from, { end, by: comment.startsWith('#') ? comment : '' });
}

function removeItem(text: string, { start, valueEnd, inline }: Pair): string {
  const after = /^\s*,[ \t]*/.exec(text.slice(valueEnd, inline?.end))?.[0];
  if (after !== undefined) return splice(text, start, { end: valueEnd + after.length, by: '' });
  const before = /\s*,\s*$/.exec(text.slice(inline?.start, start))?.[0] ?? '';
  return splice(text, start - before.length, { end: valueEnd, by: '' });
}

/** Behind the last character before `at` that is no blank. */
function endOfContent(text: string, at: number): number {
  let end = at;
  while (/\s/.test(text[end - 1] ?? '')) end -= 1;
  return end;
}

function splice(text: string, start: number, { end, by }: { readonly end: number; readonly by: string }): string {
  return text.slice(0, start) + by + text.slice(end);
}

function keyOf(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key);
}

function written(value: SettingValue): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(written).join(', ')}]`;
  const pairs = Object.entries(value).map(([key, inner]) => `${keyOf(key)} = ${written(inner)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

function isList(value: SettingValue): value is readonly SettingValue[] {
  return Array.isArray(value);
}

/** The escapes of JSON are TOML’s, but for one character that only TOML has to escape. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

type Table = { readonly [key: string]: unknown };

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function isSet(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  return isTable(value) && Object.hasOwn(value, key) && isSet(value[key], rest);
}

function withValue(table: unknown, [key, ...rest]: readonly string[], value: SettingValue | undefined): unknown {
  if (key === undefined) return value;
  const { [key]: inner, ...others } = isTable(table) ? table : {};
  const changed = withValue(inner, rest, value);
  return changed === undefined ? others : { ...others, [key]: changed };
}

function tryParse(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** Without tables in which nothing is: a heading that stays behind says no more than its absence. */
function pruned(value: unknown): unknown {
  if (!isTable(value)) return value;
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    const small = pruned(inner);
    return isTable(inner) && isTable(small) && Object.keys(small).length === 0 ? [] : [[key, small] as const];
  });
  return Object.fromEntries(kept);
}
