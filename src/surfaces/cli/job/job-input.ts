import type { Command } from 'commander';
import type { AnyOperation } from '../../../operations/operation.ts';
import { inputFields, type FieldSchema } from '../../../operations/text-input.ts';
import type { Cli } from '../cli.ts';
import { addFieldOptions, givenFields } from '../input-option.ts';
import { optionsOf } from '../options.ts';
import { poolOf } from '../profile-command.ts';
import { readPrompt } from './prompt.ts';

/** What a command that adds a job takes: the prompt, a flag for each field, and the agent's own arguments behind `--`. */
export function addJobInput(command: Command, operation: AnyOperation): void {
  command
    .argument('[prompt]', 'What the agent is to do; - or a pipe is read from stdin')
    .argument('[args...]', 'Behind --: arguments of the agent’s own')
    .option('-f, --file <file>', 'The file that holds the prompt');
  addFieldOptions(command, flagsOf(operation));
}

/** The input of `job.add`, as it was given. */
export async function readJobInput(
  cli: Cli,
  command: Command,
  operation: AnyOperation,
): Promise<Record<string, unknown>> {
  const options = optionsOf<{ file?: string }>(command);
  const { words, args } = splitWords(command);
  return {
    directory: process.cwd(),
    ...givenFields(command, flagsOf(operation)),
    ...poolOf(cli, options),
    ...(args.length === 0 ? {} : { args }),
    prompt: await readPrompt({ words, file: options.file, command: `stint ${pathOf(command)}` }),
  };
}

/** The agent's own arguments stand behind `--`, where they need no flag of ours. */
function flagsOf(operation: AnyOperation): Readonly<Record<string, FieldSchema>> {
  const { prompt: _, args: __, directory, ...flags } = inputFields(operation).fields;
  return { directory: { ...directory, description: 'Where it works; the current folder when absent' }, ...flags };
}

/** Commander takes `--` out; the command line as it was typed says what stood behind it. */
function splitWords(command: Command): { readonly words: readonly string[]; readonly args: readonly string[] } {
  const typed = rootOf(command).rawArgs;
  const at = typed.indexOf('--');
  const args = at === -1 ? [] : typed.slice(at + 1);
  return { words: command.args.slice(0, command.args.length - args.length), args };
}

type Root = Command & { readonly rawArgs: readonly string[] };

function rootOf(command: Command): Root {
  return command.parent === null ? (command as Root) : rootOf(command.parent);
}

function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim();
}
