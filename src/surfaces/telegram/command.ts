import type { AnyOperation } from '../../operations/operation.ts';

/** Short names of what is asked for most. */
const aliases: Readonly<Record<string, string>> = {
  status: 'daemon.status',
  pools: 'pool.list',
  accounts: 'account.list',
  jobs: 'job.list',
};

/** By https://core.telegram.org/bots/api#setmycommands. */
const mostCommands = 100;
/** All descriptions together. Not documented: bots are refused with BOT_COMMANDS_TOO_MUCH from 4,000 to 5,000 characters on. */
const descriptionRoom = 3000;

/** Letters, digits and `_` only: `pool.set-auth-reset` is `pool_set_auth_reset`. */
export function commandName(operation: string): string {
  return operation.replaceAll(/[.-]/g, '_');
}

/** The operations that a chat offers. One with an answer that never ends has no place in a chat, and says so itself. */
export function offered(operations: readonly AnyOperation[]): readonly AnyOperation[] {
  return operations.filter((each) => each.kind === 'call' && each.hidden?.telegram === undefined);
}

/** The operation of a command, whether it is offered or not. */
export function findOperation(operations: readonly AnyOperation[], command: string): AnyOperation | undefined {
  const name = aliases[command];
  return operations.find((each) => (name === undefined ? commandName(each.name) === command : each.name === name));
}

/** The menu that Telegram shows beside the text field: what is asked for most first. */
export function menuOf(operations: readonly AnyOperation[]): { command: string; description: string }[] {
  const known = offered(operations);
  const short = Object.entries(aliases).flatMap(([command, name]) => {
    const operation = known.find((each) => each.name === name);
    return operation === undefined ? [] : [{ command, description: operation.summary }];
  });
  const long = known.map(({ name, summary }) => ({ command: commandName(name), description: summary }));
  const all = [...short, { command: 'help', description: 'Say what can be done here' }, ...long].slice(0, mostCommands);
  const room = Math.floor(descriptionRoom / Math.max(1, all.length));
  return all.map(({ command, description }) => ({ command, description: shortened(description, room) }));
}

function shortened(text: string, room: number): string {
  if (text.length <= room) return text;
  return `${text.slice(0, room - 1).replace(/[\s,;:]+\S*$/, '')}…`;
}

/** Puts the commands of the CLI in a sentence as this chat has them: `stint pool use work` is `/pool_use work`. */
export function inChatWords(text: string, operations: readonly AnyOperation[]): string {
  const known = offered(operations);
  const has = (name: string): boolean => known.some((each) => each.name === name);
  return text.replaceAll(/\bstint ([a-z]+)(?: ([a-z][a-z-]*))?/g, (whole, noun: string, verb: string | undefined) => {
    if (verb !== undefined && has(`${noun}.${verb}`)) return `/${commandName(`${noun}.${verb}`)}`;
    const alias = Object.entries(aliases).find(([, name]) => name === `daemon.${noun}`)?.[0];
    if (!has(`daemon.${noun}`)) return whole;
    return `/${alias ?? commandName(`daemon.${noun}`)}${verb === undefined ? '' : ` ${verb}`}`;
  });
}
