import { Option, type Command } from 'commander';

/** The token that only reads by a flag of its own. */
export function addTokenFlags(root: Command): void {
  const token = root.commands.find((each) => each.name() === 'token');
  token?.commands
    .find((each) => each.name() === 'rotate')
    ?.addOption(new Option('--read-only', 'The one that only reads').implies({ scope: 'read' }));
}
