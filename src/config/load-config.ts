import { readFile } from 'node:fs/promises';
import { Problem } from '../core/problem.ts';
import { describeFileError, hasCode } from '../lib/atomic-file.ts';
import { findConflicts } from './conflict.ts';
import { configSchema, type Config } from './config-schema.ts';
import { faultProblem, firstFault, parseToml } from './fault.ts';

/** Reads the settings; a missing file means the defaults. Throws a Problem that names file, line and field. */
export async function loadConfig(path: string): Promise<Config> {
  return parseConfig((await readConfigFile(path)) ?? '', path);
}

/** Parses the text of a config file; `path` is only for the sentence about an error. */
export function parseConfig(toml: string, path: string): Config {
  const read = parseToml(toml, path);
  if (read.kind === 'broken') throw read.problem;
  const parsed = configSchema.safeParse(read.table);
  if (!parsed.success) throw faultProblem(firstFault(parsed.error), toml, path);
  const [conflict] = findConflicts(parsed.data);
  if (conflict !== undefined) throw faultProblem(conflict, toml, path);
  return parsed.data;
}

/** The text of the file; undefined when there is none. */
export async function readConfigFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new Problem('invalid', `${path} cannot be read: ${describeFileError(error)}.`, { cause: error });
  }
}
