import { confirm, isCancel } from '@clack/prompts';
import { Option, type Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import type { Client } from '../../operations/client.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { quoted } from '../../operations/require.ts';
import type { Finding } from '../../operations/shape.ts';
import { inputFields, type FieldSchema } from '../../operations/text-input.ts';
import type { Cli } from './cli.ts';
import { followStream } from './follow.ts';
import { addFieldOptions, givenFields, takeField } from './input-option.ts';
import { addJobAdd } from './job/add-command.ts';
import { addJobAttach } from './job/attach-command.ts';
import { parseSeconds, watchAnswer } from './watch.ts';
import { connect } from './connect.ts';
import { offlineClient } from './offline.ts';
import { render } from './render.ts';
import { inCliWords } from './cli-words.ts';
import { readSecret } from './secret.ts';
import { optionsOf } from './options.ts';

/** Nouns whose operations stand at the top: `stint status`, not `stint daemon status`. */
const topNouns = new Set(['daemon']);
const nounHelp: Readonly<Record<string, string>> = {
  account: 'Accounts at providers',
  pool: 'Pools of accounts',
  session: 'Conversations of agents',
  phantom: 'Tokens that agents hold in place of a secret',
  limit: 'What closes accounts, seen or set by hand',
  audit: 'What was changed and what happened',
  event: 'What happens, as it happens',
  notice: 'What people are told',
  config: 'Settings, in config.toml',
  token: 'Tokens of the control API',
  job: 'Work that agents do by themselves, through limits and restarts',
  dashboard: 'The link that logs one browser in',
};

/** Gives every operation its command: `account.add` becomes `stint account add`. */
export function addOperationCommands(cli: Cli, root: Command): void {
  for (const operation of cli.operations) {
    if (operation.hidden?.cli !== undefined) continue;
    const [noun = '', verb = ''] = operation.name.split('.');
    const group = topNouns.has(noun) ? root : groupOf(root, noun);
    (ownCommands[operation.name] ?? addCommand)(cli, group.command(verb), operation);
    for (const other of otherVerbs[operation.name] ?? [])
      addCommand(cli, group.command(other, { hidden: true }), operation);
  }
}

/** What people also try. */
const otherVerbs: Readonly<Record<string, readonly string[]>> = {
  'config.check': ['validate'],
  'job.show': ['why'],
  'job.logs': ['log'],
};

/** Operations that take more on a command line than their fields. */
const ownCommands: Readonly<Record<string, typeof addCommand>> = {
  'job.add': addJobAdd,
  'job.attach': addJobAttach,
};

function groupOf(root: Command, noun: string): Command {
  const known = root.commands.find((each) => each.name() === noun);
  if (known !== undefined) return known;
  const group = root
    .command(noun)
    .description(nounHelp[noun] ?? noun)
    .helpCommand(false);
  return group.action(() => {
    const verbs = group.commands.map((each) => each.name()).join(', ');
    const [verb] = group.args;
    const sentence = verb === undefined ? `stint ${noun} needs a verb.` : `stint ${noun} has no verb ${quoted(verb)}.`;
    throw new Problem('invalid', sentence, { hint: `Use one of: ${verbs}` });
  });
}

function addCommand(cli: Cli, command: Command, operation: AnyOperation): void {
  const { fields, required } = inputFields(operation);
  command.description(operation.summary);
  for (const name of operation.positional) {
    const field = fields[name];
    const dots = field?.type === 'array' ? '...' : '';
    command.argument(required.includes(name) ? `<${name}${dots}>` : `[${name}${dots}]`, field?.description);
  }
  if (Object.values(fields).some((field) => field.secret === true))
    command.option('--secret-env <variable>', 'Read the secret from this environment variable');
  addFieldOptions(command, flagsOf(operation, fields));
  if (operation.effect === 'destructive') command.option('-y, --yes', 'Do not ask');
  if (isWatchable(operation))
    command.addOption(
      new Option('--watch [seconds]', 'Show it again and again, and whenever something happens').argParser(
        parseSeconds,
      ),
    );
  command.action(async () => {
    try {
      await run(cli, { operation, command, fields });
    } catch (error) {
      throw error instanceof Problem ? inCliWords(error, operation) : error;
    }
  });
}

/** What is given by a flag. */
function flagsOf({ positional }: AnyOperation, fields: Invocation['fields']): Invocation['fields'] {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, field]) => field.secret !== true && !positional.includes(name)),
  );
}

