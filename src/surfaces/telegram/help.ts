import type { AnyOperation } from '../../operations/operation.ts';
import { usageOf } from './argument.ts';
import { commandName, offered } from './command.ts';
import { bold, code, escape, type Html } from './html.ts';

/** What can be done in a chat, by subject. */
export function helpText(operations: readonly AnyOperation[]): Html[] {
  const nouns = [...new Set(offered(operations).map((each) => nounOf(each)))];
  return [
    '/status, /pools, /accounts and /jobs say how things are. Send a command alone, and what it needs is asked.',
    `Values follow in order, or by name: ${code('/pool_use anthropic account=work')}`,
    'Keys, tokens and logins never belong here: they are given on the computer.',
    ...nouns.map((noun) => ['', bold(noun), ...ofNoun(operations, noun)].join('\n')),
  ];
}

/** The commands of one subject; none where there is no such subject. */
export function ofNoun(operations: readonly AnyOperation[], noun: string): Html[] {
  return offered(operations)
    .filter((each) => nounOf(each) === noun)
    .map(({ name, summary }) => `/${commandName(name)} ${escape(summary)}`);
}

/** How one command is typed. */
export function usageText(operation: AnyOperation): Html[] {
  return [escape(`${operation.summary}.`), code(usageOf(operation))];
}

function nounOf({ name }: AnyOperation): string {
  return name.split('.')[0] ?? '';
}
