import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import { formatMoment } from '../../core/time.ts';
import { localTimeZone } from '../../lib/local-time-zone.ts';
import { socketClient, type Client } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import { connect, reachDaemon } from './connect.ts';
import { findExecutable, poolOf, runOnProfiles } from './profile-command.ts';
import { keepDaemon } from './keep-daemon.ts';
import { optionsOf, type GlobalOptions } from './options.ts';
import { withOwnCertificates } from './own-certificates.ts';

type Issued = {
  readonly id: string;
  readonly pool: string;
  readonly expiresAt: number;
  readonly command: string;
  readonly install: string;
  readonly withheld: readonly string[];
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/** `stint claude` runs the agent in this terminal, `stint env claude` prints what any other one has to export. */
export function addAgentCommands(cli: Cli, root: Command): void {
  const env = root
    .command('env')
    .description('Print what to export so that an agent uses the gateway')
    .argument('<agent>', `Agent: ${cli.host.agents.join(', ')}`)
    .option('--pool <pool>', 'Pool; the provider’s default pool when absent')
    .action(async (agent: string) => printEnvironment(cli, agent, optionsOf(env)));
  for (const agent of cli.host.agents) {
    root
      .command(agent)
      .description(
        `Run ${agent} here, on the accounts of a pool; all arguments are its own (pool: stint --pool <pool> ${agent})`,
      )
      .summary(`Run ${agent} here, on the accounts of a pool`)
      .argument('[args...]')
      // Everything after the name belongs to the agent, --help and --version included.
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions()
      .action(async (args: string[]) => cli.exit(await runAgent(cli, agent, { args, options: optionsOf(root) })));
  }
}

async function printEnvironment(cli: Cli, agent: string, options: GlobalOptions): Promise<void> {
  const issued = await issue(cli, await connect(cli, options), { agent, origin: 'env', options });
  for (const each of await cli.host.obstacles(agent, options.home, []))
    cli.terminal.error(`# warning: ${each.says} ${each.hint}`);
  if (options.json) return cli.terminal.print(JSON.stringify(issued, null, 2));
  cli.terminal.print(`# For ${agent} on pool ${issued.pool}; use with: eval "$(stint env ${agent})"`);
  const until = formatMoment(issued.expiresAt, Date.now(), localTimeZone());
  cli.terminal.print(`# Valid until ${until}, or until: stint phantom revoke ${issued.id}`);
  for (const name of issued.withheld) cli.terminal.print(`unset ${name}`);
  for (const [name, value] of Object.entries({ ...issued.environment, ...directLoopback() }))
    cli.terminal.print(`export ${name}=${quotedForShell(value)}`);
  // What cannot be said by a variable has to stand on every command line.
  if (issued.args.length > 0) {
    cli.terminal.print(
      `# A function of this shell: a script, an editor or \`timeout ${agent}\` does not see it; there use: stint ${agent}`,
    );
    cli.terminal.print(`${agent}() { command ${issued.command} ${issued.args.map(quotedForShell).join(' ')} "$@"; }`);
  }
}

function quotedForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

type Run = { readonly args: readonly string[]; readonly options: GlobalOptions };

async function runAgent(cli: Cli, agent: string, { args, options }: Run): Promise<number> {
  const daemon = await reachDaemon(cli, options);
  const client = socketClient(daemon.controlSocket);
  const letGo = keepDaemon(cli, options.home, daemon);
  try {
    const ended = await runOnProfiles(cli, client, { agent, args, options });
    return ended === 'gateway' ? await runThroughGateway(cli, client, { agent, args, options }) : ended;
  } finally {
    letGo();
  }
}

async function runThroughGateway(
  cli: Cli,
  client: Client,
  { agent, args, options }: Run & { readonly agent: string },
): Promise<number> {
  const issued = await issue(cli, client, { agent, origin: 'wrapper', options });
  try {
    const user = cli.host.userEnvironment;
    const executable = findExecutable(cli, issued.command, issued.install);
    await refuseObstacles(cli, agent, { args, options });
    const env = { ...user, ...issued.environment, ...directLoopback() };
    // The passphrase opens every secret that the agent must not have.
    for (const name of [...issued.withheld, 'STINT_VAULT_PASSPHRASE']) delete env[name];
    return await runInTerminal(executable, [...issued.args, ...args], env);
  } finally {
    // A daemon that is gone forgets it by its expiry.
    await client.call('phantom.revoke', { id: issued.id }).catch(() => undefined);
  }
}

/** An agent that goes past the gateway meets its limits as if there were no Stint, without a word. */
async function refuseObstacles(cli: Cli, agent: string, { args, options }: Run): Promise<void> {
  const obstacles = await cli.host.obstacles(agent, options.home, args);
  const [first] = obstacles;
  if (first !== undefined)
    throw new Problem('conflict', first.says, { hint: obstacles.map((each) => each.hint).join(' ') });
}

/** What the launcher completed so that no proxy stands before the gateway, also for one in the agent's own settings. */
function directLoopback(): Record<string, string> {
  return Object.fromEntries(
    ['no_proxy', 'NO_PROXY'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function issue(
  cli: Cli,
  client: Client,
  wish: { agent: string; origin: 'env' | 'wrapper'; options: GlobalOptions },
): Promise<Issued> {
  const issued = (await client.call('phantom.issue', {
    agent: wish.agent,
    origin: wish.origin,
    ...poolOf(cli, wish.options),
  })) as Issued;
  return { ...issued, environment: await withOwnCertificates(issued.environment, cli.host.userEnvironment) };
}

/** Gives the agent the terminal, and its end to the caller: the exit code, 128 and the signal's number for a signal. */
function runInTerminal(executable: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(executable, args, { stdio: 'inherit', env });
  const handlers = new Map<NodeJS.Signals, () => void>();
  // Ctrl-C and Ctrl-\ reach the agent from the terminal itself: here they only must not end the wrapper before it.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) handlers.set(signal, () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)
    handlers.set(signal, () => void child.kill(signal));
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return new Promise((resolve, reject) => {
    const done = (): void => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    };
    child.once('error', (error) => {
      done();
      reject(
        new Problem('unavailable', `${executable} could not be started: ${error.message}.`, {
          hint: 'Try it without Stint first.',
        }),
      );
    });
    child.once('exit', (code, signal) => {
      done();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
