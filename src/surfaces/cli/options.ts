import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Place } from './host.ts';

/** What every command of ours takes, before or after its name. */
export type GlobalOptions = {
  readonly home: string;
  readonly json: boolean;
  readonly start: boolean;
  readonly controlPort?: string;
  readonly agentPort?: string;
  readonly insecureBind?: boolean;
  readonly pool?: string;
};

export function addGlobalOptions(command: Command, { home }: Place): void {
  const everywhere = [
    new Option('--home <folder>', 'Home of Stint (STINT_HOME)').argParser(parseHome).default(resolve(home), home),
    new Option('--control-port <port>', 'Port of the control API (STINT_CONTROL_PORT)').argParser(parsePort),
    new Option('--agent-port <port>', 'Port of the gateway (STINT_AGENT_PORT)').argParser(parsePort),
    new Option('--json', 'Print JSON'),
    new Option('--no-start', 'Fail instead of starting the daemon'),
  ];
  for (const option of everywhere) command.addOption(option.helpGroup('Options of every command:'));
}

/** Of the commands that say how a daemon is to listen; before their name it is not in the help of every command. */
export function insecureBindOption(): Option {
  return new Option('--insecure-bind', 'Allow a host outside loopback without TLS, where tokens travel unencrypted');
}

/** The daemon runs in another folder than the command that starts it. */
function parseHome(folder: string): string {
  if (folder.trim() === '') throw new InvalidArgumentError('It must name a folder.');
  return resolve(folder);
}

/** A flag that is wrong is told of also where a daemon runs already and the port does not matter. */
function parsePort(text: string): string {
  if (/^\d{1,5}$/.test(text.trim()) && Number(text) <= 65_535) return text.trim();
  throw new InvalidArgumentError('It must be a whole number from 0 to 65535; 0 takes any free port.');
}

/** The options of a command and those given before its name; what stands nearer to the end wins. */
export function optionsOf<Options extends object = object>(command: Command): GlobalOptions & Options {
  const merged: Record<string, unknown> = {};
  for (const each of withAncestors(command)) {
    for (const [name, value] of Object.entries(each.opts())) {
      if (!(name in merged) || each.getOptionValueSource(name) !== 'default') merged[name] = value;
    }
  }
  return { json: false, ...merged } as GlobalOptions & Options;
}

function withAncestors(command: Command): Command[] {
  return command.parent === null ? [command] : [...withAncestors(command.parent), command];
}
