import { Option, type Command } from 'commander';
import type { Place } from './host.ts';

/** What every command of ours takes, before or after its name. */
export type GlobalOptions = {
  readonly home: string;
  readonly json: boolean;
  readonly start: boolean;
  readonly controlPort?: string;
  readonly agentPort?: string;
  readonly pool?: string;
};

export function addGlobalOptions(command: Command, { home }: Place): void {
  command
    .addOption(new Option('--home <folder>', 'Home of Stint (STINT_HOME)').default(home))
    .addOption(new Option('--control-port <port>', 'Port of the control API (STINT_CONTROL_PORT)'))
    .addOption(new Option('--agent-port <port>', 'Port of the gateway (STINT_AGENT_PORT)'))
    .addOption(new Option('--json', 'Print JSON').default(false))
    .addOption(new Option('--no-start', 'Fail instead of starting the daemon'));
}

/** The options of a command and those given before its name; what stands nearer to the end wins. */
export function optionsOf<Options extends object = object>(command: Command): GlobalOptions & Options {
  const merged: Record<string, unknown> = {};
  for (const each of withAncestors(command)) {
    for (const [name, value] of Object.entries(each.opts())) {
      if (!(name in merged) || each.getOptionValueSource(name) !== 'default') merged[name] = value;
    }
  }
  return merged as GlobalOptions & Options;
}

function withAncestors(command: Command): Command[] {
  return command.parent === null ? [command] : [...withAncestors(command.parent), command];
}
