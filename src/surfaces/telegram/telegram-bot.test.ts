// The bot and its network: what happens when the Bot API is away, busy, taken or refuses it.
import { describe, expect, test } from 'bun:test';
import { group, openTelegram, owner } from '../../../test/telegram-rig.ts';
import { operations } from '../../operations/registry.ts';
import { menuOf } from './command.ts';

const wrongToken = '123456789:test-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB';
const prompt = 1_000;

/** Pauses that the test ends; each is told by its length. */
function gatedWait() {
  const pauses: { readonly delayMs: number; readonly end: () => void }[] = [];
  const waiters: (() => void)[] = [];
  return {
    wait: (delayMs: number, signal: AbortSignal): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve(), { once: true });
      pauses.push({ delayMs, end: resolve });
      waiters.splice(0).forEach((each) => each());
      return promise;
    },
    /** The pause of this number, once it has begun. */
    pause: async (index: number): Promise<{ readonly delayMs: number; readonly end: () => void }> => {
      for (;;) {
        const found = pauses[index];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiters.push(resolve));
      }
    },
  };
}

function serverOf(fetch: (request: Request) => Response): AsyncDisposable & { readonly port: number } {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', development: false, fetch });
  return { port: server.port ?? 0, [Symbol.asyncDispose]: () => server.stop(true) };
}

describe('the bot at its start', () => {
  test('takes the updates from a webhook, and sets its menu', async () => {
    await using telegram = await openTelegram({ idle: true });
    const { api, bot } = telegram;
    api.webhook = 'https://example.com/hook';
    expect(bot.finding).toMatchObject({ check: 'telegram', ok: false });
    bot.start();
    bot.start();
    await api.until(() => api.polled && api.calls.some((each) => each.method === 'setMyCommands'));
    expect(api.webhook).toBe('');
    expect(api.calls.find((each) => each.method === 'setMyCommands')?.payload['commands']).toEqual(menuOf(operations));
    expect(api.calls.filter((each) => each.method === 'getMe')).toHaveLength(1);
    expect(api.calls.find((each) => each.method === 'getUpdates')?.payload).toMatchObject({
      ...{ timeout: 25, allowed_updates: ['message', 'callback_query'] },
    });
    expect(bot.finding).toEqual({ check: 'telegram', ok: true, detail: 'serves as @stint_test_bot', hint: null });
    expect(telegram.log).toEqual([{ kind: 'serving', bot: 'stint_test_bot' }]);
  });

  test('goes on without a menu', async () => {
    await using telegram = await openTelegram({ idle: true });
    const { api, bot, log } = telegram;
    api.plan('setMyCommands', { status: 400, description: 'Bad Request: BOT_COMMANDS_TOO_MUCH' });
    bot.start();
    await api.until(() => api.polled && log.length === 2);
    expect(log.map((each) => each.kind)).toEqual(['serving', 'trouble']);
    expect((await api.ask(owner, '/pools')).text).toContain('No pools');
  });

  test.each([
    ['is not known', wrongToken],
    ['is none', 'nonsense'],
    ['would be another path', '123456789:../../getMe?x=AAAAAAAAAAAAAAAAAAAAA'],
  ])('ends where its token %s, and says what to do', async (_, token) => {
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    await using telegram = await openTelegram({ idle: true, token, tell: resolve });
    const { api, bot } = telegram;
    bot.start();
    expect(await ended).toEqual({ kind: 'refused', detail: bot.finding.detail });
    expect(bot.finding).toMatchObject({
      ok: false,
      detail: expect.stringContaining('does not know the token') as string,
    });
    expect(bot.finding.hint).toContain('@BotFather');
    expect(JSON.stringify([bot.finding, await ended])).not.toContain(token);
    expect(api.calls).toEqual([]);
    await bot.stop();
  });
});

