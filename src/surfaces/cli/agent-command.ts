import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import { formatWhen } from '../../core/time.ts';
import type { Client } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import { connect } from './connect.ts';
import { localTimeZone } from './render.ts';
import { optionsOf, type GlobalOptions } from './options.ts';

type Issued = {
  readonly id: string;
  readonly pool: string;
  readonly expiresAt: number | null;
  readonly command: string;
  readonly install: string;
  readonly withheld: readonly string[];
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
        `Run ${agent} here, through the gateway; all arguments are its own (pool: stint --pool <pool> ${agent})`,
      )
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
  if (options.json) return cli.terminal.print(JSON.stringify(issued, null, 2));
  const until =
    issued.expiresAt === null
      ? ''
      : ` Valid until revoked, at most ${formatWhen(issued.expiresAt, Date.now(), localTimeZone())}.`;
  cli.terminal.print(`# For ${agent} on pool ${issued.pool}; use with: eval "$(stint env ${agent})".${until}`);
  for (const name of issued.withheld) cli.terminal.print(`unset ${name}`);
  for (const [name, value] of Object.entries({ ...issued.environment, ...directLoopback() }))
    cli.terminal.print(`export ${name}='${value.replaceAll("'", "'\\''")}'`);
}

type Run = { readonly args: readonly string[]; readonly options: GlobalOptions };

async function runAgent(cli: Cli, agent: string, { args, options }: Run): Promise<number> {
  const client = await connect(cli, options);
  const issued = await issue(cli, client, { agent, origin: 'wrapper', options });
  try {
    const user = cli.host.userEnvironment;
    const executable = Bun.which(issued.command, { PATH: user['PATH'] ?? '' });
    if (executable === null) {
      throw new Problem('not_found', `${issued.command} is not on the PATH.`, {
        hint: `Install it with: ${issued.install}`,
      });
    }
    const env = { ...user, ...issued.environment, ...directLoopback() };
    // The passphrase opens every secret that the agent must not have.
    for (const name of [...issued.withheld, 'STINT_VAULT_PASSPHRASE']) delete env[name];
    return await runInTerminal(executable, args, env);
  } finally {
    // A daemon that is gone forgets it by its expiry.
    await client.call('phantom.revoke', { id: issued.id }).catch(() => undefined);
  }
}

/** Behind a proxy the launcher has put loopback into NO_PROXY; the agent needs that as well to reach the gateway. */
function directLoopback(): Record<string, string> {
  return Object.fromEntries(['NO_PROXY', 'no_proxy'].flatMap((name) => optionalEntry(name, process.env[name])));
}

function optionalEntry(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

function issue(
  cli: Cli,
  client: Client,
  wish: { agent: string; origin: 'env' | 'wrapper'; options: GlobalOptions },
): Promise<Issued> {
  const pool = wish.options.pool ?? cli.host.userEnvironment['STINT_POOL'];
  return client.call('phantom.issue', {
    agent: wish.agent,
    origin: wish.origin,
    ...(pool ? { pool } : {}),
  }) as Promise<Issued>;
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
