import type { InlineKeyboardButton } from 'grammy/types';
import type { AnyOperation } from '../../operations/operation.ts';
import { offered } from './command.ts';

/** By https://core.telegram.org/bots/api#inlinekeyboardbutton. */
const mostDataBytes = 64;

/** What a button sends back: the answer to a question, or a shortcut to an operation that needs no memory of ours. */
export type Pressed =
  | { readonly kind: 'answer'; readonly question: string; readonly choice: string }
  | { readonly kind: 'shortcut'; readonly operation: AnyOperation; readonly input: Readonly<Record<string, string>> };

export function answerData(question: string, choice: string): string {
  return `q:${question}:${choice}`;
}

/** A button that runs an operation with one value; none where the value does not fit into it. */
export function shortcut(text: string, operation: string, value: string): InlineKeyboardButton[] {
  const data = `r:${operation}:${value}`;
  return Buffer.byteLength(data) > mostDataBytes ? [] : [{ text, callback_data: data }];
}

/** Operations that change something and yet need no question: a modified client can send whatever data it likes. */
const harmless = new Set(['account.clear']);

export function parsePressed(data: string, operations: readonly AnyOperation[]): Pressed | undefined {
  const [kind, name = '', ...rest] = data.split(':');
  const value = rest.join(':');
  if (kind === 'q') return { kind: 'answer', question: name, choice: value };
  const operation = kind === 'r' ? offered(operations).find((each) => each.name === name) : undefined;
  if (operation === undefined || (operation.effect !== 'read' && !harmless.has(name))) return undefined;
  const field = operation.positional[0];
  return { kind: 'shortcut', operation, input: field === undefined || value === '' ? {} : { [field]: value } };
}