describe('a network that fails', () => {
  test('is told once, without the token, and is waited for longer and longer', async () => {
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ idle: true, apiRoot: 'http://127.0.0.1:1', wait });
    const { bot, log, api } = telegram;
    bot.start();
    const delays: number[] = [];
    for (let index = 0; index < 9; index += 1) {
      const { delayMs, end } = await pause(index);
      delays.push(delayMs);
      end();
    }
    await pause(9);
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
    expect(log).toEqual([{ kind: 'trouble', detail: 'the Bot API cannot be reached: the connection was refused' }]);
    expect(JSON.stringify([log, bot.finding])).not.toContain(api.token.split(':')[1] ?? '');
  });

  test('takes the token nowhere else', async () => {
    const reached: string[] = [];
    await using elsewhere = serverOf((request) => {
      reached.push(request.url);
      return new Response('{}');
    });
    await using moved = serverOf((request) =>
      Response.redirect(request.url.replace(`:${moved.port}`, `:${elsewhere.port}`)),
    );
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ idle: true, apiRoot: `http://127.0.0.1:${moved.port}`, wait });
    telegram.bot.start();
    await pause(0);
    expect(reached).toEqual([]);
    expect(telegram.log).toEqual([
      { kind: 'trouble', detail: 'the Bot API cannot be reached: what answers there is no Bot API' },
    ]);
  });

  test('that asks to wait is asked again then', async () => {
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ idle: true, wait });
    const { api, bot } = telegram;
    api.plan('getUpdates', {
      ...{ status: 429, description: 'Too Many Requests: retry after 17', parameters: { retry_after: 17 } },
    });
    bot.start();
    const { delayMs, end } = await pause(0);
    expect(delayMs).toBe(17_000);
    end();
    await api.until(() => api.polled);
  });

  test('in a poll loses no update', async () => {
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ idle: true, wait });
    const { api, bot, log } = telegram;
    api.plan('getUpdates', 'cut', { status: 502, description: 'Bad Gateway' });
    bot.start();
    (await pause(0)).end();
    const answer = api.ask(owner, '/pools');
    (await pause(1)).end();
    expect((await answer).text).toContain('No pools');
    expect(log.map((each) => each.kind)).toEqual(['serving', 'trouble', 'trouble', 'serving']);
    expect(bot.finding.ok).toBe(true);
  });

  test('while a command is confirmed does not do it twice', async () => {
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ wait });
    const { api, rig } = telegram;
    await rig.add('work');
    api.plan('getUpdates', { status: 500, description: 'Internal Server Error' });
    const answer = api.ask(owner, '/account_disable work');
    (await pause(0)).end();
    await answer;
    await api.ask(owner, '/status');
    expect(rig.audit.filter((each) => each.kind === 'account.disable')).toHaveLength(1);
  });

  test('on the way of an answer is tried again, and given up after a while', async () => {
    const waits: number[] = [];
    const wait = (delayMs: number): Promise<void> => Promise.resolve(void waits.push(delayMs));
    await using telegram = await openTelegram({ wait });
    const { api, log } = telegram;
    api.plan(
      'sendMessage',
      { status: 429, description: 'Too Many Requests: retry after 3', parameters: { retry_after: 3 } },
      'cut',
    );
    expect((await api.ask(owner, '/pools')).text).toContain('No pools');
    expect(waits).toEqual([3000, 4000]);
    api.plan('sendMessage', {
      status: 429,
      description: 'Too Many Requests: retry after 900',
      parameters: { retry_after: 900 },
    });
    api.say(owner, '/pools');
    await api.until(() => log.some((each) => each.kind === 'unanswered'));
    expect(waits).toHaveLength(2);
    expect((await api.ask(owner, '/pools')).text).toContain('No pools');
  });

  test('is no reason to answer somebody who has blocked the bot', async () => {
    await using telegram = await openTelegram();
    const { api, log } = telegram;
    api.blocked.add(owner);
    api.say(owner, '/pools');
    await api.until(() => log.length === 2);
    expect(log[1]).toEqual({ kind: 'unanswered', chat: owner, detail: 'Forbidden: bot was blocked by the user' });
    expect((await api.ask(group, '/pools')).text).toContain('No pools');
  });
});

