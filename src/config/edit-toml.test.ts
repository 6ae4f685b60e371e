import { describe, expect, test } from 'bun:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { Problem } from '../core/problem.ts';
import { editToml, type SettingValue } from './edit-toml.ts';

type Case = [title: string, before: string, path: string, value: SettingValue | undefined, after: string];

const cases: Case[] = [
  ['a value is replaced where it stands', '# a\n[t] # b\nx=1  # c\ny = 2', 't.x', 30, '# a\n[t] # b\nx=30  # c\ny = 2'],
  ['the line ends of Windows stay', '[t]\r\nx = 1\r\n', 't.y', 'a', '[t]\r\nx = 1\r\ny = "a"\r\n'],
  ['a mark of the byte order stays', '\uFEFF[t]\nx = 1', 't.x', 2, '\uFEFF[t]\nx = 2'],
  ['a text over several lines is one value', 't.x = """\n[u]\n\\"""" # c\nz = 1', 't.x', '', 't.x = "" # c\nz = 1'],
  ['a list over several lines is one value', 'x = [ # c\n "]", # d\n]\ny = 1', 'x', ['b'], 'x = ["b"]\ny = 1'],
  ['a dotted key is found', '[t]\nu . "x" = 1', 't.u.x', true, '[t]\nu . "x" = true'],
  [
    'a value in an inline table is found',
    't = { x = 1, u = { y = 2 } } # c',
    't.u.y',
    3,
    't = { x = 1, u = { y = 3 } } # c',
  ],
  ['one is added to an inline table', 't = { x = 1 }', 't.y', 2, 't = { x = 1, y = 2 }'],
  ['one is added to an empty inline table', 't = {}', 't.y', 2, 't = { y = 2 }'],
  [
    'one is added behind the last of its table',
    '[t]\n  x = 1 # c\n# d\n\n[u]\n',
    't.y',
    2,
    '[t]\n  x = 1 # c\n  y = 2\n# d\n\n[u]\n',
  ],
  ['one is added below an empty heading', '[t] # c\n[u]\n', 't.y', 2, '[t] # c\ny = 2\n[u]\n'],
  ['one is added beside dotted keys', 't.x = 1\nz = 1', 't.y', 2, 't.x = 1\nt.y = 2\nz = 1'],
  ['a table within dotted keys', '[t]\nu.v = 1', 't.u.w.x', 2, '[t]\nu.v = 1\nu.w.x = 2\n'],
  ['a table is added at the end', '# a\n[u]\nx = 1', 't.v.y', 2, '# a\n[u]\nx = 1\n\n[t.v]\ny = 2\n'],
  ['a table whose part is there gets a heading of its own', '[t.u]\nx = 1\n', 't.y', 2, '[t.u]\nx = 1\n\n[t]\ny = 2\n'],
  ['an empty file begins with a table', '', 't.y', 2, '[t]\ny = 2\n'],
  ['a file of comments keeps them first', '# a\n', 't.y', 2, '# a\n\n[t]\ny = 2\n'],
  [
    'a value of no table stands before the first heading',
    '# a\n\n# b\n[t]\nx = 1',
    'y',
    true,
    '# a\n\ny = true\n\n# b\n[t]\nx = 1',
  ],
  ['a value of no table stands behind the others', 'x = 1 # c\n\n[t]', 'y', true, 'x = 1 # c\ny = true\n\n[t]'],
  ['a value of no table in an empty file', '', 'y', true, 'y = true\n'],
  ['a line is taken out', '# a\n[t]\nx = 1\ny = 2\n', 't.x', undefined, '# a\n[t]\ny = 2\n'],
  ['the comment of a line stays', '[t]\n  x = 1 # why\ny = 2', 't.x', undefined, '[t]\n# why\ny = 2'],
  ['the first of an inline table is taken out', 't = { x = 1, y = 2 }', 't.x', undefined, 't = { y = 2 }'],
  ['the last of an inline table is taken out', 't = { x = 1, y = 2 }', 't.y', undefined, 't = { x = 1 }'],
  ['what is not set is not taken out', '[t] # c', 't.x', undefined, '[t] # c'],
  [
    'a table is written as a value',
    '[t]\nx = 1\n',
    't.u',
    { 'a b': { c: ['d'] } },
    '[t]\nx = 1\nu = { "a b" = { c = ["d"] } }\n',
  ],
  ['a key in an item of a list is not meant', '[[l]]\nx = 1\n[t]\n', 't.x', 2, '[[l]]\nx = 1\n[t]\nx = 2\n'],
];

describe('a change of one setting', () => {
  test.each(cases)('%s', (...[, before, path, value, after]) => {
    expect(editToml(before, path.split('.'), value)).toBe(after);
  });

  test.each<[string, string, string]>([
    ['a value where a table would be', 't = 1', 't.x'],
    ['a list of tables', '[[t]]\nx = 1', 't.x'],
    ['a table with headings in place of a value', '[t.u]\nx = 1', 't.u'],
  ])('is refused for %s', (_, text, path) => {
    expect(() => editToml(text, path.split('.'), 'new')).toThrow(Problem);
  });
});

