import { describe, expect, test } from 'bun:test';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BotApiServer } from '../../test/bot-api.ts';
import { captured } from '../../test/builders.ts';
import { openOperations } from '../../test/operation-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { configSchema } from '../config/config-schema.ts';
import { Problem } from '../core/problem.ts';
import type { Log } from '../log/log.ts';
import { openTelegram, type Telegram } from './telegram.ts';

type Line = { readonly message: string; readonly properties: object | undefined };

async function open(telegram: object, token?: string): Promise<{ opened: Telegram | null; lines: Line[] }> {
  const lines: Line[] = [];
  const note = (message: string, properties?: object): void => void lines.push({ message, properties });
  const log: Log = { info: note, warning: note, bug: (error) => note(String(error)), close: () => Promise.resolve() };
  await using rig = await openOperations();
  const opened = await openTelegram({
    config: configSchema.parse({ telegram, notices: { quiet: { timeZone: 'UTC' } } }),
    environment: { TELEGRAM_BOT_TOKEN: token },
    network: { fetch: (url, init) => fetch(url, init) },
    ...{ log, context: rig.context },
  });
  return { opened, lines };
}

describe('the bot of the settings', () => {
  test('is none without a token', async () => {
    expect((await open({})).opened).toBeNull();
    expect((await open({ chats: [7] }, ' ')).opened).toBeNull();
  });

  test('has the token of its file, which is closed to others, and tells notices', async () => {
    using folder = temporaryFolder();
    await using api = new BotApiServer();
    const tokenFile = join(folder.path, 'token');
    writeFileSync(tokenFile, `${api.token}\n`, { mode: 0o644 });
    const { opened, lines } = await open({ tokenFile, chats: [7], apiRoot: `${api.root}/` });
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    opened?.bot.start();
    await api.until(() => api.polled);
    expect((await api.ask(7, '/pools')).text).toContain('No pools');
    const notice = { id: 'a', kind: 'test', thread: 'a', at: captured, facts: {} } as const;
    await opened?.channel.tell(notice, null, new AbortController().signal);
    expect(api.last(7).text).toStartWith('🔔 This is a test notice of Stint');
    await opened?.bot.stop();
    expect(lines).toEqual([{ message: 'telegram bot serves', properties: { bot: 'stint_test_bot' } }]);
  });

  test('has the token of the environment before that of its file', async () => {
    await using api = new BotApiServer();
    const { opened } = await open({ tokenFile: '/nowhere/token', chats: [7], apiRoot: api.root }, api.token);
    opened?.bot.start();
    await api.until(() => api.polled);
    await opened?.bot.stop();
  });

  test.each<[string, { telegram: object; token?: string }, string]>([
    [
      'that is not there',
      { telegram: { tokenFile: '/nowhere/token' } },
      'telegram.tokenFile /nowhere/token does not exist.',
    ],
    [
      'with something else',
      { telegram: {}, token: 'sk-test-0123456789' },
      'TELEGRAM_BOT_TOKEN holds no token of a bot.',
    ],
  ])('is refused with a token %s', async (_, { telegram, token }, message) => {
    const problem = await problemOf(open(telegram, token));
    expect(problem.message).toBe(message);
    expect(`${problem.message} ${problem.hint ?? ''}`).not.toContain('sk-test');
  });

  test('is refused with a folder in place of its token', async () => {
    using folder = temporaryFolder();
    const problem = await problemOf(open({ tokenFile: folder.path }));
    expect(problem.message).toBe(`telegram.tokenFile ${folder.path} cannot be read: it is a directory.`);
  });
});

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof Problem) return error;
  throw new Error(`it was no Problem: ${String(error)}`);
}
