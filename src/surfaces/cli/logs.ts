import type { Command } from 'commander';
import { pause } from '../../lib/pause.ts';
import { localTimeZone } from '../../lib/local-time-zone.ts';
import { coerceText } from '../../operations/text-input.ts';
import type { Cli } from './cli.ts';
import { untilInterrupted } from './interrupted.ts';
import { connect } from './connect.ts';
import { renderLogLine } from './render-log.ts';
import { optionsOf } from './options.ts';

const followMs = 500;

type Lines = { readonly lines: readonly string[]; readonly cursor: number };

/** `stint logs`, with `--follow` until it is interrupted. */
export function addLogs(cli: Cli, root: Command): void {
  const command = root
    .command('logs')
    .description('Show the last lines of the log')
    .option('-n, --lines <count>', 'How many', '50')
    .option('-f, --follow', 'Go on with new lines until interrupted')
    .action(async (options: { lines: string; follow?: boolean }) => {
      const all = optionsOf(command);
      const client = await connect(cli, all);
      const read = async (input: object): Promise<number> => {
        const { lines, cursor } = (await client.call('log.read', input)) as Lines;
        for (const line of lines)
          cli.terminal.print(all.json ? line : renderLogLine(line, cli.terminal, localTimeZone()));
        return cursor;
      };
      using interrupted = untilInterrupted();
      let cursor = await read({ lines: coerceText({ type: 'number' }, [options.lines]) });
      while (options.follow === true) {
        await pause(followMs, interrupted.signal);
        if (interrupted.signal.aborted) break;
        cursor = await read({ cursor, lines: 10_000 });
      }
      cli.exit(interrupted.code());
    });
}
