import type { Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import { quoted } from '../../operations/require.ts';
import type { Cli } from './cli.ts';
import { connect } from './connect.ts';
import { optionsOf } from './options.ts';
import { openInBrowser } from './open-browser.ts';
import { render } from './render.ts';

type Link = { readonly url: string; readonly expiresAt: number };

/** `stint dashboard`: the link that lets one browser in. */
export function addDashboard(cli: Cli, root: Command): void {
  const known = root.commands.find((each) => each.name() === 'dashboard');
  const command = (known ?? root.command('dashboard').helpCommand(false))
    .description('Print the link that logs one browser in, once')
    .option('--open', 'Open it in the browser')
    .action(async () => {
      const [verb] = command.args;
      if (verb !== undefined)
        throw new Problem('invalid', `stint dashboard has no verb ${quoted(verb)}.`, {
          hint: 'See: stint dashboard --help',
        });
      const options = optionsOf<{ open?: boolean }>(command);
      const client = await connect(cli, options);
      const link = (await client.call('dashboard.link', {})) as Link;
      if (options.open === true) await openInBrowser(cli, options.home, link.url);
      if (options.json) return cli.terminal.print(JSON.stringify(link, null, 2));
      cli.terminal.print(render('dashboard.link', link, cli.terminal));
    });
}
