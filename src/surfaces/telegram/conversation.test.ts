// The bot as people meet it: a real bot on real operations, and a Bot API server of our own.
import { describe, expect, test } from 'bun:test';
import type { ChatMessage } from '../../../test/bot-api.ts';
import { captured } from '../../../test/builders.ts';
import { secretOf } from '../../../test/operation-rig.ts';
import { group, openTelegram, owner, type TelegramRig } from '../../../test/telegram-rig.ts';
import { operations } from '../../operations/registry.ts';
import { commandName, offered } from './command.ts';

const hour = 3_600_000;
const stranger = 99;

describe('a command', () => {
  test('answers with what the operation says', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work', 'home');
    await rig.run('limit.set', { account: 'work', for: '2h' });
    const status = await api.ask(owner, '/status');
    expect(status.text).toBe(
      [
        'Stint 1.2.3, up 0s, 2 open requests, 0 sessions',
        '',
        '🔴 anthropic/work closed (operator), opens in 2h (02:54 UTC)',
        '   by hand closed, opens in 2h (02:54 UTC)',
        '🟢 anthropic/home open',
        '',
        'pool anthropic, sticky',
        '   next request: anthropic/home',
      ].join('\n'),
    );
    expect((await api.ask(owner, '/pool_explain anthropic')).text).toMatch(
      /^🟢 .*would use anthropic\/home\.\n· anthropic\/work is closed by hand, opens in 2h/,
    );
    expect((await api.ask(owner, '/limit_list')).text).toBe(
      '🔴 anthropic/work closed (by hand), opens in 2h (02:54 UTC)',
    );
  });

  test('of every operation is known, and answered in words that Telegram takes', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    for (const { name } of offered(operations)) {
      const { text } = await api.ask(owner, `/${commandName(name)}`);
      expect(text).not.toContain('There is no command');
      expect(text).not.toContain('[object Object]');
      // A moment as a number.
      expect(text).not.toMatch(/\b17\d{11}\b/);
    }
    expect({ bugs: telegram.bugs, log: telegram.log.slice(1) }).toEqual({ bugs: [], log: [] });
  });

  test('changes something, and the trail says who did', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work', 'home');
    expect((await api.ask(owner, '/pool_use anthropic account=home')).text).toContain('pinned to anthropic/home');
    expect(rig.audit.at(-1)).toMatchObject({
      ...{ kind: 'pool.use', surface: 'telegram', actor: `telegram:${owner}` },
      ...{ subject: 'anthropic', detail: 'anthropic/home', outcome: 'done' },
    });
  });

  test.each([
    ['/account_show nobody', '❌ There is no account "nobody".\nSee: /account_list'],
    ['/account_show work home', '❌ “home” is one too many.\nUsage: /account_show <account>'],
    ['/account_show work colour=red', '❌ account.show has no field colour.\nIt takes: account'],
    ['/pool_set anthropic strategy=best', /^❌ strategy must be one of: sticky, /],
    ['/hello', 'There is no command /hello. See /help'],
    ['hello', 'I only know commands. See /help'],
  ])('that cannot be done says so: %s', async (text, answer) => {
    await using telegram = await openTelegram();
    await telegram.rig.add('work');
    const said = await telegram.api.ask(owner, text);
    if (typeof answer === 'string') expect(said.text).toBe(answer);
    else expect(said.text).toMatch(answer);
  });

  test('that is hidden says why', async () => {
    await using telegram = await openTelegram();
    for (const operation of operations.filter((each) => each.hidden?.telegram !== undefined)) {
      const said = await telegram.api.ask(owner, `/${commandName(operation.name)}`);
      expect(said.text).toStartWith(`${operation.name} is not offered in a chat.\n`);
      expect(said.text).not.toBe(`${operation.name} is not offered in a chat.\n`);
    }
  });

  test('shows names of others as they are', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    await rig.run('account.set', { account: 'work', project: '<b>&amp;</pre>' });
    expect((await api.ask(owner, '/account_show work')).text).toContain('shares the quota of project <b>&amp;</pre>');
  });

  test('shows no secret, wherever one came to be', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    await rig.run('account.set', { account: 'work', project: secretOf('work') });
    expect((await api.ask(owner, '/account_show work')).text).toContain('shares the quota of project sk-…');
  });

  test('is answered in plain words where Telegram does not take the looks', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    await rig.run('account.set', { account: 'work', project: '<a & b>' });
    api.plan('sendMessage', { status: 400, description: "Bad Request: can't parse entities: Unclosed start tag" });
    const said = await api.ask(owner, '/account_show work');
    expect(said.text).toContain('shares the quota of project <a & b>');
    expect(said.html).toBe(said.text);
  });

  test('with more to say than a message takes says how much more', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add(...Array.from({ length: 120 }, (_, index) => `account-with-a-long-name-${index}`));
    for (const command of ['/status', '/accounts', '/limit_list', '/audit_list']) {
      if (command === '/limit_list') await rig.run('limit.set', { all: true, for: '2h' });
      const said = await api.ask(owner, command);
      expect(said.text).toMatch(/\n… and \d+ more$/);
    }
    expect(telegram.log.filter((each) => each.kind === 'unanswered')).toEqual([]);
  });

  test('sees what the one before it did', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    api.say(owner, '/account_disable work');
    api.say(owner, '/accounts');
    await api.until(() => api.shown.length === 2);
    expect(api.shown.map((each) => each.text)).toEqual([
      '⚪ anthropic/work takes no requests until it is enabled again.',
      '⚪ anthropic/work disabled',
    ]);
  });

  test('overtakes one that takes long, and waits for none of another chat', async () => {
    const pauses: PromiseWithResolvers<void>[] = [];
    const wait = (_: number, signal: AbortSignal): Promise<void> => {
      const pause = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => pause.resolve(), { once: true });
      pauses.push(pause);
      return pause.promise;
    };
    await using telegram = await openTelegram({ wait });
    const { api, rig } = telegram;
    await rig.add('work');
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const slow = rig.context.inTurn(() => gate);
    api.say(owner, '/account_disable work');
    expect((await api.ask(group, '/session_list')).text).toBe('No sessions yet.');
    const answer = api.ask(owner, '/session_list');
    // A later answer shows that the one before it waits.
    await api.ask(group, '/pools');
    expect(api.shown.filter((each) => each.chat === owner)).toEqual([]);
    pauses[0]?.resolve();
    expect((await answer).text).toBe('No sessions yet.');
    const disabled = api.heard(owner);
    open();
    await slow;
    expect((await disabled).text).toContain('takes no requests');
  });
});

