import { Argument, type Command } from 'commander';
import type { Cli } from '../cli.ts';
import { complete, type Completion } from './complete.ts';
import { namesOf } from './names.ts';
import { completionScripts, type Shell } from './script.ts';

/** What shells call, and no person. */
export const completing = '__complete';

/** `stint completion bash`: what a shell reads to complete our commands. */
export function addCompletion(cli: Cli, root: Command): void {
  root
    .command('completion')
    .description('Print what a shell reads to complete commands, accounts and pools')
    .addArgument(new Argument('<shell>', 'Shell').choices(Object.keys(completionScripts)))
    .action((shell: Shell) => cli.terminal.print(completionScripts[shell]));
}

/** Answers a shell that completes: `words` are its name, then what stands behind `stint` up to the cursor. Never fails. */
export async function answerShell(cli: Cli, root: Command, words: readonly string[]): Promise<void> {
  const [shell, ...line] = words;
  try {
    const typed = shell === 'bash' ? joinAssignments(line) : line;
    const found = await complete(root, typed, namesOf(cli, cli.host.defaults.home));
    for (const text of linesOf(found)) cli.terminal.print(text);
  } catch {
    // Whoever presses Tab has no use for an error.
  }
}

function linesOf({ candidates, paths }: Completion): string[] {
  const described = candidates.map(({ value, description }) => `${value}\t${description.replace(/\s+/g, ' ')}`);
  return paths === null ? described : [...described, `:${paths}`];
}

/** Bash takes `--strategy=st` for three words, and replaces only the last: here it is a flag and its value. */
function joinAssignments(line: readonly string[]): readonly string[] {
  const words = line.filter((word, index) => word !== '=' || line[index - 1]?.startsWith('--') !== true);
  return line.at(-1) === '=' ? [...words, ''] : words;
}
