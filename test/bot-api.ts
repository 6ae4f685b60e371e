// A Bot API server of our own, for one bot: the wire format and the words of https://core.telegram.org/bots/api and of the
// errors that bots in the field have met. People are functions here: they say something, press a button, read the chat.
import {
  bodyOf,
  done,
  json,
  type Payload,
  refuse,
  setCommands,
  shownText,
  type ShownText,
  textOf,
} from './bot-api-wire.ts';

type Person = { readonly id: number; readonly first_name?: string; readonly is_bot?: boolean };

/** A message as its readers see it. */
export type ChatMessage = ShownText & {
  readonly id: number;
  readonly chat: number;
  readonly from: 'bot' | 'person';
  readonly edited: boolean;
};

type Call = { readonly method: string; readonly payload: Payload };
type Update = Readonly<Record<string, unknown>> & { readonly update_id: number };
/** An answer that is given in place of the true one. */
type Planned = { readonly status: number; readonly description: string; readonly parameters?: object } | 'hang' | 'cut';
type Poll = { readonly offset: number; readonly limit: number; readonly answer: (response: Response) => void };

export class BotApiServer {
  readonly token = '123456789:test-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  readonly username = 'stint_test_bot';
  readonly calls: Call[] = [];
  readonly messages: ChatMessage[] = [];
  /** Every text that the bot has shown, in order. */
  readonly shown: ChatMessage[] = [];
  /** Chats whose user has blocked the bot. */
  readonly blocked = new Set<number>();
  webhook = '';
  /** The clock of its messages, in seconds. */
  now = Math.floor(Date.now() / 1000);
  readonly #server: Bun.Server<undefined>;
  readonly #planned = new Map<string, Planned[]>();
  readonly #watchers = new Set<() => void>();
  readonly #queries = new Map<string, string | undefined>();
  #updates: Update[] = [];
  #poll: Poll | undefined;
  #allowed: readonly string[] = [];
  #nextUpdate = 700_000_001;
  #nextMessage = 1;