describe('what is missing', () => {
  test('is asked for by buttons, until the command is whole', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work', 'home');
    const first = await api.ask(owner, '/pool_use');
    expect([first.text, first.buttons]).toEqual(['Which pool? /pool_use', ['anthropic', 'Cancel']]);
    const second = await pressed(telegram, 'anthropic');
    expect([second.text, second.buttons]).toEqual([
      'Which account? /pool_use',
      ['let the pool choose', 'anthropic/work', 'anthropic/home', 'Cancel'],
    ]);
    const done = await pressed(telegram, 'anthropic/home');
    expect([done.id, done.buttons]).toEqual([first.id, []]);
    expect(done.text).toContain('pinned to anthropic/home');
  });

  test('is asked for in words where there is no choice', async () => {
    await using telegram = await openTelegram();
    await telegram.rig.add('work');
    expect((await telegram.api.ask(owner, '/account_rename work')).text).toBe(
      'label is missing.\nGive an account another label; all that is its own goes with it.\nUsage: /account_rename <account> <label>',
    );
  });

  test('of a limit by hand is whom and how long', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work', 'home');
    await api.ask(owner, '/limit_set model=opus');
    await pressed(telegram, 'anthropic/home');
    expect((await pressed(telegram, '5h')).text).toBe(
      '🔴 anthropic/home closed (by hand, opus only), opens in 5h (05:54 UTC)',
    );
    expect(rig.audit.filter((each) => each.kind === 'limit.set')).toHaveLength(1);
  });

  test.each([
    ['/pool_use Anthropic', ['let the pool choose', 'anthropic/work', 'anthropic/home', 'Cancel']],
    ['/pool_drop anthropic', ['anthropic/work', 'anthropic/home', 'Cancel']],
    ['/pool_add own', ['anthropic/home', 'Cancel']],
    ['/pool_move work', ['anthropic', 'own', 'Cancel']],
    ['/pool_move work own', ['anthropic', 'Cancel']],
    ['/limit_clear', ['all of them', 'anthropic/home', 'Cancel']],
    ['/pool_use nothing', []],
    ['/pool_create', []],
  ])('of %s is %j', async (command, buttons) => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work', 'home');
    await rig.run('pool.create', { pool: 'own', accounts: ['work'] });
    await rig.run('limit.set', { account: 'home', for: '1h' });
    expect((await api.ask(owner, command)).buttons).toEqual(buttons);
  });

  test('has so many buttons at most', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add(...Array.from({ length: 30 }, (_, index) => `a${index}`));
    const question = await api.ask(owner, '/account_show');
    expect(question.buttons).toHaveLength(25);
    expect(question.text).toBe('Which account? /account_show\n… and 6 more, by name.');
  });

  test('can be left open', async () => {
    await using telegram = await openTelegram();
    await telegram.rig.add('work');
    await telegram.api.ask(owner, '/account_disable');
    expect((await pressed(telegram, 'Cancel')).text).toBe('Nothing was changed.');
    expect(telegram.rig.audit.filter((each) => each.kind === 'account.disable')).toEqual([]);
  });
});

