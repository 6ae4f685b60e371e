import { socketClient } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import { type GlobalOptions } from './options.ts';

type Status = {
  readonly accounts: readonly { readonly id: string; readonly provider: string; readonly state: string }[];
};

/** `stint` alone: what to type next, as things stand. Starts nothing. */
export async function showNextStep(cli: Cli, options: GlobalOptions): Promise<void> {
  const daemon = await cli.host.findDaemon(options.home);
  const running = daemon?.kind === 'serving';
  const status = running ? ((await socketClient(daemon.controlSocket).call('daemon.status', {})) as Status) : null;
  const provider = status?.accounts[0]?.provider;
  const agent = provider === undefined ? undefined : cli.host.agentOf(provider);
  const steps = stepsFor(status, agent ?? 'claude');
  if (options.json)
    return cli.terminal.print(
      JSON.stringify(
        { running, accounts: status?.accounts.length ?? null, next: steps.map(([command]) => command) },
        null,
        2,
      ),
    );
  cli.terminal.print('Stint keeps coding agents working when an account hits its limit.');
  cli.terminal.print(headline(status));
  const width = Math.max(...steps.map(([command]) => command.length));
  for (const [command, why] of steps) cli.terminal.print(`  ${command.padEnd(width)}  ${why}`);
}

function headline(status: Status | null): string {
  if (status === null) return 'The daemon is not running; commands start it. Next:';
  if (status.accounts.length === 0) return 'It is running and has no account yet. Next:';
  const open = status.accounts.filter((each) => each.state === 'open' || each.state === 'partly-closed').length;
  return `It is running; ${open} of ${status.accounts.length} accounts are open. Next:`;
}

function stepsFor(status: Status | null, agent: string): [string, string][] {
  const add: [string, string] = ['stint account add anthropic work', 'add an account; asks for its key or token'];
  const run: [string, string] = [`stint ${agent}`, `run ${agent} on all your accounts`];
  const look: [string, string] = ['stint status', 'see accounts, windows and who is next'];
  const demo: [string, string] = ['stint demo', 'see it work without an account'];
  const help: [string, string] = ['stint --help', 'see every command'];
  if (status === null) return [demo, add, run, help];
  return status.accounts.length === 0 ? [add, demo, help] : [run, look, add, help];
}