/** All that is asked without changing anything. */
function isWatchable({ kind, effect }: AnyOperation): boolean {
  return kind === 'call' && effect === 'read';
}

type Invocation = {
  readonly operation: AnyOperation;
  readonly command: Command;
  readonly fields: Readonly<Record<string, FieldSchema>>;
};

async function run(cli: Cli, { operation, command, fields }: Invocation): Promise<void> {
  const options = optionsOf<{ yes?: boolean; secretEnv?: string; watch?: number | true }>(command);
  const input = givenFields(command, flagsOf(operation, fields));
  operation.positional.forEach((name, index) =>
    takeField(input, name, { field: fields[name], value: command.processedArgs[index] }),
  );
  if (operation.kind === 'stream') return followStream(cli, { operation, input, options });
  if (options.watch !== undefined) return watchAnswer(cli, { operation, input, seconds: options.watch, options });
  const client = (await offlineClient(cli, operation, options)) ?? (await connect(cli, options));
  const checked = operation.precheck === undefined ? null : await client.call(operation.precheck, input);
  if (operation.effect === 'destructive' && options.yes !== true) {
    const { question } = (checked ?? {}) as { readonly question?: string };
    await confirmOrStop(cli, question, `${operation.summary}: ${command.args.join(' ')}?`);
  }
  for (const [name, field] of Object.entries(fields)) {
    if (field.secret !== true || field.unless?.some((other) => other in input)) continue;
    if (!(await wantsSecret(client, { operation, field, input }))) continue;
    const subject = command.args.join(' ');
    input[name] = await readSecret(cli, {
      message: `${field.description ?? name} (${subject})`,
      fromVariable: options.secretEnv,
      command: `stint ${operation.name.replace('.', ' ')} ${subject}`,
    });
  }
  const output = await client.call(operation.name, input);
  const { warning, findings } = output as { readonly warning?: string | null; readonly findings?: readonly Finding[] };
  if (typeof warning === 'string' && !options.json) cli.terminal.error(`Warning: ${warning}`);
  cli.terminal.print(options.json ? JSON.stringify(output, null, 2) : render(operation.name, output, cli.terminal));
  if (findings?.some((each) => !each.ok)) cli.exit(1);
}

type Asking = {
  readonly operation: AnyOperation;
  readonly field: FieldSchema;
  readonly input: Record<string, unknown>;
};

async function wantsSecret(client: Client, { operation, field, input }: Asking): Promise<boolean> {
  const [name] = operation.positional;
  if (field.wantedBy === undefined || name === undefined) return true;
  const { isSecret } = (await client.call(field.wantedBy, { [name]: input[name] })) as { readonly isSecret?: boolean };
  return isSecret === true;
}

/** What cannot be undone needs an answer also where nobody can be asked. */
async function confirmOrStop({ terminal }: Cli, question: string | undefined, plain: string): Promise<void> {
  if (!terminal.interactive) {
    throw new Problem('invalid', question?.replace(/ Go on\?$/, '') ?? 'There is no terminal to ask on.', {
      hint: 'Nothing was changed. To go on, say --yes.',
    });
  }
  const answer = await confirm({
    message: question ?? plain,
    initialValue: false,
    output: process.stderr,
    withGuide: false,
  });
  if (isCancel(answer) || !answer)
    throw new Problem('invalid', 'Nothing was changed.', { hint: 'Say --yes to skip the question.' });
}