/** Texts that are awkward for somebody who reads TOML by hand. */
const strings = fc.oneof(
  fc.string({
    unit: fc.constantFrom('"', "'", '\\', '#', '[', ']', '{', '}', '=', ',', '.', '\n', ' ', 'a', '\u007f', 'é'),
  }),
  fc.string(),
);
const keys = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd-e', '1'), fc.constantFrom('a.b', 'x y', '"', '#', ''));
const scalars = fc.oneof(strings, fc.integer(), fc.boolean(), fc.array(strings, { maxLength: 3 }));
const blanks = fc.constantFrom('', ' ', '\t');
const comments = fc.option(fc.constantFrom('# one', '# [x]', '# "', "# a = '''", '#'), { nil: '' });

/** A pair as a person may write it, in one of many ways; with the key of `depth` parts. */
const pairs = fc
  .tuple(
    fc.array(keys, { minLength: 1, maxLength: 2 }),
    fc.oneof(scalars.map(literal), inlineTables()),
    blanks,
    comments,
  )
  .map(
    ([path, value, blank, comment]) =>
      `${blank}${path.map(key).join(`${blank}.`)}${blank}=${blank}${value}${blank}${comment}`,
  );
const headers = fc
  .tuple(fc.array(keys, { minLength: 1, maxLength: 2 }), comments, fc.boolean())
  .map(
    ([path, comment, isItem]) => `${isItem ? '[[' : '['}${path.map(key).join('.')}${isItem ? ']]' : ']'} ${comment}`,
  );
const texts = fc
  .tuple(fc.array(fc.oneof({ weight: 5, arbitrary: pairs }, { weight: 2, arbitrary: headers }, comments)), fc.boolean())
  .map(([lines, windows]) => validPart(lines).join(windows ? '\r\n' : '\n'));
const paths = fc.array(keys, { minLength: 1, maxLength: 3 });

describe('for any text and any change', () => {
  test('either exactly that value changes and every comment stays, or it is refused', () => {
    let done = 0;
    fc.assert(
      fc.property(texts, paths, fc.option(scalars, { nil: undefined }), (text, path, value) => {
        const edited = attempt(text, path, value);
        if (edited === undefined) return;
        done += 1;
        const now = without(valueAt(parse(edited), path), []);
        // A heading may stay behind.
        expect(value === undefined && isDeepStrictEqual(now, {}) ? undefined : now).toEqual(value);
        expect(without(parse(edited), path)).toEqual(without(parse(text), path));
        // One that stands within a value goes with it.
        const kept = text.split(/\r?\n/).filter((line) => /^\s*#(?! within)/.test(line));
        for (const line of kept) expect(edited).toContain(line.trim());
      }),
      { numRuns: 2000 },
    );
    expect(done).toBeGreaterThan(1000);
  });

  test('a change and its contrary give the same settings', () => {
    fc.assert(
      fc.property(texts, paths, scalars, (text, path, value) => {
        const before = valueAt(parse(text), path);
        if (before !== undefined) return;
        const edited = attempt(text, path, value);
        if (edited === undefined) return;
        expect(without(parse(editToml(edited, path, undefined)), [])).toEqual(without(parse(text), []));
      }),
      { numRuns: 500 },
    );
  });

  test('what it refuses could not be set by a table or a dotted key', () => {
    fc.assert(
      fc.property(texts, paths, scalars, (text, path, value) => {
        if (attempt(text, path, value) !== undefined) return;
        const held = path.map((_, index) => valueAt(parse(text), path.slice(0, index + 1)));
        expect(held.some((each) => each !== undefined)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

function attempt(text: string, path: readonly string[], value: SettingValue | undefined): string | undefined {
  try {
    return editToml(text, path, value);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** The lines that make a file which parses, those that do not left out. */
function validPart(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (const line of lines) if (parses([...kept, line].join('\n'))) kept.push(line);
  return kept;
}

function parses(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

function inlineTables() {
  return fc
    .array(fc.tuple(keys, scalars.map(literal)), { maxLength: 3 })
    .map((entries) => `{ ${entries.map(([name, value]) => `${key(name)} = ${value}`).join(', ')} }`);
}

function key(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

function literal(value: string | number | boolean | string[]): string {
  if (Array.isArray(value)) return `[ ${value.map(literal).join(',\n# within\n ')} ]`;
  if (typeof value !== 'string') return String(value);
  const isPlain = /^[^'\p{Cc}]*$/u.test(value);
  return isPlain ? `'${value}'` : JSON.stringify(value).replaceAll('\u007f', '\\u007f');
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isTable(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    value,
  );
}

/** All but one value, and but tables in which nothing is. */
function without(value: unknown, [first, ...rest]: readonly string[]): unknown {
  if (!isTable(value)) return value;
  const entries = Object.entries(value).flatMap(([name, inner]) => {
    if (name === first && rest.length === 0) return [];
    const left = without(inner, name === first ? rest : []);
    return isDeepStrictEqual(left, {}) && isTable(inner) ? [] : [[name, left] as const];
  });
  return Object.fromEntries(entries);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
