import { lstat, realpath, stat } from 'node:fs/promises';
import { Problem } from '../core/problem.ts';
import { describeFileError, hasCode, writeFileAtomic } from '../lib/atomic-file.ts';
import { readRegularFile } from '../lib/regular-file.ts';
import { findConflicts } from './conflict.ts';
import { configSchema, type Config } from './config-schema.ts';
import { faultProblem, firstFault, parseToml } from './fault.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { findEssential, readParts, type ReadParts } from './parts.ts';

/** Reads the settings; a missing file means the defaults. Throws a Problem that names file, line and field. */
export async function loadConfig(path: string): Promise<Config> {
  return parseConfig((await readConfigFile(path)) ?? '', path);
}

/**
 * Reads the settings as a daemon starts with them: a section that is wrong has its defaults. Throws a Problem where it is
 * one that the start needs.
 */
export async function loadParts(path: string, insecureBind = false): Promise<ReadParts> {
  const text = (await readConfigFile(path)) ?? '';
  const read = readParts(text, path, { held: configSchema.parse({}), insecureBind });
  const wrong = findEssential(read.faults);
  if (wrong !== undefined) throw wrong.problem;
  return read;
}

/** The settings with which a daemon would start now. */
export async function loadStart(path: string, overrides: Overrides): Promise<Config> {
  return applyOverrides((await loadParts(path, overrides.insecureBind)).config, overrides);
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
    return await readRegularFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new Problem('invalid', `${path} cannot be read: ${describeFileError(error)}.`, { cause: error });
  }
}

/**
 * Puts another text into the file. One that is kept elsewhere is changed there, and the link and its mode stay. Throws a
 * Problem where it cannot be written.
 */
export async function writeConfigFile(path: string, text: string): Promise<void> {
  try {
    await write(path, text);
  } catch (error) {
    throw new Problem('unavailable', `${path} cannot be written: ${describeFileError(error)}.`, {
      hint: 'Nothing was changed. See to the folder, then try again.',
      cause: error,
    });
  }
}

async function write(path: string, text: string): Promise<void> {
  const linked = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (!linked) return writeFileAtomic(path, text);
  const file = await realpath(path);
  await writeFileAtomic(file, text, (await stat(file)).mode & 0o777);
}