describe('what cannot be undone', () => {
  test('is done after a yes', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    const question = await api.ask(owner, '/account_remove work');
    expect([question.text, question.buttons]).toEqual([
      'Remove an account and its secret? /account_remove\naccount: work',
      ['Yes', 'No'],
    ]);
    expect(rig.context.accounts.all()).toHaveLength(1);
    expect((await pressed(telegram, 'Yes')).text).toBe('Removed anthropic/work and its secret.');
    expect(rig.context.accounts.all()).toHaveLength(0);
  });

  test('is not done after a no', async () => {
    await using telegram = await openTelegram();
    await telegram.rig.add('work');
    await telegram.api.ask(owner, '/account_remove work');
    expect((await pressed(telegram, 'No')).text).toBe('Nothing was changed.');
    expect(telegram.rig.context.accounts.all()).toHaveLength(1);
  });

  test('is not asked about where it would be refused', async () => {
    await using telegram = await openTelegram();
    const said = await telegram.api.ask(owner, '/account_remove nobody');
    expect([said.text, said.buttons]).toEqual(['❌ There is no account "nobody".\nSee: /account_list', []]);
  });

  test('is done once, however often the button is pressed', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    const question = await api.ask(owner, '/account_remove work');
    const data = dataOf(question, 'Yes');
    const removed = api.heard(owner);
    const popUps = await Promise.all([api.pressData(question, data), api.pressData(question, data)]);
    expect(popUps.toSorted()).toEqual(['', tooLate]);
    expect((await removed).text).toContain('Removed');
    expect(rig.audit.filter((each) => each.kind === 'account.remove')).toHaveLength(1);
  });

  test('is not done by a question that is too old', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    await api.ask(owner, '/account_remove work');
    rig.now += 6 * 60_000;
    expect(await api.press(owner, 'Yes')).toBe(tooLate);
    expect(rig.context.accounts.all()).toHaveLength(1);
  });

  test('is not done by a question of before a restart', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    await api.ask(owner, '/account_remove work');
    await telegram.restart();
    expect(await api.press(owner, 'Yes')).toBe(tooLate);
    expect(rig.context.accounts.all()).toHaveLength(1);
  });

  test.each([
    ['/daemon_stop nosuchfield=1', '❌ daemon.stop has no field nosuchfield.'],
    ['/account_remove nosuchfield=1', '❌ account.remove has no field nosuchfield.'],
  ])('is refused before anybody is asked: %s', async (command, message) => {
    await using telegram = await openTelegram();
    await telegram.rig.add('work');
    expect((await telegram.api.ask(owner, command)).text).toStartWith(message);
  });

  test('is not done by somebody else of the group', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    const [ann, bob] = [{ id: 11 }, { id: 12 }];
    await api.ask(group, '/account_remove@stint_test_bot work', { from: ann });
    expect(await api.press(group, 'Yes', bob)).toBe('This question was put to somebody else.');
    expect(rig.context.accounts.all()).toHaveLength(1);
    const done = api.heard(group);
    await api.press(group, 'Yes', ann);
    expect((await done).text).toContain('Removed');
    expect(rig.audit.at(-1)).toMatchObject({ actor: `telegram:${group}/${ann.id}` });
  });

  test.each(['r:account.remove:work', 'r:account.disable:work', 'r:daemon.stop:', 'x', '', 'q:abc:yes'])(
    'is not done by the data %j of a client that made it up',
    async (data) => {
      await using telegram = await openTelegram();
      const { api, rig } = telegram;
      await rig.add('work');
      const { id } = await api.ask(owner, '/status');
      expect(await api.pressData({ id, chat: owner }, data)).toBe(tooLate);
      expect(rig.audit.filter((each) => each.surface === 'telegram')).toEqual([]);
    },
  );
});

