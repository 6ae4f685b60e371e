import { basename } from 'node:path';
import { TomlError, parse } from 'smol-toml';
import type { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { lineOf } from './toml-line.ts';

/** What is wrong with a setting, as the end of a sentence that begins with its name. */
export type Fault = {
  readonly path: readonly PropertyKey[];
  /** The setting that it does not go with, which may be the only one of the two in the file. */
  readonly other?: readonly PropertyKey[];
  readonly says: string;
};

export type ParsedToml =
  | { readonly kind: 'table'; readonly table: Readonly<Record<string, unknown>> }
  | { readonly kind: 'broken'; readonly problem: Problem };

/** Parses a config file as TOML; `path` is only for the sentence about an error. */
export function parseToml(toml: string, path: string): ParsedToml {
  try {
    return { kind: 'table', table: parse(toml) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Below its first line the message repeats the text.
    const reason = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '') ?? '';
    const says = `${basename(path)} line ${error.line}: ${reason}.`;
    return { kind: 'broken', problem: new Problem('invalid', says, { hint: edit(path), cause: error }) };
  }
}

/** The first thing that a schema did not like. */
export function firstFault(error: z.ZodError, within: readonly string[] = []): Fault {
  const issue = error.issues[0];
  if (issue === undefined) return { path: within, says: 'is not valid' };
  const path = [...within, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return { path: [...path, ...issue.keys.slice(0, 1)], says: 'is not a setting' };
  if (issue.code === 'invalid_key') return { path, says: 'must have a name of a-z, 0-9 and -' };
  // What is wrong with an item is told of its list.
  const item = path.findIndex((key) => typeof key === 'number');
  return { path: item === -1 ? path : path.slice(0, item), says: issue.message };
}

/** A fault as a sentence with its line in the file. */
export function faultProblem(fault: Fault, toml: string, path: string): Problem {
  const { path: field, other = field } = fault;
  // What is missing is told of its table.
  const line = lineOf(toml, field) ?? lineOf(toml, other) ?? lineOf(toml, field.slice(0, -1));
  const place = line === undefined ? basename(path) : `${basename(path)} line ${line}`;
  return new Problem('invalid', `${place}: ${field.join('.')} ${fault.says}.`, { hint: edit(path) });
}

function edit(path: string): string {
  return `Edit ${path}`;
}
