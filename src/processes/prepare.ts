import { access, mkdir, stat, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { Problem } from '../core/problem.ts';
import type { Launch } from '../supervisor/ports.ts';

/**
 * Runs an agent and writes down how it ended, for a daemon that was started after it cannot wait for it. Where the file
 * is and what to run are arguments: nothing is pasted into the script. What it needs itself may not be on the agent's PATH.
 * On a full disk it waits for room, for as long as the attempt has its folder.
 */
export const runAndTell = `out=$1; shift; "$@"; code=$?; PATH=/usr/bin:/bin; at=$(date +%s)
until { printf '%s %s\\n' "$code" "$at" >"$out.new" && mv "$out.new" "$out"; } 2>/dev/null || [ ! -d "\${out%/*}" ]; do sleep 1; done`;

/** The command line of a launch. Throws a Problem `invalid` where its directory or its executable is missing. */
export async function commandOf({ directory, environment, executable, args, nice }: Launch): Promise<string[]> {
  const path = environment['PATH'] ?? '';
  await requireDirectory(directory);
  return [...(await niceness(nice, path)), await findExecutable(executable, path), ...args];
}

/** Makes the attempt's folder, with its prompt and its notes. */
export async function writeFiles({ files, notes = {}, prompt }: Launch): Promise<void> {
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(notes)) await writeFile(join(files.folder, name), text, { mode: 0o600 });
  await writeFile(files.prompt, prompt, { mode: 0o600 });
}

/** With the mark by which the processes of an attempt are found. */
export function environmentOf({ environment, attempt }: Launch): Readonly<Record<string, string>> {
  return { ...environment, STINT_ATTEMPT: attempt };
}

async function requireDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  throw new Problem('invalid', `The directory ${directory} does not exist.`, {
    hint: 'Make it, or add the job with another --directory.',
  });
}

/** As the system would find it: a name without a slash on the PATH of the agent. */
async function findExecutable(name: string, path: string): Promise<string> {
  const candidates = isAbsolute(name) ? [name] : path.split(delimiter).map((folder) => join(folder, name));
  for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
  throw new Problem('invalid', `${name} is not on the PATH.`, { hint: 'Install the agent, then: stint job retry' });
}

async function isExecutable(path: string): Promise<boolean> {
  if (!isAbsolute(path)) return false;
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function niceness(nice: number, path: string): Promise<string[]> {
  if (nice === 0) return [];
  // A machine without it runs the agent as nicely as everything else.
  const found = await findExecutable('nice', path).catch(() => undefined);
  return found === undefined ? [] : [found, '-n', String(nice)];
}
