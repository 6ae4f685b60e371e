import type { InlineKeyboardButton } from 'grammy/types';
import { Problem } from '../../core/problem.ts';
import { formatWhen } from '../../core/time.ts';
import type { OperationContext } from '../../operations/context.ts';
import { type AnyOperation, execute, parseInput } from '../../operations/operation.ts';
import { inFieldWords } from '../problem-details.ts';
import { inputFields } from '../../operations/text-input.ts';
import { type Input, parseInput as readInput } from './argument.ts';
import { missingFrom, type Missing } from './choice.ts';
import { commandName, findOperation, inChatWords, offered } from './command.ts';
import { helpText, ofNoun, usageText } from './help.ts';
import { bold, code, escape, type Html } from './html.ts';
import { answerData } from './keyboard.ts';
import type { Place, Question, Questions } from './pending.ts';
import { render } from './render.ts';

export type ConversationDeps = {
  readonly operations: readonly AnyOperation[];
  readonly context: Omit<OperationContext, 'caller'>;
  readonly questions: Questions;
  readonly timeZone: string;
  readonly bug: (error: unknown) => void;
};

/** What the bot says: blocks of which a message takes as many as it can, and buttons below them. */
export type Reply = { readonly blocks: readonly Html[]; readonly rows?: readonly (readonly InlineKeyboardButton[])[] };

/** A command as it was typed; `stale` says that Stint was not running then. */
export type Typed = { readonly name: string; readonly rest: string; readonly stale: boolean };

/** Answers a command. Undefined for one that is none of ours. */
export async function answerCommand(deps: ConversationDeps, typed: Typed, place: Place): Promise<Reply | undefined> {
  const { operations } = deps;
  if (typed.name === 'start' || typed.name === 'help') return { blocks: helpText(operations) };
  const operation = findOperation(operations, typed.name);
  if (operation === undefined) {
    const commands = ofNoun(operations, typed.name);
    return commands.length === 0 ? undefined : { blocks: commands };
  }
  if (!offered([operation]).includes(operation)) return { blocks: notOffered(deps, operation) };
  return guarded(deps, () => {
    const input = readInput(operation, typed.rest);
    return proceed(deps, { operation, input, stale: typed.stale }, place);
  });
}

/** Goes on with a question that was answered: by the option of a number, or by yes. */
export function answerQuestion(deps: ConversationDeps, question: Question, choice: string): Promise<Reply> {
  return guarded(deps, () => {
    const { operation, input } = question;
    if (question.kind === 'confirm' && choice === 'yes') return run(deps, { operation, input }, question);
    const option = question.kind === 'choose' ? question.options[Number(choice)] : undefined;
    if (option === undefined) return Promise.resolve({ blocks: ['Nothing was changed.'] });
    return proceed(deps, { operation, input: { ...input, ...option.adds }, stale: false }, question);
  });
}

/** Runs an operation with one value, as the button of a notice asks for. */
export function answerShortcut(deps: ConversationDeps, asked: Wanted, place: Place): Promise<Reply> {
  return guarded(deps, () => run(deps, asked, place));
}

type Wanted = { readonly operation: AnyOperation; readonly input: Input };

async function proceed(deps: ConversationDeps, wanted: Wanted & { stale: boolean }, place: Place): Promise<Reply> {
  const { operation, input, stale } = wanted;
  const context = contextOf(deps, place);
  refuseUnknown(operation, input);
  const missing = missingFrom(operation, input, context);
  if (missing !== undefined) return ask(deps, { ...wanted, missing }, place);
  if (operation.effect !== 'destructive' && !(stale && operation.effect === 'write')) return run(deps, wanted, place);
  // What would be refused is refused before anybody is asked.
  parseInput(operation, input);
  await precheck(deps, wanted, context);
  return confirm(deps, wanted, place);
}

function ask(
  deps: ConversationDeps,
  { operation, input, missing }: Wanted & { missing: Missing },
  place: Place,
): Reply {
  const { field, options, more } = missing;
  if (options.length === 0) return { blocks: [`${escape(field)} is missing.`, ...usageText(operation)] };
  const id = deps.questions.ask({ ...place, operation, input, kind: 'choose', options });
  const buttons = options.map(({ text }, index) => ({ text, callback_data: answerData(id, String(index)) }));
  const cancel = { text: 'Cancel', callback_data: answerData(id, 'no') };
  const question = questions[field] ?? `Which ${field}?`;
  return {
    blocks: [
      `${bold(question)} /${commandName(operation.name)}`,
      ...(more === 0 ? [] : [`… and ${more} more, by name.`]),
    ],
    rows: [...buttons, cancel].map((each) => [each]),
  };
}

