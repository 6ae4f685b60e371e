import type { CallbackQuery, Message, Update } from 'grammy/types';
import { minuteMs, secondMs, type EpochMs } from '../../core/time.ts';
import { pause } from '../../lib/pause.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import type { OperationContext } from '../../operations/context.ts';
import type { Finding } from '../../operations/shape.ts';
import { type BotApi, botApi, BotApiError, type BotApiOptions, isBotToken } from './bot-api.ts';
import { menuOf } from './command.ts';
import { parseCommand } from './argument.ts';
import {
  answerCommand,
  answerQuestion,
  answerShortcut,
  type ConversationDeps,
  type Reply,
  secretText,
} from './conversation.ts';
import { parsePressed } from './keyboard.ts';
import { Questions, type Place } from './pending.ts';
import { insist, poll } from './poll.ts';
import { looksSecret } from './secret.ts';
import { show } from './sender.ts';
import { refusalFor, Strangers } from './strangers.ts';

/** What the log is told. */
export type BotEvent =
  | { readonly kind: 'serving'; readonly bot: string }
  /** Told once, until it is another one or over. */
  | { readonly kind: 'trouble'; readonly detail: string }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'stranger'; readonly chat: number }
  | { readonly kind: 'unanswered'; readonly chat: number; readonly detail: string };

export type TelegramBotDeps = BotApiOptions & {
  /** Chats that may use it. */
  readonly chats: readonly number[];
  readonly operations: readonly AnyOperation[];
  readonly context: Omit<OperationContext, 'caller'>;
  readonly timeZone: string;
  readonly tell: (event: BotEvent) => void;
  readonly bug: (error: unknown) => void;
  /** Waits; `signal` ends it at once. For tests. */
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<void>;
};

/** How long answers that are on their way get when the bot stops. */
const graceMs = 2 * secondMs;
/** What was sent after a long one has waited for it for so long, and overtakes it. */
const turnMs = 1.5 * secondMs;
/** Telegram's clock and ours may differ. */
const slackMs = minuteMs;
const tokenHint = 'Get the token from @BotFather, put it into the file of telegram.tokenFile, and restart Stint.';

/** Operations as commands of a Telegram bot, by long polling. Starting waits for nothing: the network may come later. */
export class TelegramBot {
  readonly #deps: TelegramBotDeps;
  readonly #api: BotApi;
  readonly #wait: NonNullable<TelegramBotDeps['wait']>;
  readonly #talk: ConversationDeps;
  readonly #strangers: Strangers;
  readonly #running = new Set<Promise<void>>();
  /** What each chat has last asked for. */
  readonly #latest = new Map<number, Promise<void>>();
  #serving: Promise<void> | undefined;
  #polling = new AbortController();
  #sending = new AbortController();
  #startedAt: EpochMs = 0;
  #name = '';
  #finding: Finding = finding(false, 'not started', null);

  constructor(deps: TelegramBotDeps) {
    this.#deps = deps;
    this.#api = botApi(deps);
    this.#wait = deps.wait ?? pause;
    const { clock } = deps.context;
    this.#strangers = new Strangers(clock);
    const { operations, context, timeZone, bug } = deps;
    this.#talk = { operations, context, timeZone, bug, questions: new Questions(clock) };
  }

  /** How it is, for `doctor` and the check of the settings. */
  get finding(): Finding {
    return this.#finding;
  }