describe('a message', () => {
  test('of before the start changes nothing without a yes', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    const date = Math.floor((captured - 3 * hour) / 1000);
    const question = await api.ask(owner, '/account_disable work', { date });
    expect(question.text).toStartWith('You sent this before Stint was started. Is it still to be done?');
    expect(rig.context.accounts.all()[0]?.account.standing).toBe('enabled');
    expect((await pressed(telegram, 'Yes')).text).toContain('takes no requests');
    expect((await api.ask(owner, '/pools', { date })).text).toContain('pool anthropic');
  });

  test('that waited when the bot was started changes nothing without a yes, however short that was', async () => {
    await using telegram = await openTelegram({ idle: true });
    const { api, rig, bot } = telegram;
    await rig.add('work');
    const heard = api.heard(owner);
    api.say(owner, '/account_disable work', { date: Math.floor(captured / 1000) - 5 });
    bot.start();
    expect((await heard).text).toStartWith('You sent this before Stint was started. Is it still to be done?');
    expect(rig.context.accounts.all()[0]?.account.standing).toBe('enabled');
  });

  test('that was edited does nothing', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    api.say(owner, '/account_disable work', { edited: true });
    await api.ask(owner, '/status');
    expect(rig.context.accounts.all()[0]?.account.standing).toBe('enabled');
  });

  test.each([
    ['a key', secretOf('work'), false],
    ['a key in a command', `/account_add anthropic work ${secretOf('work')}`, false],
    ['a key below a picture', secretOf('work'), true],
  ])('with %s is deleted, and does nothing', async (_, text, caption) => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    const said = await api.ask(owner, text, { caption });
    expect(said.text).toStartWith('🔑 That looked like a secret, and a chat is no place for one. I have deleted');
    expect(api.messages.filter((each) => each.from === 'person')).toEqual([]);
    expect(api.transcript(owner)).not.toContain(secretOf('work'));
    expect(JSON.stringify([telegram.log, rig.audit])).not.toContain(secretOf('work'));
  });

  test('with a secret that cannot be deleted is the user’s to delete', async () => {
    await using telegram = await openTelegram();
    telegram.api.plan('deleteMessage', { status: 400, description: "Bad Request: message can't be deleted" });
    const said = await telegram.api.ask(owner, secretOf('work'));
    expect(said.text).toContain('Please delete your message');
  });

  test('of a group is answered where it is a command for this bot', async () => {
    await using telegram = await openTelegram();
    const { api } = telegram;
    for (const text of ['hello', '/status@other_bot', '/weather', '/weather@other_bot']) api.say(group, text);
    expect((await api.ask(group, '/status@Stint_Test_Bot')).text).toContain('Stint 1.2.3');
    expect((await api.ask(group, '/status')).text).toContain('Stint 1.2.3');
    expect((await api.ask(group, '/weather@stint_test_bot')).text).toContain('There is no command /weather');
    expect(api.shown.filter((each) => each.chat === group)).toHaveLength(3);
  });

  test('in a topic of a group is answered there', async () => {
    await using telegram = await openTelegram();
    const { api } = telegram;
    await api.ask(group, '/status', { topic: 42 });
    await api.ask(group, '/pools');
    const sent = api.calls.filter((each) => each.method === 'sendMessage');
    expect(sent.map((each) => each.payload['message_thread_id'])).toEqual([42, undefined]);
  });

  test('of another bot is not answered', async () => {
    await using telegram = await openTelegram();
    const { api } = telegram;
    api.say(group, '/status', { from: { id: 12, is_bot: true } });
    await api.ask(owner, '/status');
    expect(api.shown.filter((each) => each.chat === group)).toEqual([]);
  });
});

