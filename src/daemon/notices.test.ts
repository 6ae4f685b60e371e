import { describe, expect, test } from 'bun:test';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBook } from '../../test/book-rig.ts';
import { buildAccount, buildLimit, idOf, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { addAccount } from '../book/roster.ts';
import { configSchema } from '../config/config-schema.ts';
import type { AuditEntry } from '../core/audit.ts';
import { noticeKinds, type Notice } from '../core/notice.ts';
import { hourMs } from '../core/time.ts';
import type { Channel } from '../notices/ports.ts';
import { openStore } from '../store/open-store.ts';
import { noticesPort, openOutbox, outboxSettings } from './notices.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

type Lines = { readonly message: string; readonly properties: object }[];

function fakeLog() {
  const lines: Lines = [];
  const write = (message: string, properties: object = {}): void => void lines.push({ message, properties });
  const bug = (error: unknown): void => {
    throw error;
  };
  return { lines, log: { info: write, warning: write, bug, close: async () => undefined } };
}

function parts(notices: object, more: { environment?: Record<string, string>; telegram?: Channel } = {}) {
  return {
    config: configSchema.parse({ notices }),
    environment: more.environment ?? {},
    network: { fetch: (url: string, init: RequestInit) => fetch(url, init) },
    log: fakeLog().log,
    clock: () => 0,
    telegram: more.telegram ?? null,
  };
}

const url = 'https://hooks.test/secret-path';

describe('the channels of the settings', () => {
  test.each<[string, object, { environment?: Record<string, string> }, string[]]>([
    ['nothing', {}, {}, ['log']],
    ['a desktop', { desktop: { enabled: true } }, {}, ['log', 'desktop']],
    ['a webhook', { webhook: { url } }, { environment: { STINT_WEBHOOK_SECRET: secret } }, ['log', 'webhook']],
  ])('of %s are there', async (...[, notices, more, names]) => {
    const { settings, faults } = await outboxSettings(parts(notices, more));
    expect([settings.routes.map(({ channel }) => channel.name), faults]).toEqual([names, []]);
  });

  test('want the kinds that are set, and the log all of them, also in quiet hours', async () => {
    const telegram: Channel = { name: 'telegram', tell: async () => null };
    const notices = {
      quiet: { from: '22:00', to: '07:00', timeZone: 'Europe/Rome' },
      telegram: { kinds: ['pool-exhausted'] },
    };
    const { settings } = await outboxSettings(parts(notices, { telegram }));
    expect(settings.quiet).toEqual({ from: '22:00', to: '07:00', timeZone: 'Europe/Rome' });
    expect(settings.routes).toMatchObject([
      { channel: { name: 'log' }, always: true, kinds: expect.arrayContaining(['account-limited', 'pool-recovered']) },
      { channel: telegram, always: false, kinds: ['pool-exhausted'] },
    ]);
  });

  test.each<[string, object, string | undefined, string]>([
    ['without a secret', { url }, undefined, 'notices.webhook has no secret to sign with.'],
    ['with a secret that is none', { url }, 'test', 'The secret of the webhook is not "whsec_" with base64.'],
    ['at what is no URL', { url: 'https://' }, secret, 'notices.webhook.url is no URL.'],
    ['whose file is missing', { url, secretFile: '/nowhere/secret' }, undefined, 'does not exist'],
    ['whose file is a folder', { url, secretFile: '/' }, undefined, 'cannot be read'],
  ])('have no webhook %s, and the others all the same', async (...[, webhook, given, words]) => {
    const environment: Record<string, string> = given === undefined ? {} : { STINT_WEBHOOK_SECRET: given };
    const { settings, faults } = await outboxSettings(parts({ webhook, desktop: { enabled: true } }, { environment }));
    expect(settings.routes.map(({ channel }) => channel.name)).toEqual(['log', 'desktop']);
    expect(faults).toMatchObject([{ part: 'notices.webhook', problem: { code: 'invalid' } }]);
    expect(faults[0]?.problem.message).toContain(words);
    expect(`${faults[0]?.problem.message} ${faults[0]?.problem.hint}`).not.toContain('secret-path');
  });

  test('take the secret from its file, which is closed to others, and from the environment before that', async () => {
    using folder = temporaryFolder();
    const secretFile = join(folder.path, 'secret');
    writeFileSync(secretFile, `${secret}\n`);
    chmodSync(secretFile, 0o644);
    const first = await outboxSettings(parts({ webhook: { url, secretFile } }));
    expect(first.faults).toEqual([]);
    expect(statSync(secretFile).mode & 0o777).toBe(0o600);
    writeFileSync(secretFile, 'broken');
    const environment = { STINT_WEBHOOK_SECRET: secret };
    expect((await outboxSettings(parts({ webhook: { url, secretFile } }, { environment }))).faults).toEqual([]);
  });
});

describe('the daemon’s outbox', () => {
  test('writes notices into the log, audits each telling, and answers the operations', async () => {
    await using rig = await openRig();
    const { outbox, store, told, lines, entries } = rig;
    const { settings } = await outboxSettings({ ...parts({}), log: rig.log });
    outbox.configure(settings);
    outbox.start();
    await store.addNotices([exhausted]);
    outbox.wake();
    await told(1);
    expect(lines).toMatchObject([
      { message: 'notice', properties: { kind: 'pool-exhausted', title: 'Pool anthropic is exhausted' } },
    ]);
    expect(entries).toEqual([
      {
        kind: 'notice.told',
        surface: 'daemon',
        actor: 'stint',
        subject: 'anthropic',
        outcome: 'done',
        detail: 'pool-exhausted on log',
      },
    ]);
    const port = noticesPort(outbox, store);
    expect(port.channels()).toEqual(['log']);
    expect(await port.recent(9)).toMatchObject([{ notice: exhausted, deliveries: [{ channel: 'log', attempts: 1 }] }]);
    await port.test('log');
    expect(lines.at(-1)).toMatchObject({ properties: { kind: 'test' } });
    await expect(port.test('desktop')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('posts to a webhook, and says in log and trail when that gives up', async () => {
    await using rig = await openRig();
    const statuses = [204, 410];
    const bodies: unknown[] = [];
    await using server = Object.assign(
      Bun.serve({
        port: 0,
        development: false,
        fetch: async (request) => {
          bodies.push(await request.json());
          return new Response(null, { status: statuses.shift() ?? 500 });
        },
      }),
      { [Symbol.asyncDispose]: () => server.stop(true) },
    );
    const { settings } = await outboxSettings({
      ...parts({ webhook: { url: server.url.href } }, { environment: { STINT_WEBHOOK_SECRET: secret } }),
      log: rig.log,
    });
    rig.outbox.configure({ ...settings, routes: settings.routes.filter(({ channel }) => channel.name === 'webhook') });
    rig.outbox.start();
    await rig.store.addNotices([exhausted, { ...exhausted, id: 'other', thread: 'other' }]);
    rig.outbox.wake();
    await rig.told(2);
    expect(bodies).toMatchObject([{ type: 'stint.pool-exhausted' }, { data: { id: 'other' } }]);
    expect(rig.entries.map(({ outcome, detail }) => [outcome, detail])).toEqual([
      ['done', 'pool-exhausted on webhook'],
      ['unavailable', `pool-exhausted on webhook: ${server.url.host} answered 410: it wants no notices any more.`],
    ]);
    expect(rig.lines.map(({ message }) => message)).toEqual(['notices not told', 'notice given-up']);
  });

  test('tells after quiet hours only what still holds', async () => {
    await using rig = await openRig();
    const { outbox, book, store } = rig;
    await addAccount(book, buildAccount('a'));
    await addAccount(book, buildAccount('b', { standing: 'needs-login', standingReason: 'revoked' }));
    const state = book.state.accounts.get(idOf('a'));
    if (state === undefined) throw new Error('no account');
    book.state.renamed.set(idOf('old'), { state, inFlight: 0 });
    book.setLimit(state, undefined, buildLimit({ until: 10 * hourMs, observedAt: 0 }));
    const account = (id: string, kind: Notice['kind'], facts: Notice['facts']): Notice => ({
      ...exhausted,
      id,
      kind,
      thread: id,
      facts,
    });
    await store.addNotices([
      exhausted,
      account('closed', 'account-limited', { account: idOf('a'), window: 'five_hour' }),
      account('open', 'account-limited', { account: idOf('a'), window: 'seven_day' }),
      account('renamed', 'account-limited', { account: idOf('old'), window: 'five_hour' }),
      account('removed', 'account-limited', { account: idOf('gone'), window: 'seven_day' }),
      account('mended', 'account-needs-login', { account: idOf('a') }),
      account('refused', 'account-needs-login', { account: idOf('b') }),
      account('recovered', 'pool-recovered', { pool: labelFrom('anthropic') }),
    ]);
    const told: string[] = [];
    const telegram: Channel = {
      name: 'telegram',
      tell: async ({ id }) => {
        told.push(id);
        return null;
      },
    };
    const notices = { quiet: { from: '00:00', to: '07:00', timeZone: 'UTC' }, telegram: { kinds: noticeKinds } };
    const { settings } = await outboxSettings({ ...parts(notices, { telegram }), log: rig.log });
    outbox.configure(settings);
    outbox.start();
    await rig.told(8);
    expect(told).toEqual([]);
    rig.now = 7 * hourMs;
    outbox.wake();
    await rig.told(8 + 4);
    await outbox.stop();
    expect(told.toSorted()).toEqual(['closed', 'recovered', 'refused', 'renamed']);
  });
});

const exhausted: Notice = {
  id: 'e1:exhausted',
  kind: 'pool-exhausted',
  thread: 'episode:e1',
  at: 0,
  facts: { pool: labelFrom('anthropic') },
};

async function openRig() {
  const folder = temporaryFolder();
  const opened = await openBook({ path: join(folder.path, 'book.db') });
  const store = await openStore(join(folder.path, 'notices.db'), { now: 0 });
  const { lines, log } = fakeLog();
  const entries: AuditEntry[] = [];
  let waiting: { readonly at: number; readonly done: () => void }[] = [];
  const audit = async (entry: AuditEntry): Promise<void> => {
    entries.push(entry);
    for (const each of waiting) if (each.at <= entries.length) each.done();
    waiting = waiting.filter((each) => each.at > entries.length);
  };
  const outbox = openOutbox({ store, book: opened.book, log, audit, findJob: () => undefined });
  return {
    outbox,
    store,
    book: opened.book,
    lines,
    log,
    entries,
    /** Resolves when the trail has so many records. */
    told: (at: number): Promise<void> =>
      at <= entries.length ? Promise.resolve() : new Promise((done) => void waiting.push({ at, done })),
    set now(value: number) {
      opened.now = value;
    },
    [Symbol.asyncDispose]: async () => {
      await outbox.stop();
      await store.close();
      await opened[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
