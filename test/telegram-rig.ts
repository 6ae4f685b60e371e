// A bot on the operations of this process and a Bot API server of our own, with everything that it told the log.
import type { Jobs } from '../src/operations/context.ts';
import { operations } from '../src/operations/registry.ts';
import { type BotEvent, TelegramBot, type TelegramBotDeps } from '../src/surfaces/telegram/telegram-bot.ts';
import { BotApiServer } from './bot-api.ts';
import { captured } from './builders.ts';
import { openOperations, type OperationRig } from './operation-rig.ts';

export type TelegramRig = AsyncDisposable & {
  readonly rig: OperationRig;
  readonly api: BotApiServer;
  readonly bot: TelegramBot;
  readonly log: readonly BotEvent[];
  readonly bugs: readonly unknown[];
  /** Another bot on the same server and state, as after a restart. */
  restart(): Promise<TelegramBot>;
};

/** The chat of the owner; the group is one that may use the bot as well. */
export const owner = 7;
export const group = -1_001_234;

export async function openTelegram({
  jobs,
  ...more
}: Partial<TelegramBotDeps> & { idle?: boolean; jobs?: Jobs } = {}): Promise<TelegramRig> {
  const rig = await openOperations(jobs === undefined ? {} : { jobs });
  const api = new BotApiServer();
  api.now = Math.floor(captured / 1000);
  const log: BotEvent[] = [];
  const bugs: unknown[] = [];
  const bots: TelegramBot[] = [];
  const makeBot = (): TelegramBot => {
    const bot = new TelegramBot({
      ...{ token: api.token, apiRoot: api.root, fetch, chats: [owner, group], operations, timeZone: 'UTC' },
      context: rig.context,
      tell: (event) => {
        log.push(event);
        api.look();
      },
      bug: (error) => void bugs.push(error),
      ...more,
    });
    bots.push(bot);
    return bot;
  };
  const start = async (): Promise<TelegramBot> => {
    const bot = makeBot();
    if (more.idle === true) return bot;
    bot.start();
    await api.until(() => api.polled);
    return bot;
  };
  const bot = await start();
  return {
    ...{ rig, api, bot, log, bugs },
    restart: async () => {
      await bots.at(-1)?.stop();
      return start();
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of bots) await each.stop();
      await api.stop();
      await rig[Symbol.asyncDispose]();
    },
  };
}
