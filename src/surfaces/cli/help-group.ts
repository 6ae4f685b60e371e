import type { Command } from 'commander';
import type { Cli } from './cli.ts';

/** The commands of `stint --help` by what they are for; in this order. One that is nowhere stands in the last. */
const groups = (agents: readonly string[]): readonly (readonly [string, readonly string[]])[] => [
  ['Agents:', [...agents, 'env', 'session', 'phantom']],
  ['Jobs:', ['run', 'job']],
  ['Accounts:', ['status', 'account', 'pool', 'limit']],
  ['What happened:', ['event', 'notice', 'audit', 'logs', 'doctor']],
  ['Daemon:', ['up', 'down', 'service', 'config', 'token', 'dashboard', 'mcp']],
  ['More:', ['demo', 'completion']],
];

export function groupCommands({ host }: Cli, root: Command): void {
  const order = groups(host.agents);
  const rankOf = (command: Command): readonly [number, number] => {
    const group = order.findIndex(([, names]) => names.includes(command.name()));
    const at = group === -1 ? order.length - 1 : group;
    return [at, order[at]?.[1].indexOf(command.name()) ?? 0];
  };
  for (const each of root.commands) each.helpGroup(order[rankOf(each)[0]]?.[0] ?? '');
  // Groups stand in the order of their first command.
  (root.commands as Command[]).sort((a, b) => {
    const [groupA, placeA] = rankOf(a);
    const [groupB, placeB] = rankOf(b);
    return groupA - groupB || placeA - placeB;
  });
}
