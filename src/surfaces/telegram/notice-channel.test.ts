import { describe, expect, test } from 'bun:test';
import { BotApiServer } from '../../../test/bot-api.ts';
import { captured, idOf, labelFrom } from '../../../test/builders.ts';
import { group, openTelegram, owner } from '../../../test/telegram-rig.ts';
import type { Notice } from '../../core/notice.ts';
import { Problem } from '../../core/problem.ts';
import { operations } from '../../operations/registry.ts';
import { type TelegramChannel, telegramChannel, type TelegramChannelDeps } from './notice-channel.ts';

const pool = labelFrom('anthropic');
const exhausted: Notice = {
  ...{ id: 'episode-1/exhausted', kind: 'pool-exhausted', thread: 'episode-1', at: captured },
  facts: { pool, since: captured, until: captured + 7_200_000 },
};
const recovered: Notice = {
  ...{ id: 'episode-1/recovered', kind: 'pool-recovered', thread: 'episode-1', at: captured + 7_200_000 },
  facts: { pool, since: captured, verifiedBy: 'request' },
};
const never = new AbortController().signal;

type Rig = { readonly channel: TelegramChannel; readonly missed: [number, string][]; now: number };

function openChannel(api: BotApiServer, more: Partial<TelegramChannelDeps> = {}): Rig {
  const rig = { now: captured, missed: [] as [number, string][] };
  const channel = telegramChannel({
    ...{ token: api.token, apiRoot: api.root, fetch, chats: [owner, group], operations, timeZone: 'UTC' },
    clock: () => rig.now,
    missed: (chat, detail) => void rig.missed.push([chat, detail]),
    ...more,
  });
  return Object.assign(rig, { channel });
}

async function problemOf(told: Promise<unknown>): Promise<Problem> {
  const error: unknown = await told.catch((thrown: unknown) => thrown);
  if (error instanceof Problem) return error;
  throw new Error(`it was told, or failed otherwise: ${String(error)}`);
}

