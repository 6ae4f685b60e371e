import type { InlineKeyboardMarkup } from 'grammy/types';
import { withoutSecrets } from '../../core/secret-form.ts';
import { minuteMs, secondMs } from '../../core/time.ts';
import { type BotApi, BotApiError, type Payload } from './bot-api.ts';
import { fit, type Html } from './html.ts';

/** What is shown in a chat: a message, or another text of one that is there. */
export type Shown = {
  readonly chat: number;
  readonly topic?: number | undefined;
  readonly blocks: readonly Html[];
  readonly keyboard?: InlineKeyboardMarkup;
  /** The message that it takes the place of. */
  readonly edit?: number;
};

type SenderDeps = {
  readonly api: BotApi;
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>;
};

const mostTries = 4;
const longestWaitMs = minuteMs;

/** Shows something, in place of another message where that still can be edited. Returns the id of the message. */
export async function show({ api, wait }: SenderDeps, shown: Shown, signal: AbortSignal): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await showOnce(api, shown, signal);
    } catch (error) {
      const pauseMs = pauseAfter(error, tries);
      if (pauseMs === undefined || signal.aborted) throw error;
      await wait(pauseMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

/** As `show`, and gives up where the Bot API asks to wait. */
export async function showOnce(
  api: BotApi,
  { chat, topic, blocks, keyboard, edit }: Shown,
  signal: AbortSignal,
): Promise<number> {
  // The last guard: what is shown has passed the operations, which keep secrets to themselves.
  const text = withoutSecrets(fit(blocks));
  const message = {
    ...{ chat_id: chat, parse_mode: 'HTML' as const, link_preview_options: { is_disabled: true } },
    ...(keyboard === undefined ? {} : { reply_markup: keyboard }),
  };
  if (edit !== undefined && (await replaced(api, { ...message, text, message_id: edit }, signal))) return edit;
  const fresh = topic === undefined ? message : { ...message, message_thread_id: topic };
  const sent = await api('sendMessage', { ...fresh, text }, signal).catch((error: unknown) => {
    if (!isUnparsed(error)) throw error;
    // Better without its looks than not at all.
    const { parse_mode: _, ...plain } = fresh;
    return api('sendMessage', { ...plain, text: withoutTags(text) }, signal);
  });
  return sent.message_id;
}

/** False where the message cannot be edited: it is gone, or too old. */
async function replaced(api: BotApi, edit: Payload<'editMessageText'>, signal: AbortSignal): Promise<boolean> {
  try {
    await api('editMessageText', edit, signal);
    return true;
  } catch (error) {
    if (!(error instanceof BotApiError) || error.status !== 400) throw error;
    return error.message.includes('message is not modified');
  }
}

function pauseAfter(error: unknown, tries: number): number | undefined {
  if (!(error instanceof BotApiError) || tries >= mostTries) return undefined;
  const pauseMs = error.retryAfterMs ?? secondMs * 2 ** tries;
  const passes = error.status === 0 || error.status === 429 || error.status >= 500;
  return passes && pauseMs <= longestWaitMs ? pauseMs : undefined;
}

function isUnparsed(error: unknown): boolean {
  return error instanceof BotApiError && error.message.includes("can't parse entities");
}

function withoutTags(html: Html): string {
  const text = html.replaceAll(/<[^>]*>/g, '');
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
