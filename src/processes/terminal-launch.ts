import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellWord } from '../lib/shell-word.ts';
import type { Launch } from '../supervisor/ports.ts';
import { commandOf, environmentOf, runAndTell, writeFiles } from './prepare.ts';

/**
 * As without a terminal. It opens the terminal anew, which makes it the controlling one of a session's leader that has
 * none, and survives a Ctrl-C, which is the agent's.
 */
const wrapper = `terminal=$(tty) && exec <"$terminal" >"$terminal" 2>&1
trap : INT QUIT
${runAndTell}`;

/** Until somebody looks at it. */
export const firstSize = { columns: 120, rows: 40 };

/** An Enter at once after a paste is a part of it to Gemini CLI 0.61.0, which so protects people from pasted lines. */
export const submitMs = 300;

/** Writes the files of an attempt on a terminal, and resolves with what to run there. */
export async function readyTerminal(launch: Launch): Promise<readonly string[]> {
  const command = await commandOf(launch);
  await writeFiles(launch);
  // What its hooks write to, and by which it is known to have been started.
  await (await open(launch.files.stdout, 'a', 0o600)).close();
  return ['/bin/sh', '-c', wrapper, 'stint', launch.files.exit, ...command];
}

/**
 * A script that runs a command with an environment that nobody else can see: command lines can be read by everybody. It
 * removes itself as it begins.
 */
export async function writeStarter(launch: Launch, command: readonly string[]): Promise<string> {
  const path = join(launch.files.folder, 'start');
  const names = Object.entries(environmentOf(launch)).filter(([name]) => /^[A-Za-z_]\w*$/.test(name));
  const lines = [
    'rm -f "$0"',
    // What the terminal's server has is not the agent's.
    'unset TMUX TMUX_PANE',
    `cd ${shellWord(launch.directory)} || exit 1`,
    ...names.map(([name, value]) => `export ${name}=${shellWord(value)}`),
    `exec ${command.map(shellWord).join(' ')}`,
  ];
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  return path;
}