describe('a notice', () => {
  test('is told in every chat, and the next of its thread takes its place', async () => {
    await using api = new BotApiServer();
    const rig = openChannel(api);
    const reference = await rig.channel.tell(exhausted, null, never);
    expect(api.last(owner).text).toBe(
      [
        '🔴 Pool anthropic is exhausted',
        'No account of it has been open since 00:54 UTC.',
        'The first account opens in 2h (02:54 UTC).',
        'What you can do: /pool_explain anthropic',
      ].join('\n'),
    );
    expect(api.last(owner).buttons).toEqual(['Explain']);
    rig.now += 7_200_000;
    expect(await rig.channel.tell(recovered, reference, never)).toBe(reference);
    for (const chat of [owner, group]) {
      expect(api.messages.filter((each) => each.chat === chat)).toHaveLength(1);
      expect(api.last(chat)).toMatchObject({
        edited: true,
        text: expect.stringContaining('🟢 Pool anthropic has recovered') as string,
      });
    }
  });

  test('that was told already stays as it is', async () => {
    await using api = new BotApiServer();
    const { channel } = openChannel(api);
    const reference = await channel.tell(exhausted, null, never);
    expect(await channel.tell(exhausted, reference, never)).toBe(reference);
    expect(api.shown).toHaveLength(2);
  });

  test.each([
    ['is gone', { status: 400, description: 'Bad Request: message to edit not found' }],
    ['is too old', { status: 400, description: "Bad Request: message can't be edited" }],
  ])('is a new message where the old one %s', async (_, refusal) => {
    await using api = new BotApiServer();
    const { channel } = openChannel(api, { chats: [owner] });
    const reference = await channel.tell(exhausted, null, never);
    api.plan('editMessageText', refusal);
    const next = await channel.tell(recovered, reference, never);
    expect(next).not.toBe(reference);
    expect(api.messages.map((each) => [each.text.slice(0, 2), each.edited])).toEqual([
      ['🔴', false],
      ['🟢', false],
    ]);
  });

  test.each(['nonsense', '[]', '{"7":"x"}', 'null'])('is a new message where %j is no reference', async (reference) => {
    await using api = new BotApiServer();
    const { channel } = openChannel(api, { chats: [owner] });
    expect(JSON.parse(await channel.tell(exhausted, reference, never))).toEqual({ [owner]: 1 });
  });

  test('is told by the chats that take it, where one has blocked the bot', async () => {
    await using api = new BotApiServer();
    api.blocked.add(owner);
    const { channel, missed } = openChannel(api);
    expect(JSON.parse(await channel.tell(exhausted, null, never))).toEqual({ [group]: 1 });
    expect(missed).toEqual([[owner, 'Forbidden: bot was blocked by the user']]);
  });

  test('says where a group has gone', async () => {
    await using api = new BotApiServer();
    api.plan('sendMessage', {
      ...{ status: 400, description: 'Bad Request: group chat was upgraded to a supergroup chat' },
      parameters: { migrate_to_chat_id: -100_777 },
    });
    const { channel } = openChannel(api, { chats: [group] });
    expect((await problemOf(channel.tell(exhausted, null, never))).message).toContain('its id is -100777 from here on');
  });

  test('comes again when Telegram says, to those only that do not have it', async () => {
    await using api = new BotApiServer();
    const { channel } = openChannel(api);
    api.plan('sendMessage', {
      ...{ status: 429, description: 'Too Many Requests: retry after 35', parameters: { retry_after: 35 } },
    });
    const problem = await problemOf(channel.tell(exhausted, null, never));
    expect(problem).toMatchObject({ code: 'unavailable', retryAt: captured + 35_000 });
    expect(api.messages).toHaveLength(1);
    const reference = JSON.parse(await channel.tell(exhausted, null, never)) as object;
    expect(Object.keys(reference).toSorted()).toEqual([String(group), String(owner)]);
    expect(api.messages).toHaveLength(2);
  });

  test.each<[string, Partial<TelegramChannelDeps>, object]>([
    ['no chat may use the bot', { chats: [] }, { code: 'forbidden', message: 'No chat may use the bot.' }],
    [
      'the token is refused',
      { token: '123456789:test-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB' },
      { code: 'forbidden', message: 'Telegram does not know the token of the bot.' },
    ],
    [
      'the network is away',
      { apiRoot: 'http://127.0.0.1:1' },
      { code: 'unavailable', message: 'Telegram did not take the notice: the connection was refused.' },
    ],
  ])('is not told where %s', async (_, more, expected) => {
    await using api = new BotApiServer();
    const problem = await problemOf(openChannel(api, more).channel.tell(exhausted, null, never));
    expect(problem).toMatchObject(expected);
    expect(`${problem.message} ${problem.hint ?? ''} ${problem.stack ?? ''} ${String(problem.cause)}`).not.toContain(
      'test-',
    );
  });

  test('is not told where everybody has blocked the bot', async () => {
    await using api = new BotApiServer();
    for (const chat of [owner, group]) api.blocked.add(chat);
    expect(await problemOf(openChannel(api).channel.tell(exhausted, null, never))).toMatchObject({
      code: 'forbidden',
      message: 'Telegram refused the notice: Forbidden: bot was blocked by the user.',
    });
  });

  test('ends where its signal does', async () => {
    await using api = new BotApiServer();
    api.plan('sendMessage', 'hang');
    const ending = new AbortController();
    const told = problemOf(openChannel(api, { chats: [owner] }).channel.tell(exhausted, null, ending.signal));
    await api.until(() => api.calls.length === 1);
    ending.abort();
    expect((await told).code).toBe('unavailable');
  });
});

describe('a button of a notice', () => {
  test('answers below it, after a restart as well', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    const { channel } = openChannel(api);
    await channel.tell(exhausted, null, never);
    await telegram.restart();
    const answer = api.heard(owner);
    expect(await api.press(owner, 'Explain')).toBe('');
    expect((await answer).text).toBe('🟢 A request to pool anthropic would use anthropic/work.');
    expect(api.messages.filter((each) => each.chat === owner)).toHaveLength(2);
  });

  test('clears a limit', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    await rig.run('limit.set', { account: 'work', for: '2h' });
    const { channel } = openChannel(api);
    const limited: Notice = {
      ...exhausted,
      kind: 'account-limited',
      facts: { account: idOf('work'), window: 'five_hour' },
    };
    await channel.tell(limited, null, never);
    const answer = api.heard(owner);
    await api.press(owner, 'Clear');
    expect((await answer).text).toBe('1 closed window cleared.\n🟢 anthropic/work open');
    expect(rig.audit.at(-1)).toMatchObject({ kind: 'account.clear', actor: `telegram:${owner}` });
  });
});
