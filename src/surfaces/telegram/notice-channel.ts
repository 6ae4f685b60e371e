import type { InlineKeyboardButton } from 'grammy/types';
import type { Notice, NoticeKind } from '../../core/notice.ts';
import { describeNotice } from '../../core/notice-text.ts';
import { Problem } from '../../core/problem.ts';
import type { EpochMs } from '../../core/time.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import { botApi, BotApiError, type BotApiOptions } from './bot-api.ts';
import { inChatWords } from './command.ts';
import { bold, escape, type Html } from './html.ts';
import { shortcut } from './keyboard.ts';
import { showOnce } from './sender.ts';

export type TelegramChannelDeps = BotApiOptions & {
  /** Chats that are told. */
  readonly chats: readonly number[];
  readonly operations: readonly AnyOperation[];
  readonly clock: () => EpochMs;
  readonly timeZone: string;
  /** A chat that takes nothing, while others do. */
  readonly missed: (chat: number, detail: string) => void;
};

/** What notices go through; the form that the outbox asks for. */
export type TelegramChannel = {
  readonly name: 'telegram';
  tell(notice: Notice, reference: string | null, signal: AbortSignal): Promise<string>;
};

/** Message ids by chat. */
type Told = Readonly<Record<string, number>>;
type Missed = { readonly chat: number; readonly error: BotApiError };

const hint = 'Write /start to the bot in that chat, or take the chat out of telegram.chats.';
/** Notices that some chats have and others are still to be told. */
const mostPartial = 50;

/**
 * Tells notices in all allowed chats. The reference of a notice has the id of its message in each, so that the next one of
 * its thread takes the place of that message; where that cannot be edited any more, it is a new one.
 */
export function telegramChannel(deps: TelegramChannelDeps): TelegramChannel {
  const api = botApi(deps);
  const partial = new Map<string, Told>();
  return {
    name: 'telegram',
    async tell(notice, reference, signal) {
      const before = parseReference(reference);
      const done = partial.get(notice.id) ?? {};
      const left = deps.chats.filter((chat) => done[chat] === undefined);
      const shown = { blocks: noticeText(notice, deps), keyboard: { inline_keyboard: [buttonsOf(notice)] } };
      const results = await Promise.all(
        left.map(async (chat): Promise<Missed | { readonly chat: number; readonly message: number }> => {
          const edit = before[chat] === undefined ? {} : { edit: before[chat] };
          try {
            return { chat, message: await showOnce(api, { chat, ...shown, ...edit }, signal) };
          } catch (error) {
            if (error instanceof BotApiError) return { chat, error };
            throw error;
          }
        }),
      );
      const missed = results.filter((each) => 'error' in each);
      const fresh = results.flatMap((each) => ('error' in each ? [] : [[String(each.chat), each.message] as const]));
      const told = { ...done, ...Object.fromEntries(fresh) };
      const later = missed.filter(({ error }) => !isFinal(error));
      if (later.length > 0) {
        keep(partial, notice.id, told);
        throw laterProblem(later, deps.clock());
      }
      partial.delete(notice.id);
      if (Object.keys(told).length === 0) throw finalProblem(missed[0]?.error);
      for (const { chat, error } of missed) deps.missed(chat, error.message);
      return JSON.stringify(told);
    },
  };
}

const marks: Readonly<Record<NoticeKind, string>> = {
  'account-needs-login': '🔑',
  'account-limited': '🟡',
  'overage-begun': '💸',
  'pool-exhausted': '🔴',
  'pool-recovered': '🟢',
  'auth-reset-done': '✅',
  'auth-reset-failed': '⚠️',
  'config-refused': '⚠️',
  'job-parked': '⏸',
  'job-waiting': '❓',
  'job-done': '✅',
  'job-failed': '❌',
  'job-blocked': '⛔',
  'disk-low': '💾',
  'job-warned': '⏳',
  test: '🔔',
};

function noticeText(notice: Notice, { clock, timeZone, operations }: TelegramChannelDeps): Html[] {
  const { title, lines } = describeNotice(notice, clock(), timeZone);
  return [`${marks[notice.kind]} ${bold(title)}`, ...lines.map((each) => escape(inChatWords(each, operations)))];
}

/** What one wants next. They work after a restart as well: a notice is read hours later. */
function buttonsOf({ kind, facts: { pool, account, job } }: Notice): InlineKeyboardButton[] {
  const ofPool = pool === undefined ? [] : shortcut('Explain', 'pool.explain', pool);
  switch (kind) {
    case 'pool-exhausted':
    case 'pool-recovered':
      return ofPool;
    case 'account-limited':
    case 'overage-begun':
    case 'account-needs-login':
      if (account === undefined) return [];
      return [
        ...shortcut('Show', 'account.show', account),
        ...(kind === 'account-limited' ? shortcut('Clear', 'account.clear', account) : []),
      ];
    case 'job-parked':
    case 'job-waiting':
    case 'job-done':
    case 'job-failed':
    case 'job-blocked':
    case 'job-warned':
      if (job === undefined) return [];
      return [
        ...shortcut('Show', 'job.show', job),
        ...(kind === 'job-failed' || kind === 'job-blocked' ? shortcut('Retry', 'job.retry', job) : []),
      ];
    case 'auth-reset-done':
    case 'auth-reset-failed':
    case 'config-refused':
    case 'disk-low':
    case 'test':
      return [];
  }
}

/** One of an earlier version, or of a damaged row, refers to nothing. */
function parseReference(reference: string | null): Told {
  const value = reference === null ? null : parseJson(reference);
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, id]) => Number.isSafeInteger(id)));
}

/** Blocked, kicked out, unknown or of no use as it is: the same call will not work later. */
function isFinal({ status }: BotApiError): boolean {
  return status >= 400 && status < 500 && status !== 429 && status !== 409;
}

function laterProblem(missed: readonly Missed[], now: EpochMs): Problem {
  const waits = missed.flatMap(({ error }) => error.retryAfterMs ?? []);
  const what = missed[0]?.error.message ?? '';
  return new Problem('unavailable', `Telegram did not take the notice: ${what}.`, {
    ...(waits.length === 0 ? {} : { retryAt: now + Math.max(...waits) }),
  });
}

function finalProblem(error: BotApiError | undefined): Problem {
  if (error === undefined)
    return new Problem('forbidden', 'No chat may use the bot.', {
      hint: 'Add its id to telegram.chats in config.toml.',
    });
  if (error.status === 401 || error.status === 404)
    return new Problem('forbidden', 'Telegram does not know the token of the bot.', {
      hint: 'Get it from @BotFather, and put it into the file of telegram.tokenFile.',
    });
  const chat = error.status === 403 || error.message.includes('chat');
  return new Problem(chat ? 'forbidden' : 'invalid', `Telegram refused the notice: ${error.message}.`, { hint });
}

function keep(partial: Map<string, Told>, notice: string, told: Told): void {
  partial.set(notice, told);
  const oldest = partial.keys().next();
  if (partial.size > mostPartial && oldest.done !== true) partial.delete(oldest.value);
}
