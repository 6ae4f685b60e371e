import type { Config } from '../config/config-schema.ts';
import { Problem } from '../core/problem.ts';
import { describeFileError, readPrivateFile } from '../lib/atomic-file.ts';
import { localTimeZone } from '../lib/local-time-zone.ts';
import type { Log } from '../log/log.ts';
import type { Channel } from '../notices/ports.ts';
import type { OperationContext } from '../operations/context.ts';
import { operations } from '../operations/registry.ts';
import { isBotToken } from '../surfaces/telegram/bot-api.ts';
import { telegramChannel } from '../surfaces/telegram/notice-channel.ts';
import { type BotEvent, TelegramBot } from '../surfaces/telegram/telegram-bot.ts';
import type { Network } from './network.ts';

export type TelegramParts = {
  readonly config: Pick<Config, 'telegram' | 'notices'>;
  /** The user's own: the token goes before that of the file. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly network: Pick<Network, 'fetch'>;
  readonly log: Log;
  readonly context: Omit<OperationContext, 'caller'>;
};

/** A bot that is not started, and the way of notices to its chats. */
export type Telegram = { readonly bot: TelegramBot; readonly channel: Channel };

/** The bot of the settings; null where there is none. Throws a Problem where its token cannot be read or is none. */
export async function openTelegram(parts: TelegramParts): Promise<Telegram | null> {
  const { config, network, log, context } = parts;
  const { chats, apiRoot } = config.telegram;
  const token = await readTelegramToken(parts.environment['TELEGRAM_BOT_TOKEN'], config.telegram.tokenFile);
  if (token === null) return null;
  const { quiet } = config.notices;
  const timeZone = quiet.timeZone === '' ? localTimeZone() : quiet.timeZone;
  const shared = { token, apiRoot, fetch: network.fetch, chats, operations, timeZone };
  return {
    bot: new TelegramBot({ ...shared, context, tell: (event) => tellBot(log, event), bug: log.bug }),
    channel: telegramChannel({
      ...shared,
      clock: context.clock,
      missed: (chat, reason) => log.warning('chat not told', { chat, reason }),
    }),
  };
}

const hint = 'It looks like 123456789:ABC... and comes from @BotFather.';

/** The token of the bot; null where there is to be none. Throws a Problem where it cannot be read or is none. */
export async function readTelegramToken(given: string | undefined, file: string): Promise<string | null> {
  if (given !== undefined && given.trim() !== '') return checked(given, 'TELEGRAM_BOT_TOKEN');
  if (file === '') return null;
  const text = await readPrivateFile(file).catch((error: unknown) => {
    throw new Problem('invalid', `telegram.tokenFile ${file} cannot be read: ${describeFileError(error)}.`);
  });
  if (text === undefined) throw new Problem('invalid', `telegram.tokenFile ${file} does not exist.`, { hint });
  return checked(text, `telegram.tokenFile ${file}`);
}

function checked(text: string, where: string): string {
  const token = text.trim();
  if (isBotToken(token)) return token;
  throw new Problem('invalid', `${where} holds no token of a bot.`, { hint });
}

function tellBot(log: Log, event: BotEvent): void {
  switch (event.kind) {
    case 'serving':
      return log.info('telegram bot serves', { bot: event.bot });
    case 'trouble':
      return log.warning('telegram bot in trouble', { reason: event.detail });
    case 'refused':
      return log.warning('telegram bot ended', { reason: event.detail });
    case 'stranger':
      return log.info('telegram chat refused', { chat: event.chat });
    case 'unanswered':
      return log.warning('telegram chat not answered', { chat: event.chat, reason: event.detail });
  }
}