describe('another program with the same bot', () => {
  test('is told once, and the bot serves when it is gone', async () => {
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ wait });
    const { api, bot, log } = telegram;
    const other = await fetch(`${api.root}/bot${api.token}/getUpdates?timeout=0`);
    expect(await other.json()).toEqual({ ok: true, result: [] });
    const first = await pause(0);
    const detail = 'another program reads the messages of this bot, which only one can';
    expect(bot.finding).toMatchObject({ ok: false, detail });
    api.plan('getUpdates', {
      status: 409,
      description: 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    });
    first.end();
    (await pause(1)).end();
    expect((await api.ask(owner, '/pools')).text).toContain('No pools');
    expect(log).toEqual([
      { kind: 'serving', bot: 'stint_test_bot' },
      { kind: 'trouble', detail },
      { kind: 'serving', bot: 'stint_test_bot' },
    ]);
  });
});

describe('the bot at its end', () => {
  test('stops inside a long poll', async () => {
    await using telegram = await openTelegram();
    const { bot, api } = telegram;
    const before = performance.now();
    await Promise.all([bot.stop(), bot.stop()]);
    await bot.stop();
    expect(performance.now() - before).toBeLessThan(prompt);
    await api.until(() => !api.polled);
    expect(bot.finding.detail).toBe('is stopped');
  });

  test('stops while the network is away, and before it ever was there', async () => {
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ idle: true, apiRoot: 'http://127.0.0.1:1', wait });
    telegram.bot.start();
    await pause(0);
    const before = performance.now();
    await telegram.bot.stop();
    expect(performance.now() - before).toBeLessThan(prompt);
  });

  test('stops inside a request that is not answered', async () => {
    await using telegram = await openTelegram({ idle: true });
    const { api, bot } = telegram;
    api.plan('getMe', 'hang');
    bot.start();
    await api.until(() => api.calls.length === 1);
    const before = performance.now();
    await bot.stop();
    expect(performance.now() - before).toBeLessThan(prompt);
  });

  test('finishes an answer that is on its way', async () => {
    await using telegram = await openTelegram();
    const { api, bot, rig } = telegram;
    await rig.add('work');
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const slow = rig.context.inTurn(() => gate);
    api.say(owner, '/account_disable work');
    await api.until(() => api.unconfirmed === 0 && api.polled);
    const stopped = bot.stop();
    open();
    await Promise.all([slow, stopped]);
    expect(api.shown.at(-1)?.text).toContain('takes no requests');
  });

  test('waits only so long for an operation that does not end', async () => {
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ wait });
    const { api, bot, rig } = telegram;
    await rig.add('work');
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const slow = rig.context.inTurn(() => gate);
    api.say(owner, '/account_disable work');
    await api.until(() => api.unconfirmed === 0 && api.polled);
    const stopped = bot.stop();
    const grace = await pause(0);
    expect(grace.delayMs).toBe(2000);
    grace.end();
    await stopped;
    open();
    await slow;
    // In turn after the other one.
    await rig.run('account.enable', { account: 'work' });
    expect(api.shown).toEqual([]);
  });

  test('leaves what it has not confirmed to the next one, which does it once', async () => {
    const { wait, pause } = gatedWait();
    await using telegram = await openTelegram({ wait });
    const { api, rig } = telegram;
    await rig.add('work');
    // The update is there, and its confirmation fails until the bot stops.
    api.plan('getUpdates', { status: 500, description: 'Internal Server Error' });
    api.say(owner, '/account_disable work');
    await pause(0);
    await telegram.bot.stop();
    expect([api.unconfirmed, rig.audit.filter((each) => each.kind === 'account.disable')]).toEqual([1, []]);
    const answer = api.heard(owner);
    await telegram.restart();
    expect((await answer).text).toContain('takes no requests');
    await telegram.restart();
    await api.ask(owner, '/status');
    expect(rig.audit.filter((each) => each.kind === 'account.disable')).toHaveLength(1);
  });
});