const questions: Readonly<Record<string, string>> = {
  accounts: 'Which account?',
  from: 'From which pool?',
  to: 'To which pool?',
  for: 'For how long?',
};

/** Nobody should answer questions first. */
function refuseUnknown(operation: AnyOperation, input: Input): void {
  const { fields } = inputFields(operation);
  const unknown = Object.keys(input).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined)
    throw new Problem('invalid', `${operation.name} has no field ${unknown.slice(0, 60)}.`, {
      hint: `It takes: ${Object.keys(fields).join(', ') || 'nothing'}`,
    });
}

async function precheck({ operations }: ConversationDeps, wanted: Wanted, context: OperationContext): Promise<void> {
  const check = operations.find((each) => each.name === wanted.operation.precheck);
  if (check === undefined) return;
  const { fields } = inputFields(check);
  await execute(check, Object.fromEntries(Object.entries(wanted.input).filter(([name]) => name in fields)), context);
}

function confirm(
  deps: ConversationDeps,
  { operation, input, stale }: Wanted & { stale: boolean },
  place: Place,
): Reply {
  const id = deps.questions.ask({ ...place, operation, input, kind: 'confirm' });
  const values = Object.entries(input).map(([name, value]) => `${escape(name)}: ${bold(String(value))}`);
  return {
    blocks: [
      ...(stale ? ['You sent this before Stint was started. Is it still to be done?'] : []),
      `${bold(`${operation.summary}?`)} /${commandName(operation.name)}`,
      ...values,
    ],
    rows: [
      [
        { text: 'Yes', callback_data: answerData(id, 'yes') },
        { text: 'No', callback_data: answerData(id, 'no') },
      ],
    ],
  };
}

async function run(deps: ConversationDeps, { operation, input }: Wanted, place: Place): Promise<Reply> {
  const context = contextOf(deps, place);
  const output = await execute(operation, input, context);
  const blocks = render(operation.name, output, { now: context.clock(), timeZone: deps.timeZone });
  return { blocks: blocks.map((each) => inChatWords(each, deps.operations)) };
}

/** A group has many, and whoever it was is asked about it later. A chat with one person has that person's id. */
function contextOf({ context }: ConversationDeps, { chat, user }: Place): OperationContext {
  const actor = `telegram:${chat === user ? chat : `${chat}/${user}`}`;
  return { ...context, caller: { surface: 'telegram', actor, scope: 'full' } };
}

async function guarded(deps: ConversationDeps, answer: () => Promise<Reply>): Promise<Reply> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof Problem) return { blocks: problemText(deps, error) };
    deps.bug(error);
    return { blocks: ['❌ Internal error; the log has its stack.'] };
  }
}

function problemText(deps: ConversationDeps, { message, hint, retryAt }: Problem): Html[] {
  const { operations, context, timeZone } = deps;
  const next = hint === undefined ? [] : [escape(inChatWords(inFieldWords(hint), operations))];
  const again = retryAt === undefined ? [] : [`It may work ${formatWhen(retryAt, context.clock(), timeZone)}.`];
  return [`❌ ${escape(inChatWords(inFieldWords(message), operations))}`, ...again, ...next];
}

function notOffered({ operations }: ConversationDeps, { name, hidden, kind }: AnyOperation): Html[] {
  const reason = hidden?.telegram ?? (kind === 'stream' ? 'Its answer never ends.' : '');
  return [`${bold(name)} is not offered in a chat.`, escape(inChatWords(reason, operations))];
}

/** Why a message was deleted, or has to be. */
export function secretText(deleted: boolean): Html[] {
  return [
    `🔑 That looked like a secret, and a chat is no place for one. ${deleted ? 'I have deleted your message' : 'Please delete your message'}; nothing was done with it.`,
    'Telegram has seen it: replace it at its provider, and give Stint the new one on the computer, for example with:',
    code('stint account add anthropic work'),
  ];
}
