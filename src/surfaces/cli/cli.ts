import { Command, CommanderError } from 'commander';
import { Problem } from '../../core/problem.ts';
import { hasCode } from '../../lib/atomic-file.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { quoted } from '../../operations/require.ts';
import { addAgentCommands } from './agent-command.ts';
import { addCompletion, answerShell, completing } from './completion/completion-command.ts';
import { addConfigCommands } from './config-command.ts';
import { addDaemonCommands } from './daemon-command.ts';
import { addDashboard } from './dashboard-command.ts';
import { addDoctor } from './doctor.ts';
import { exitCodes } from './exit-code.ts';
import { addRun } from './job/run-command.ts';
import { addLogs } from './logs.ts';
import { demoAgents, type Host } from './host.ts';
import { groupCommands } from './help-group.ts';
import { addLoginCommand } from './login-command.ts';
import { addMcp } from './mcp-command.ts';
import { addOperationCommands } from './operation-command.ts';
import { showNextStep } from './next-step.ts';
import { addGlobalOptions, insecureBindOption, optionsOf } from './options.ts';
import { addServiceCommand } from './service-command.ts';
import { addTokenFlags } from './token-command.ts';
import { terminal, writeError, type Terminal } from './terminal.ts';

/** What every command gets: how to reach the outside, and what was asked of all commands. */
export type Cli = {
  readonly host: Host;
  readonly operations: readonly AnyOperation[];
  readonly terminal: Terminal;
  /** Ends the process with this code when the command is done. */
  exit(code: number): void;
};

/** Runs one command line and resolves with the exit code. Never rejects. */
export async function runCli(
  argv: readonly string[],
  host: Host,
  operations: readonly AnyOperation[],
): Promise<number> {
  let code = 0;
  // Whoever reads may have had enough, as `head` has; what the command does is done all the same.
  process.stdout.on('error', (error) => {
    if (!hasCode(error, 'EPIPE')) throw error;
  });
  const cli: Cli = { host, operations, terminal, exit: (value) => void (code = value) };
  try {
    const root = program(cli);
    if (argv[0] === completing) await answerShell(cli, root, argv.slice(1));
    else await root.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const problem = problemOf(error);
    writeError(problem, argv.includes('--json'));
    // The daemon's own bugs are in its log.
    if (error instanceof Error && !(error instanceof Problem) && problem.code === 'internal')
      terminal.error(error.stack ?? error.message);
    return exitCodes[problem.code];
  }
}

function program(cli: Cli): Command {
  const { version } = cli.host;
  const root = new Command('stint')
    .description('Keeps coding agents working when an account hits its limit.')
    .version(version, '-V, --version', 'Show the version')
    .helpOption('-h, --help', 'Show help')
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => termOf(command) })
    .option('--pool <pool>', 'Pool for stint <agent> and stint env (STINT_POOL)')
    .addOption(insecureBindOption().hideHelp())
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action(() => {
      const [name] = root.args;
      if (name === 'help') return root.outputHelp();
      if (name !== undefined)
        throw new Problem('invalid', `Stint has no command ${quoted(name)}.`, { hint: 'See: stint --help' });
      return showNextStep(cli, optionsOf(root));
    });
  addDaemonCommands(cli, root);
  addOperationCommands(cli, root);
  addAgentCommands(cli, root);
  addRun(cli, root);
  addLoginCommand(cli, root);
  addLogs(cli, root);
  addDoctor(cli, root);
  addDemo(cli, root);
  addConfigCommands(cli, root);
  addTokenFlags(root);
  addServiceCommand(cli, root);
  addDashboard(cli, root);
  addMcp(cli, root);
  addCompletion(cli, root);
  for (const each of everyCommand(root)) prepare(cli, each);
  groupCommands(cli, root);
  return root;
}

/** Commands of agents take nothing of ours: all that follows their name is the agent's. */
function prepare(cli: Cli, command: Command): void {
  if (cli.host.agents.includes(command.name())) return;
  addGlobalOptions(command, cli.host.defaults);
  // A command with commands of its own names the one that it does not know.
  command.allowExcessArguments(command.commands.length > 0).configureOutput({ writeErr: () => undefined });
  command.exitOverride((error) => {
    throw error.exitCode === 0 ? error : usageProblem(error, pathOf(command));
  });
}

/** Options are in the help of each; here they would only repeat on every line. */
function termOf(command: Command): string {
  const takes = command.registeredArguments.map((each) => {
    const text = each.variadic ? `${each.name()}...` : each.name();
    return each.required ? `<${text}>` : `[${text}]`;
  });
  return [command.name(), ...takes].join(' ');
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function addDemo(cli: Cli, root: Command): void {
  const command = root
    .command('demo')
    .description('See a session go on over three limited accounts; needs none of yours')
    .option('--agent <agent>', 'scripted, or a real one, installed on first use: claude, codex, gemini', 'scripted')
    .option('--keep', 'Leave it running for a look')
    .action(async () => {
      const { agent: asked, keep = false, json } = optionsOf<{ agent: string; keep?: boolean }>(command);
      const agent = demoAgents.find((each) => each === asked);
      if (agent === undefined) {
        throw new Problem('invalid', `The demo has no agent ${quoted(asked)}.`, {
          hint: `Use one of: ${demoAgents.join(', ')}`,
        });
      }
      cli.exit(await cli.host.demo({ agent, keep, json }));
    });
}

/** What commander says, as one sentence. */
function usageProblem(error: CommanderError, command: string): Problem {
  const sentence = error.message
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .replace(/\.?\s*$/, '');
  return new Problem('invalid', `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`, {
    hint: `See: ${command} --help`,
  });
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof CommanderError) return usageProblem(error, 'stint');
  return new Problem('internal', 'Stint has a bug here.', { hint: 'Report it with the lines below.', cause: error });
}