describe('a stranger', () => {
  test('learns the id of the chat and nothing else, once an hour', async () => {
    await using telegram = await openTelegram();
    const { api, rig } = telegram;
    await rig.add('work');
    const said = await api.ask(stranger, '/status');
    expect(said.text).toBe(
      'This bot is private. Its owner can let this chat in: its id is 99, and goes into telegram.chats of the settings.',
    );
    for (const text of ['/status', 'please', '/account_remove work']) api.say(stranger, text);
    await api.ask(owner, '/status');
    expect(api.shown.filter((each) => each.chat === stranger)).toHaveLength(1);
    expect(telegram.log).toContainEqual({ kind: 'stranger', chat: stranger });
    rig.now += hour;
    expect((await api.ask(stranger, 'hello?')).text).toContain('private');
    expect(rig.audit.filter((each) => each.surface === 'telegram')).toEqual([]);
  });

  test('presses no button', async () => {
    await using telegram = await openTelegram();
    expect(await telegram.api.pressData({ id: 1, chat: stranger }, 'r:account.list:')).toBe('This bot is private.');
    expect(telegram.api.shown).toEqual([]);
  });

  test('in a group is answered where the bot is spoken to', async () => {
    await using telegram = await openTelegram();
    const { api } = telegram;
    api.say(-500, '/status');
    api.say(-500, 'hello');
    expect((await api.ask(-500, '/status@stint_test_bot')).text).toContain('its id is -500');
    expect(api.shown.filter((each) => each.chat === -500)).toHaveLength(1);
  });

  test('is one of many that are not all answered', async () => {
    await using telegram = await openTelegram();
    const { api } = telegram;
    for (let chat = 1000; chat < 1040; chat += 1) api.say(chat, 'hello');
    await api.ask(owner, '/status');
    await telegram.bot.stop();
    expect(api.shown.filter((each) => each.chat >= 1000)).toHaveLength(20);
  });
});

const tooLate = 'This question is no longer open. Send the command again.';

async function pressed({ api }: TelegramRig, button: string): Promise<ChatMessage> {
  const next = api.heard(owner);
  expect(await api.press(owner, button)).toBe('');
  return next;
}

function dataOf(message: ChatMessage, button: string): string {
  return message.keyboard?.inline_keyboard.flat().find((each) => each.text === button)?.callback_data ?? '';
}
