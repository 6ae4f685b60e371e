import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { describeFileError, hasCode } from '../lib/atomic-file.ts';
import { findConflict } from './conflict.ts';
import { configSchema, type Config } from './config-schema.ts';
import { lineOf } from './toml-line.ts';

/** What is wrong with a field, as the end of a sentence that begins with its name. */
type Fault = {
  readonly path: readonly PropertyKey[];
  readonly other?: readonly PropertyKey[];
  readonly says: string;
};

/** Reads the settings; a missing file means the defaults. Throws a Problem that names file, line and field. */
export async function loadConfig(path: string): Promise<Config> {
  const text = await readConfigFile(path);
  return text === undefined ? configSchema.parse({}) : parseConfig(text, path);
}

/** Parses the text of a config file; `path` is only for the sentence about an error. */
export function parseConfig(toml: string, path: string): Config {
  const parsed = configSchema.safeParse(parseToml(toml, path));
  if (!parsed.success) throw faultProblem(firstFault(parsed.error), toml, path);
  const conflict = findConflict(parsed.data);
  if (conflict !== undefined) throw faultProblem(conflict, toml, path);
  return parsed.data;
}

async function readConfigFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new Problem('invalid', `${path} cannot be read: ${describeFileError(error)}.`, { cause: error });
  }
}

function parseToml(toml: string, path: string): unknown {
  try {
    return parse(toml);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Below its first line the message repeats the text.
    const reason = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '') ?? '';
    throw new Problem('invalid', `${basename(path)} line ${error.line}: ${reason}.`, {
      hint: edit(path),
      cause: error,
    });
  }
}

function firstFault(error: z.ZodError): Fault {
  const issue = error.issues[0];
  if (issue === undefined) return { path: [], says: 'is not valid' };
  if (issue.code === 'unrecognized_keys')
    return { path: [...issue.path, ...issue.keys.slice(0, 1)], says: 'is not a setting' };
  return { path: issue.path, says: issue.message };
}

function faultProblem(fault: Fault, toml: string, path: string): Problem {
  const line = lineOf(toml, fault.path) ?? lineOf(toml, fault.other ?? fault.path);
  const place = line === undefined ? basename(path) : `${basename(path)} line ${line}`;
  return new Problem('invalid', `${place}: ${fault.path.join('.')} ${fault.says}.`, { hint: edit(path) });
}

function edit(path: string): string {
  return `Edit ${path}`;
}
