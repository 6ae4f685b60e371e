// What a Bot API server answers, apart from the state of its chats.
import { parseTelegramHtml } from './telegram-html.ts';

export type Button = { readonly text: string; readonly callback_data?: string };
export type Keyboard = { readonly inline_keyboard: readonly (readonly Button[])[] };
export type Payload = Readonly<Record<string, unknown>>;
/** A message as its readers see it. */
export type ShownText = {
  readonly text: string;
  readonly html: string;
  readonly buttons: readonly string[];
  readonly keyboard: Keyboard | undefined;
};

const longestText = 4096;

/** The text of a message, or why it is refused. */
export function shownText(payload: Payload): Response | ShownText {
  const html = textOf(payload['text']);
  const parsed = payload['parse_mode'] === 'HTML' ? parseTelegramHtml(html) : { text: html };
  if ('error' in parsed) return refuse(400, `Bad Request: can't parse entities: ${parsed.error}`);
  const text = parsed.text.trim();
  if (text === '') return refuse(400, 'Bad Request: message text is empty');
  if (text.length > longestText) return refuse(400, 'Bad Request: message is too long');
  const keyboard = payload['reply_markup'] as Keyboard | undefined;
  const buttons = keyboard?.inline_keyboard.flat() ?? [];
  for (const { callback_data: data = '' } of buttons) {
    const bytes = Buffer.byteLength(data);
    if (bytes < 1 || bytes > 64) return refuse(400, 'Bad Request: BUTTON_DATA_INVALID');
  }
  const shown = buttons.length === 0 ? undefined : keyboard;
  return { text, html, buttons: buttons.map((each) => each.text), keyboard: shown };
}

/** What all descriptions together may be is not documented: bots in the field were refused above four thousand characters. */
export function setCommands(commands: unknown): Response {
  const list = commands as readonly { readonly command: string; readonly description: string }[];
  const total = list.reduce((sum, each) => sum + each.description.length, 0);
  if (list.length > 100 || total > 4000) return refuse(400, 'Bad Request: BOT_COMMANDS_TOO_MUCH');
  if (!list.every((each) => /^[a-z0-9_]{1,32}$/.test(each.command)))
    return refuse(400, 'Bad Request: BOT_COMMAND_INVALID');
  if (!list.every((each) => each.description.length >= 3 && each.description.length <= 256))
    return refuse(400, 'Bad Request: BOT_COMMAND_DESCRIPTION_INVALID');
  return done(true);
}

/** Bots send JSON or a form. */
export async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const text = await request.text();
  if (text === '') return {};
  if (request.headers.get('content-type')?.startsWith('application/json') === true)
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(new URLSearchParams(text));
}

export function done(result: unknown): Response {
  return json({ ok: true, result });
}

export function refuse(status: number, description: string, parameters?: object): Response {
  return json(
    { ok: false, error_code: status, description, ...(parameters === undefined ? {} : { parameters }) },
    status,
  );
}

export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
