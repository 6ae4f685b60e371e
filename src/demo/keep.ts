import { once } from 'node:events';
import { resolve } from 'node:path';
import { cell } from './line.ts';
import type { Screen } from './screen.ts';

/** How Stint was started, and the user's own PATH. */
export type Start = {
  readonly stintCommand: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** How each agent is asked for one thing. */
const trials: Readonly<Record<string, string>> = {
  claude: `-p 'Hello [[steps:3]]' --allowedTools Bash`,
  codex: `exec --skip-git-repo-check 'Hello [[steps:3]]'`,
  gemini: `-p 'Hello [[steps:3]]' --yolo --skip-trust`,
};

/** Commands to type while the demo stays, from any folder. */
export function commandsToLook(home: string, agent: string, start: Start): string[] {
  const stint = `${nameOf(start)} --home ${home}`;
  return [
    `${stint} status`,
    `${stint} session list`,
    `${stint} logs`,
    `${stint} ${agent} ${trials[agent] ?? ''}`.trimEnd(),
    `eval "$(${stint} env ${agent})"`,
  ];
}

/** Tells the commands, and resolves when the signal comes. */
export async function leaveRunning(commands: readonly string[], screen: Screen, signal: AbortSignal): Promise<void> {
  const told = commands.map((command) => [cell(`  ${command}`, 'cyan')]);
  screen.print([
    [],
    [cell('Daemon and provider keep running until Ctrl-C. For a look, in another terminal:')],
    ...told,
  ]);
  // A signal alone would not keep the process from ending.
  const awake = setInterval(() => undefined, 2 ** 30);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(awake);
}

/** In a clone there is no `stint` on the PATH. */
function nameOf({ stintCommand, environment }: Start): string {
  if (Bun.which('stint', { PATH: environment['PATH'] ?? '' }) !== null) return 'stint';
  return `node ${resolve(stintCommand.at(-1) ?? '', '../../bin/stint.mjs')}`;
}
