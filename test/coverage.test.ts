// docs/coverage.md names tests, operations and modules: each of them exists, and nothing that people use is left out.
import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operations } from '../src/operations/registry.ts';

const root = join(import.meta.dir, '..');
const page = readFileSync(join(root, 'docs/coverage.md'), 'utf8');

type Row = { readonly feature: string; readonly ours: string; readonly test: string };

/** The rows of all tables; in that of the bugs the middle column says in words how ours cannot have it. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .map((line) => line.slice(2, -2).split(' | '))
  .filter(([, , third]) => third !== 'test')
  .map(([feature = '', ours = '', proof = '', ...more]) => ({ feature, ours, test: proof, width: 3 + more.length }));

const named = new Set(rows.flatMap(({ ours }) => codeIn(ours)));
const known = operations.map(({ name }) => name);

describe('every row of docs/coverage.md', () => {
  test('has its columns', () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter(({ width }) => width > 4).map(({ feature }) => feature)).toEqual([]);
    expect(rows.filter((each) => each.feature === '' || each.ours === '' || each.test === '')).toEqual([]);
  });

  test('names a test, or says that there is none', () => {
    const unproven = rows.filter((row) => proofsOf(row).length === 0 && row.test !== 'no test' && !isOutside(row));
    expect(unproven.map(({ feature }) => feature)).toEqual([]);
    expect(rows.filter((row) => isOutside(row) && row.test !== '-').map(({ feature }) => feature)).toEqual([]);
  });

  test('has tests that exist, with the titles that it quotes', () => {
    const missing = rows.flatMap(proofsOf).filter(({ file, titles }) => titles.some((title) => !holds(file, title)));
    expect(missing).toEqual([]);
  });

  test('names operations and modules that exist', () => {
    const unknown = [...named].filter((each) => !known.includes(each) && !isModule(each));
    expect(unknown).toEqual([]);
  });
});

test('every operation is in docs/coverage.md', () => {
  expect(known.filter((name) => !named.has(name))).toEqual([]);
});

type Proof = { readonly file: string; readonly titles: readonly string[] };

/** The files that a row cites, each with the titles behind it: `file` "one", "other"; `file` "one". */
function proofsOf({ test: cell }: Row): Proof[] {
  if (!cell.startsWith('`')) return [];
  return cell.split('; `').map((each) => {
    const [, file = each, quoted = ''] = /^`?([^`]+)` "(.+)"$/.exec(each) ?? [];
    return { file, titles: quoted.split(/(?<!\\)", "/).map((title) => title.replaceAll('\\"', '"')) };
  });
}

function holds(file: string, title: string): boolean {
  const path = join(root, file);
  return title !== '' && file.endsWith('.test.ts') && existsSync(path) && readFileSync(path, 'utf8').includes(title);
}

/** Whether the row is about what Stint does not have. */
function isOutside({ ours }: Row): boolean {
  return ours.startsWith('planned: ') || ours === 'not planned';
}

function isModule(path: string): boolean {
  return path.includes('/') && existsSync(join(root, path));
}

function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