  start(): void {
    if (this.#serving !== undefined) return;
    this.#polling = new AbortController();
    this.#sending = new AbortController();
    this.#startedAt = this.#deps.context.clock();
    this.#finding = finding(true, 'is connecting', null);
    this.#serving = this.#serve(this.#polling.signal).catch((error: unknown) => this.#end(error));
  }

  /** Ends at once, but for answers that are on their way; an operation that takes longer goes on without one. */
  async stop(): Promise<void> {
    if (this.#serving === undefined) return;
    this.#polling.abort();
    await this.#serving;
    const grace = new AbortController();
    await Promise.race([Promise.all(this.#running), this.#wait(graceMs, grace.signal)]);
    grace.abort();
    this.#sending.abort();
    this.#serving = undefined;
    this.#finding = finding(false, 'is stopped', null);
  }

  async #serve(signal: AbortSignal): Promise<void> {
    if (!isBotToken(this.#deps.token)) throw new BotApiError(401, 'Unauthorized');
    const calls = { trouble: (error: BotApiError | null) => this.#noteTrouble(error), wait: this.#wait };
    const me = await insist(calls, () => this.#api('getMe', {}, signal), signal);
    if (me === undefined) return;
    this.#name = me.username;
    this.#finding = finding(true, `serves as @${me.username}`, null);
    this.#deps.tell({ kind: 'serving', bot: me.username });
    // Updates go to a webhook while there is one.
    await insist(calls, () => this.#api('deleteWebhook', {}, signal), signal);
    this.#follow(this.#setMenu(signal));
    await poll({ api: this.#api, ...calls, handle: (update, queued) => this.#take(update, queued) }, signal);
  }

  async #setMenu(signal: AbortSignal): Promise<void> {
    try {
      await this.#api('setMyCommands', { commands: menuOf(this.#deps.operations) }, signal);
    } catch (error) {
      // Every command works without the menu.
      if (!signal.aborted) this.#deps.tell({ kind: 'trouble', detail: `The menu was not set: ${String(error)}` });
    }
  }

  #end(error: unknown): void {
    const final = error instanceof BotApiError;
    if (!final) this.#deps.bug(error);
    const detail = final ? refusalDetail(error) : 'ended by an internal error';
    this.#finding = finding(false, detail, final ? tokenHint : 'See: stint logs');
    this.#deps.tell({ kind: 'refused', detail });
  }

  #noteTrouble(error: BotApiError | null): void {
    const before = this.#finding;
    this.#finding =
      error === null
        ? finding(true, this.#name === '' ? 'is connecting' : `serves as @${this.#name}`, null)
        : troubleFinding(error);
    if (before.detail === this.#finding.detail) return;
    if (error !== null) this.#deps.tell({ kind: 'trouble', detail: this.#finding.detail });
    else if (!before.ok) this.#deps.tell({ kind: 'serving', bot: this.#name });
  }

  /** In the order of each chat, as far as none takes long: who changes something and then looks, sees it. */
  #take(update: Update, queued: boolean): void {
    const chat = (update.message ?? update.callback_query?.message)?.chat.id ?? 0;
    const turn = this.#afterTurn(this.#latest.get(chat)).then(() => this.#handle(update, queued));
    const ended = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.#latest.get(chat) === ended) this.#latest.delete(chat);
      });
    this.#latest.set(chat, ended);
    this.#follow(turn);
  }

  async #afterTurn(before: Promise<void> | undefined): Promise<void> {
    if (before === undefined) return;
    const waiting = new AbortController();
    await Promise.race([before, this.#wait(turnMs, waiting.signal)]);
    waiting.abort();
  }

  #follow(work: Promise<void>): void {
    const followed = work.catch(this.#deps.bug).finally(() => this.#running.delete(followed));
    this.#running.add(followed);
  }

  async #handle(update: Update, queued: boolean): Promise<void> {
    if (this.#sending.signal.aborted) return;
    if (update.message !== undefined) return this.#handleMessage(update.message, queued);
    if (update.callback_query !== undefined) return this.#handlePress(update.callback_query);
  }

  async #handleMessage(message: Message, queued: boolean): Promise<void> {
    const text = message.text ?? message.caption ?? '';
    const user = message.from;
    const place = { chat: message.chat.id, user: user?.id ?? 0, topic: topicOf(message) };
    if (user === undefined || user.is_bot) return;
    const typed = parseCommand(text);
    const alone = message.chat.type === 'private';
    if (typed?.bot !== undefined && typed.bot.toLowerCase() !== this.#name.toLowerCase()) return;
    // In a group others speak as well, and commands may be another bot's.
    const meant = alone || typed?.bot !== undefined;
    if (!this.#deps.chats.includes(place.chat)) return meant ? this.#refuse(place) : undefined;
    if (looksSecret(text)) return this.#refuseSecret(place, message.message_id);
    // What came later was sent after the start, whatever the two clocks say.
    const stale = (message.date + 1) * 1000 <= this.#startedAt - (queued ? 0 : slackMs);
    const reply = typed === undefined ? undefined : await answerCommand(this.#talk, { ...typed, stale }, place);
    if (reply !== undefined) return this.#reply(place, reply);
    if (!meant || text === '') return;
    const what = typed === undefined ? 'I only know commands' : `There is no command /${typed.name}`;
    return this.#reply(place, { blocks: [`${what}. See /help`] });
  }

  async #handlePress(query: CallbackQuery): Promise<void> {
    const { message, data = '' } = query;
    const place = { chat: message?.chat.id ?? 0, user: query.from.id, topic: topicOf(message) };
    if (message === undefined || !this.#deps.chats.includes(place.chat))
      return this.#popUp(query, 'This bot is private.');
    const pressed = parsePressed(data, this.#deps.operations);
    if (pressed?.kind === 'shortcut') {
      await this.#popUp(query, '');
      return this.#reply(place, await answerShortcut(this.#talk, pressed, place));
    }
    const question = pressed === undefined ? 'gone' : this.#talk.questions.take(pressed.question, place);
    if (question === 'others') return this.#popUp(query, 'This question was put to somebody else.');
    if (question === 'gone' || pressed === undefined)
      return this.#popUp(query, 'This question is no longer open. Send the command again.');
    await this.#popUp(query, '');
    return this.#reply(place, await answerQuestion(this.#talk, question, pressed.choice), message.message_id);
  }

  async #refuse(place: Place): Promise<void> {
    const { chat } = place;
    if (!this.#strangers.mayTell(chat)) return;
    this.#deps.tell({ kind: 'stranger', chat });
    await this.#reply(place, { blocks: [refusalFor(chat)] });
  }

  async #refuseSecret(place: Place, message: number): Promise<void> {
    const payload = { chat_id: place.chat, message_id: message };
    const deleted = await this.#api('deleteMessage', payload, this.#sending.signal).catch(() => false);
    await this.#reply(place, { blocks: secretText(deleted) });
  }

  async #popUp(query: CallbackQuery, text: string): Promise<void> {
    const payload = { callback_query_id: query.id, ...(text === '' ? {} : { text, show_alert: true }) };
    // Too late for it, where the network was away: the button only goes on turning.
    await this.#api('answerCallbackQuery', payload, this.#sending.signal).catch(() => undefined);
  }

  async #reply({ chat, topic }: Place, { blocks, rows }: Reply, edit?: number): Promise<void> {
    const keyboard = rows === undefined ? {} : { keyboard: { inline_keyboard: rows.map((row) => [...row]) } };
    const shown = { chat, topic, blocks, ...keyboard, ...(edit === undefined ? {} : { edit }) };
    try {
      await show({ api: this.#api, wait: this.#wait }, shown, this.#sending.signal);
    } catch (error) {
      if (!(error instanceof BotApiError)) throw error;
      this.#deps.tell({ kind: 'unanswered', chat, detail: error.message });
    }
  }
}

function finding(ok: boolean, detail: string, hint: string | null): Finding {
  return { check: 'telegram', ok, detail, hint };
}

/** In a topic of a group; answers elsewhere carry a thread as well, which is none. */
function topicOf(message: CallbackQuery['message']): number | undefined {
  const { is_topic_message: inTopic, message_thread_id: topic } = (message ?? {}) as Partial<Message>;
  return inTopic === true ? topic : undefined;
}

function refusalDetail({ status }: BotApiError): string {
  const whose = 'the token of the bot (TELEGRAM_BOT_TOKEN, or the file of telegram.tokenFile)';
  return status === 404 ? `telegram.apiRoot does not know ${whose}` : `Telegram does not know ${whose}`;
}

function troubleFinding({ status, message }: BotApiError): Finding {
  if (status === 409)
    return finding(
      false,
      'another program reads the messages of this bot, which only one can',
      'Stop the other one, or give Stint a bot of its own.',
    );
  if (status === 0)
    return finding(false, `the Bot API cannot be reached: ${message}`, 'Check the network, and telegram.apiRoot.');
  return finding(false, `the Bot API answers ${message}`, 'Stint goes on trying.');
}
