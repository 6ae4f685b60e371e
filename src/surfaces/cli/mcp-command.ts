import type { Command } from 'commander';
import { socketClient, type Client } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import { reachDaemon } from './connect.ts';
import { optionsOf, type GlobalOptions } from './options.ts';

/** `stint mcp`: for a client of the Model Context Protocol that starts it. Stdout is the protocol's alone. */
export function addMcp(cli: Cli, root: Command): void {
  const command = root
    .command('mcp')
    .description('Serve the Model Context Protocol on stdin and stdout, for a client that starts it')
    .action(async () => {
      const options = optionsOf(command);
      // What keeps the daemon from starting is told at once, not with the first call.
      await reachDaemon(cli, options);
      await cli.host.serveMcp({
        ...{ client: reviving(cli, options), operations: cli.operations },
        bug: (error) => cli.terminal.error(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      });
    });
}

/** A client may run for days: a daemon that went meanwhile is started again for the next call. */
function reviving(cli: Cli, options: GlobalOptions): Client {
  const reach = async (): Promise<Client> => socketClient((await reachDaemon(cli, options)).controlSocket, 'mcp');
  return {
    call: async (name, input, signal) => (await reach()).call(name, input, signal),
    async *stream(name, input, signal) {
      yield* (await reach()).stream(name, input, signal);
    },
  };
}