  constructor() {
    this.#server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      idleTimeout: 0,
      development: false,
      fetch: (request) => this.#answer(request),
    });
  }

  get root(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** Whether a long poll is waiting. */
  get polled(): boolean {
    return this.#poll !== undefined;
  }

  /** Updates that no poll has confirmed. */
  get unconfirmed(): number {
    return this.#updates.length;
  }

  async stop(): Promise<void> {
    this.#poll?.answer(json({ ok: true, result: [] }));
    await this.#server.stop(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The next call of a method is answered like this. */
  plan(method: string, ...answers: Planned[]): void {
    this.#planned.set(method, [...(this.#planned.get(method) ?? []), ...answers]);
  }

  /** Resolves as soon as something holds, which is looked at after each call. */
  until<Value>(find: () => Value | undefined | false): Promise<Value> {
    const { promise, resolve } = Promise.withResolvers<Value>();
    const look = (): void => {
      const found = find();
      if (found === undefined || found === false) return;
      this.#watchers.delete(look);
      resolve(found);
    };
    this.#watchers.add(look);
    look();
    return promise;
  }

  /** Somebody writes; private chats have the id of the person. Returns the id of the message. */
  say(
    chat: number,
    text: string,
    more: { from?: Person; date?: number; edited?: boolean; caption?: boolean; topic?: number } = {},
  ): number {
    const { from = { id: Math.abs(chat) }, date = this.now } = more;
    const id = this.#nextMessage++;
    this.messages.push(
      ...[{ id, chat, from: 'person' as const, text, html: text, buttons: [], keyboard: undefined, edited: false }],
    );
    const entities = /^\/\w+(@\w+)?/.exec(text)?.[0];
    const message = {
      message_id: id,
      date,
      from: { is_bot: false, first_name: 'Ann', ...from },
      chat: chatOf(chat),
      ...(more.caption === true
        ? { photo: [{ file_id: 'f', file_unique_id: 'u', width: 1, height: 1 }], caption: text }
        : { text }),
      ...(more.topic === undefined ? {} : { is_topic_message: true, message_thread_id: more.topic }),
      ...(entities === undefined ? {} : { entities: [{ type: 'bot_command', offset: 0, length: entities.length }] }),
    };
    this.push(more.edited === true ? { edited_message: { ...message, edit_date: date } } : { message });
    return id;
  }

  /** Somebody presses a button of the newest message that has one of this name; resolves with the pop-up’s text. */
  async press(chat: number, button: string, from: Person = { id: Math.abs(chat) }): Promise<string> {
    const message = this.messages.findLast((each) => each.chat === chat && each.buttons.includes(button));
    const data = message?.keyboard?.inline_keyboard.flat().find((each) => each.text === button)?.callback_data;
    if (message === undefined || data === undefined)
      throw new Error(`no button ${button} in\n${this.transcript(chat)}`);
    return this.pressData(message, data, from);
  }

  /** As `press`, with the data of a keyboard that may be gone. */
  async pressData(
    message: Pick<ChatMessage, 'id' | 'chat'>,
    data: string,
    from: Person = { id: Math.abs(message.chat) },
  ): Promise<string> {
    const id = String(8_000_000 + this.#queries.size);
    this.#queries.set(id, undefined);
    this.push({
      callback_query: {
        id,
        from: { is_bot: false, first_name: 'Ann', ...from },
        message: { message_id: message.id, date: this.now, chat: chatOf(message.chat), text: '' },
        chat_instance: '1',
        data,
      },
    });
    return this.until(() => this.#queries.get(id));
  }

  push(update: Readonly<Record<string, unknown>>): void {
    const kind = Object.keys(update)[0] ?? '';
    if (this.#allowed.length > 0 && !this.#allowed.includes(kind)) return;
    this.#updates.push({ update_id: this.#nextUpdate++, ...update });
    this.#servePoll();
  }

  /** Says something and resolves with what the bot shows next. */
  async ask(chat: number, text: string, more: Parameters<BotApiServer['say']>[2] = {}): Promise<ChatMessage> {
    const next = this.heard(chat);
    this.say(chat, text, more);
    return next;
  }

  /** The next text that the bot shows in a chat: a message, or another text of one. */
  heard(chat: number): Promise<ChatMessage> {
    const shown = (): readonly ChatMessage[] => this.shown.filter((each) => each.chat === chat);
    const before = shown().length;
    return this.until(() => shown()[before]);
  }

  /** The newest message of the bot in a chat. */
  last(chat: number): ChatMessage {
    const found = this.messages.findLast((each) => each.chat === chat && each.from === 'bot');
    if (found === undefined) throw new Error(`the bot has said nothing in ${chat}`);
    return found;
  }

  /** The chat as its readers see it. */
  transcript(chat: number): string {
    return this.messages
      .filter((each) => each.chat === chat)
      .map(({ from, text, keyboard, edited }) => {
        const rows = (keyboard?.inline_keyboard ?? []).map(
          (row) => `  ${row.map((each) => `[${each.text}]`).join(' ')}`,
        );
        const head = from === 'bot' ? (edited ? 'bot*' : 'bot ') : 'you ';
        return [`${head} ${text.replaceAll('\n', '\n     ')}`, ...rows].join('\n');
      })
      .join('\n');
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, token, name = ''] = /^\/bot([^/]*)\/(\w+)$/.exec(pathname) ?? [];
    if (token === undefined || !/^\d+:\S+$/.test(token)) return refuse(404, 'Not Found');
    if (token !== this.token) return refuse(401, 'Unauthorized');
    const payload = { ...Object.fromEntries(searchParams), ...(await bodyOf(request)) };
    const call: Call = { method: name, payload };
    this.calls.push(call);
    const response = (await this.#plannedAnswer(name, request)) ?? (await this.#run(call, request));
    queueMicrotask(() => this.look());
    return response;
  }

  async #plannedAnswer(name: string, request: Request): Promise<Response | undefined> {
    const planned = this.#planned.get(name)?.shift();
    if (planned === undefined) return undefined;
    this.look();
    if (planned === 'hang') {
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
      return refuse(500, 'Internal Server Error');
    }
    if (planned === 'cut') return new Response('{"ok":tr');
    return refuse(planned.status, planned.description, planned.parameters);
  }

  #run({ method, payload }: Call, request: Request): Response | Promise<Response> {
    switch (method) {
      case 'getMe':
        return done({
          id: 123_456_789,
          is_bot: true,
          first_name: 'Stint',
          username: this.username,
          can_join_groups: true,
        });
      case 'getUpdates':
        return this.#getUpdates(payload, request);
      case 'deleteWebhook':
        this.webhook = '';
        return done(true);
      case 'setMyCommands':
        return setCommands(payload['commands']);
      case 'sendMessage':
        return this.#send(payload);
      case 'editMessageText':
        return this.#edit(payload);
      case 'deleteMessage':
        return this.#delete(payload);
      case 'answerCallbackQuery':
        return this.#answerQuery(payload);
      default:
        return refuse(404, 'Not Found: method not found');
    }
  }

  #getUpdates(payload: Payload, request: Request): Response | Promise<Response> {
    if (this.webhook !== '')
      return refuse(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    this.#poll?.answer(
      refuse(409, 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running'),
    );
    const {
      offset = 0,
      limit = 100,
      timeout = 0,
      allowed_updates: allowed,
    } = payload as {
      offset?: number;
      limit?: number;
      timeout?: number;
      allowed_updates?: readonly string[];
    };
    if (allowed !== undefined) this.#allowed = allowed;
    this.#updates = this.#updates.filter((each) => each.update_id >= offset);
    if (this.#updates.length > 0 || timeout === 0) return done(this.#updates.slice(0, limit));
    return new Promise((resolve) => {
      const timer = setTimeout(() => poll.answer(done([])), timeout * 1000);
      const poll: Poll = {
        offset,
        limit,
        answer: (response) => {
          clearTimeout(timer);
          if (this.#poll === poll) this.#poll = undefined;
          resolve(response);
        },
      };
      request.signal.addEventListener('abort', () => poll.answer(done([])));
      this.#poll = poll;
      this.look();
    });
  }

  #servePoll(): void {
    this.#poll?.answer(done(this.#updates.slice(0, this.#poll.limit)));
  }

  #send(payload: Payload): Response {
    const chat = Number(payload['chat_id']);
    const refused = this.#refuseChat(chat);
    if (refused !== undefined) return refused;
    const shown = shownText(payload);
    if (shown instanceof Response) return shown;
    const message: ChatMessage = { id: this.#nextMessage++, chat, from: 'bot', ...shown, edited: false };
    this.messages.push(message);
    this.shown.push(message);
    return done(this.#wire(message));
  }

  #edit(payload: Payload): Response {
    const chat = Number(payload['chat_id']);
    const refused = this.#refuseChat(chat);
    if (refused !== undefined) return refused;
    const at = this.messages.findIndex((each) => each.chat === chat && each.id === payload['message_id']);
    const known = this.messages[at];
    if (known === undefined) return refuse(400, 'Bad Request: message to edit not found');
    if (known.from !== 'bot') return refuse(400, "Bad Request: message can't be edited");
    const shown = shownText(payload);
    if (shown instanceof Response) return shown;
    if (known.html === shown.html && JSON.stringify(known.keyboard) === JSON.stringify(shown.keyboard))
      return refuse(
        400,
        'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
      );
    const message: ChatMessage = { ...known, ...shown, edited: true };
    this.messages[at] = message;
    this.shown.push(message);
    return done(this.#wire(message));
  }

  #delete(payload: Payload): Response {
    const at = this.messages.findIndex(
      (each) => each.chat === Number(payload['chat_id']) && each.id === payload['message_id'],
    );
    if (at === -1) return refuse(400, 'Bad Request: message to delete not found');
    this.messages.splice(at, 1);
    return done(true);
  }

  #answerQuery(payload: Payload): Response {
    const id = String(payload['callback_query_id']);
    if (!this.#queries.has(id) || this.#queries.get(id) !== undefined)
      return refuse(400, 'Bad Request: query is too old and response timeout expired or query ID is invalid');
    const text = textOf(payload['text']);
    // By https://core.telegram.org/bots/api#answercallbackquery: 0-200 characters.
    if (text.length > 200) return refuse(400, 'Bad Request: MESSAGE_TOO_LONG');
    this.#queries.set(id, text);
    return done(true);
  }

  #refuseChat(chat: number): Response | undefined {
    if (this.blocked.has(chat)) return refuse(403, 'Forbidden: bot was blocked by the user');
    return Number.isSafeInteger(chat) && chat !== 0 ? undefined : refuse(400, 'Bad Request: chat not found');
  }

  #wire({ id, chat, text, keyboard }: ChatMessage): object {
    return {
      message_id: id,
      date: this.now,
      chat: chatOf(chat),
      from: { id: 123_456_789, is_bot: true, first_name: 'Stint', username: this.username },
      text,
      ...(keyboard === undefined ? {} : { reply_markup: keyboard }),
    };
  }

  /** Looks again whether what somebody waits for holds. */
  look(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}

function chatOf(id: number): object {
  return id > 0 ? { id, type: 'private', first_name: 'Ann' } : { id, type: 'supergroup', title: 'Ops' };
}
