import { join } from 'node:path';
import type { Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import type { AccountView } from '../../operations/shape.ts';
import { quoted } from '../../operations/require.ts';
import type { Client } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import { connect } from './connect.ts';
import { optionsOf } from './options.ts';
import { findExecutable } from './profile-command.ts';
import { render } from './render.ts';

/** `stint account login claude work`: the agent's own login, in a directory of the account's own. */
export function addLoginCommand(cli: Cli, root: Command): void {
  const account = root.commands.find((each) => each.name() === 'account');
  const command = account
    ?.command('login')
    .description('Log in with an agent’s own login, in a directory of the account’s own; or again, where it ended')
    .argument('<agent>', `Agent: ${cli.host.agents.join(', ')}`)
    .argument('<label>', 'Your name for the account, such as work')
    .argument('[args...]', 'For the agent’s own login, behind --')
    .option('--share-sessions', 'Let it share conversations, where its pool does')
    .action(async (agent: string, label: string, args: string[]) => {
      const { shareSessions = false } = (command as Command).opts<{ shareSessions?: boolean }>();
      const options = optionsOf(command as Command);
      const client = await connect(cli, options);
      const output = await logIn(cli, client, { agent, label, args, home: options.home, shareSessions });
      cli.terminal.print(options.json ? JSON.stringify(output, null, 2) : render('account.add', output, cli.terminal));
    });
}

type Wish = {
  readonly agent: string;
  readonly label: string;
  readonly args: readonly string[];
  readonly home: string;
  readonly shareSessions: boolean;
};

async function logIn(
  cli: Cli,
  client: Client,
  { agent: name, label, args, home, shareSessions }: Wish,
): Promise<unknown> {
  const named = cli.host.agentNamed(name.trim().toLowerCase());
  if (named === undefined)
    throw new Problem('invalid', `${quoted(name)} is not an agent that Stint knows.`, {
      hint: `Use one of: ${cli.host.agents.join(', ')}`,
    });
  const { agent, provider } = named;
  const known = await find(client, `${provider}/${label}`);
  if (known !== undefined && known.profile === null)
    throw new Problem('conflict', `Account ${known.id} has a secret of its own.`, {
      hint: `Choose another label, or remove it first with: stint account remove ${known.id}`,
    });
  const wanted = { provider, label, replace: known !== undefined, shareSessions };
  // Of a new account only the label says where its directory will be; that it has one is what counts here.
  const planned = known?.profile ?? join(home, 'profiles');
  const { id } = (await client.call('account.check', { ...wanted, profile: planned })) as { id: string };
  const profile = await cli.host.logIn({
    ...{ agent, args, home, profile: known?.profile ?? null },
    label: id.slice(provider.length + 1),
    find: (command, install) => findExecutable(cli, command, install),
    tell: (line) => cli.terminal.error(line),
  });
  return client.call('account.add', { ...wanted, profile });
}

async function find(client: Client, account: string): Promise<AccountView | undefined> {
  try {
    return (await client.call('account.show', { account })) as AccountView;
  } catch (error) {
    if (error instanceof Problem && error.code === 'not_found') return undefined;
    throw error;
  }
}
