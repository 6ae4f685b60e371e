// Logins against the simulator's token endpoint, with a vault and a store on disk, on a clock that only the test moves.
import { describe, expect, jest, test } from 'bun:test';
import { existsSync, renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, captured, idOf, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Account } from '../core/account/account.ts';
import type { EpochMs } from '../core/time.ts';
import type { Credential } from '../providers/provider.ts';
import { providers } from '../providers/registry.ts';
import type { CredentialChange } from '../simulator/anthropic/scenario.ts';
import { startAnthropicSimulator, type Simulator } from '../simulator/anthropic/simulator.ts';
import { openVault, type Vault } from '../vault/open-vault.ts';
import { Credentials, type CredentialEvent } from './credentials.ts';
import { renameAccount } from './rename.ts';
import { addAccount, clearAccount, replaceAccount } from './roster.ts';

const hour = 3_600_000;
const minute = 60_000;
const access = 'sk-ant-oat01-test-access';
const refresh = 'sk-ant-ort01-test-refresh';
const tokenPath = '/v1/oauth/token';

type Rig = AsyncDisposable & {
  readonly folder: string;
  readonly opened: OpenedBook;
  readonly vault: Vault;
  readonly simulator: Simulator;
  readonly credentials: Credentials;
  readonly events: CredentialEvent[];
  readonly account: Account;
  /** How often the token endpoint was asked. */
  asked(): number;
  change(change: CredentialChange): void;
  advance(byMs: number): void;
  /** What the token endpoint answers arrives only when this resolves. */
  holdReplies(): PromiseWithResolvers<void>;
};

/** Account `a` with a login that ends in an hour. */
async function openRig(secret: Record<string, unknown> = {}): Promise<Rig> {
  const folder = temporaryFolder();
  const opened = await openBook({ path: join(folder.path, 'stint.db'), now: captured });
  await mkdir(join(folder.path, 'vault'));
  const vault = await openVault(join(folder.path, 'vault/vault.json'));
  const simulator = startAnthropicSimulator({
    now: () => opened.now,
    scenario: {
      credentials: [{ name: 'a', secret: access, login: { refreshToken: refresh, lifetimeMs: hour } }],
    },
  });
  const account = buildAccount('a', { credential: 'login', baseUrl: `${simulator.url}/prefix` });
  await vault.write(account.id, storedLogin(captured + hour, secret));
  await addAccount(opened.book, account);
  const events: CredentialEvent[] = [];
  let reply: Promise<void> | undefined;
  const credentials = new Credentials({
    book: opened.book,
    secrets: vault,
    providers,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      await reply;
      return response;
    },
    random: () => 0,
    tell: (event) => events.push(event),
  });
  return {
    folder: folder.path,
    opened,
    vault,
    simulator,
    credentials,
    events,
    account,
    asked: () => simulator.requests.filter(({ path }) => path === tokenPath).length,
    change: (change) => simulator.changeCredential('a', change),
    advance: (byMs) => void (opened.now += byMs),
    holdReplies: () => {
      const held = Promise.withResolvers<void>();
      reply = held.promise;
      return held;
    },
    [Symbol.asyncDispose]: async () => {
      await credentials.stop();
      await opened[Symbol.asyncDispose]();
      simulator.stop();
      folder[Symbol.dispose]();
    },
  };
}

function storedLogin(expiresAt: EpochMs, more: Record<string, unknown> = {}): string {
  const scopes = ['user:inference', 'user:profile'];
  return JSON.stringify({ accessToken: access, refreshToken: refresh, expiresAt, scopes, ...more });
}

function credentialOf(secret: string): Credential {
  return { kind: 'login', secret, scope: {} };
}

async function currentSecret({ credentials, account }: Rig): Promise<string | undefined> {
  return (await credentials.current(account))?.secret;
}

const readVault = ({ vault }: Rig): Record<string, unknown> =>
  JSON.parse(vault.read(idOf('a')) ?? '{}') as Record<string, unknown>;

describe('a login that is good', () => {
  test('is given at once and asks nobody', async () => {
    await using rig = await openRig();
    expect(rig.credentials.current(rig.account)).toMatchObject({ kind: 'login', secret: access });
    rig.advance(hour - 5 * minute - 1);
    expect(rig.credentials.current(rig.account)).toMatchObject({ secret: access });
    expect(rig.asked()).toBe(0);
  });

  test('is renewed on the side within five minutes of its end, and the old one serves meanwhile', async () => {
    await using rig = await openRig();
    rig.advance(hour - 4 * minute);
    expect(rig.credentials.current(rig.account)).toMatchObject({ secret: access });
    await rig.credentials.stop();
    expect(rig.credentials.current(rig.account)).toMatchObject({ secret: `${access}-1` });
    expect(rig.asked()).toBe(1);
    expect(rig.events).toEqual([{ kind: 'renewed', account: rig.account.id, expiresAt: rig.opened.now + hour }]);
  });

  test('is undefined where the vault has none', async () => {
    await using rig = await openRig();
    await rig.vault.remove(rig.account.id);
    expect(rig.credentials.current(rig.account)).toBeUndefined();
    expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('fixed');
  });
});

describe('a login that has ended', () => {
  test('is renewed by one request for fifty that need it, and is in the vault before any of them has it', async () => {
    await using rig = await openRig();
    rig.advance(hour - minute);
    const inVault: unknown[] = [];
    const secrets = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const secret = await currentSecret(rig);
        inVault.push(readVault(rig)['accessToken']);
        return secret;
      }),
    );
    expect(new Set(secrets)).toEqual(new Set([`${access}-1`]));
    expect(new Set(inVault)).toEqual(new Set([`${access}-1`]));
    expect(rig.asked()).toBe(1);
    const reopened = await openVault(join(rig.folder, 'vault/vault.json'));
    expect(reopened.read(rig.account.id)).toBe(rig.vault.read(rig.account.id) ?? '');
    expect(readVault(rig)).toMatchObject({ refreshToken: `${refresh}-1`, expiresAt: rig.opened.now + hour });
  });

  test('goes on serving the old one where the token endpoint fails, which is asked less and less often', async () => {
    await using rig = await openRig();
    rig.simulator.inject({ kind: 'unavailable', path: tokenPath, times: 'always' });
    rig.advance(hour);
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      const before = rig.asked();
      expect(await currentSecret(rig)).toBe(access);
      for (let each = 0; each < 20; each += 1)
        expect(rig.credentials.current(rig.account)).toMatchObject({ secret: access });
      expect(rig.asked()).toBe(before + 1);
      expect(rig.events.at(-1)).toMatchObject({ kind: 'not-renewed', retryAt: rig.opened.now + pauseMs });
      rig.advance(pauseMs - 1);
      expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('failed');
      expect(rig.asked()).toBe(before + 1);
      rig.advance(1);
    }
    expect(rig.opened.book.account(rig.account.id).account.standing).toBe('enabled');
    rig.simulator.clearFaults();
    expect(await currentSecret(rig)).toBe(`${access}-1`);
  });
});

test('a login that never lasts long is renewed in the last quarter of its life, and not by every request', async () => {
  await using rig = await openRig();
  rig.change({ login: { lifetimeMs: 80_000 } });
  rig.advance(hour);
  await currentSecret(rig);
  rig.advance(59_000);
  for (let each = 0; each < 20; each += 1) expect(await currentSecret(rig)).toBe(`${access}-1`);
  expect(rig.asked()).toBe(1);
  rig.advance(2000);
  expect(await currentSecret(rig)).toBe(`${access}-2`);
  expect(rig.asked()).toBe(2);
});

describe('a refused credential', () => {
  test('is renewed once for a storm of refusals, and not at all for one that is older than the current', async () => {
    await using rig = await openRig();
    rig.change({ login: { ended: true } });
    const storm = Array.from({ length: 50 }, () => rig.credentials.renew(rig.account, credentialOf(access)));
    expect(new Set(await Promise.all(storm))).toEqual(new Set(['renewed']));
    expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('renewed');
    expect(rig.asked()).toBe(1);
    expect(await rig.credentials.renew(rig.account, credentialOf(`${access}-1`))).toBe('renewed');
    expect(rig.asked()).toBe(2);
  });

  test('cannot be renewed without a refresh token', async () => {
    await using rig = await openRig({ refreshToken: null });
    expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('fixed');
    rig.advance(2 * hour);
    expect(rig.credentials.current(rig.account)).toMatchObject({ secret: access });
    expect(rig.asked()).toBe(0);
  });

  test('closes the account when the login is over, in the provider’s words', async () => {
    await using rig = await openRig();
    rig.change({ login: { dead: true } });
    const both = [1, 2].map(() => rig.credentials.renew(rig.account, credentialOf(access)));
    expect(await Promise.all(both)).toEqual(['dead', 'dead']);
    const evidence = 'invalid_grant: Refresh token not found or invalid';
    expect(rig.opened.book.account(rig.account.id).account).toMatchObject({
      standing: 'needs-login',
      standingReason: evidence,
    });
    expect(rig.opened.events).toContainEqual({
      kind: 'needs-login',
      account: rig.account.id,
      evidence,
      mend: `stint account adopt anthropic a --replace --from <directory> --base-url ${rig.account.baseUrl}`,
    });
    expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('dead');
    expect(rig.asked()).toBe(1);
    await clearAccount(rig.opened.book, rig.account.id);
    rig.advance(1);
    expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('dead');
    expect(rig.asked()).toBe(2);
    expect(rig.opened.book.account(rig.account.id).account.standing).toBe('needs-login');
  });
});

describe('another secret that arrives during a renewal', () => {
  const replacement = 'sk-ant-oat01-test-replacement';

  test('wins over a login that was renewed', async () => {
    await using rig = await openRig();
    const reply = rig.holdReplies();
    const renewal = rig.credentials.renew(rig.account, credentialOf(access));
    await rig.simulator.nextRequest(({ path }) => path === tokenPath);
    await replace(rig, replacement);
    reply.resolve();
    expect(await renewal).toBe('renewed');
    expect(rig.vault.read(rig.account.id)).toBe(replacement);
    const { account } = rig.opened.book.account(rig.account.id);
    expect(rig.credentials.current(account)).toMatchObject({ kind: 'setup-token', secret: replacement });
  });

  test('is not given to a request that was meant for the host of the one before', async () => {
    await using rig = await openRig();
    rig.advance(hour);
    const reply = rig.holdReplies();
    const current = rig.credentials.current(rig.account);
    await rig.simulator.nextRequest(({ path }) => path === tokenPath);
    await replace(rig, replacement);
    reply.resolve();
    expect(await current).toBeUndefined();
  });

  test('is not closed by the end of the login before it', async () => {
    await using rig = await openRig();
    rig.change({ login: { dead: true } });
    const reply = rig.holdReplies();
    const renewal = rig.credentials.renew(rig.account, credentialOf(access));
    await rig.simulator.nextRequest(({ path }) => path === tokenPath);
    await replace(rig, replacement);
    reply.resolve();
    expect(await renewal).toBe('renewed');
    expect(rig.opened.book.account(rig.account.id).account.standing).toBe('enabled');
  });

  test('and is taken back leaves the renewed login in the vault', async () => {
    await using rig = await openRig();
    const staged = await rig.vault.stage(rig.account.id, replacement);
    expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('renewed');
    expect(await currentSecret(rig)).toBe(`${access}-1`);
    expect(rig.opened.book.journal.degraded?.reason).toContain('is being replaced');
    await staged.undo();
    expect(await currentSecret(rig)).toBe(`${access}-1`);
    await rig.opened.book.journal.stop();
    expect(readVault(rig)).toMatchObject({ accessToken: `${access}-1`, refreshToken: `${refresh}-1` });
    expect(rig.opened.book.journal.degraded).toBeNull();
  });

  async function replace({ opened, vault, account }: Rig, secret: string): Promise<void> {
    await replaceAccount(opened.book, { ...account, credential: 'setup-token' }, () => vault.stage(account.id, secret));
  }
});

describe('an account that is renamed while its login is renewed', () => {
  const rename = ({ opened, vault }: Rig) =>
    renameAccount(opened.book, { id: idOf('a'), label: labelFrom('z') }, async (to) => {
      await vault.copy(idOf('a'), to);
      return { done: () => vault.remove(idOf('a')), undo: () => vault.remove(to) };
    });

  test('has the renewed login under its new name, and its refresh token was used once', async () => {
    await using rig = await openRig();
    const { credentials, account, simulator, vault } = rig;
    rig.advance(hour);
    const reply = rig.holdReplies();
    const waiting = credentials.current(account);
    await simulator.nextRequest(({ path }) => path === tokenPath);
    const renamed = rename(rig);
    reply.resolve();
    expect((await waiting)?.secret).toBe(`${access}-1`);
    await renamed;
    expect(vault.names()).toEqual([idOf('z')]);
    expect(JSON.parse(vault.read(idOf('z')) ?? '{}')).toMatchObject({ refreshToken: `${refresh}-1` });
    expect(rig.asked()).toBe(1);
    // A request that is under way still knows it by the name of before.
    expect((await credentials.current(account))?.secret).toBe(`${access}-1`);
    expect(await credentials.renew(account, credentialOf(`${access}-1`))).toBe('renewed');
    expect(rig.asked()).toBe(2);
    expect(rig.opened.book.account(idOf('z')).account.standing).toBe('enabled');
  });

  test('begins no other renewal until it has its new name', async () => {
    await using rig = await openRig();
    const { book } = rig.opened;
    book.renaming.add(idOf('a'));
    expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('failed');
    expect(rig.asked()).toBe(0);
    book.renaming.delete(idOf('a'));
    expect(await rig.credentials.renew(rig.account, credentialOf(access))).toBe('renewed');
  });
});

test('a stop waits for a reply that is under way, but not for one that does not come', async () => {
  await using rig = await openRig();
  const { credentials, account, simulator } = rig;
  const reply = rig.holdReplies();
  const renewal = credentials.renew(account, credentialOf(access));
  await simulator.nextRequest(({ path }) => path === tokenPath);
  jest.useFakeTimers();
  let stopped = false;
  const stop = credentials.stop().then(() => (stopped = true));
  jest.advanceTimersByTime(3999);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  expect(stopped).toBe(false);
  jest.advanceTimersByTime(1);
  await stop;
  jest.useRealTimers();
  reply.resolve();
  expect(await renewal).toBe('renewed');
});

describe('a vault that cannot be written', () => {
  test('leaves the renewed login in use and in memory, and gets it as soon as it can be', async () => {
    await using rig = await openRig();
    const away = join(rig.folder, 'away');
    renameSync(join(rig.folder, 'vault'), away);
    rig.advance(hour);
    expect(await currentSecret(rig)).toBe(`${access}-1`);
    expect(rig.opened.book.journal.degraded?.reason).toContain('The vault');
    // The next renewal is one of the newest, not of what the vault has.
    rig.advance(hour);
    expect(await currentSecret(rig)).toBe(`${access}-2`);
    expect(readVault(rig)).toMatchObject({ accessToken: access });
    renameSync(away, join(rig.folder, 'vault'));
    await rig.opened.book.journal.stop();
    expect(rig.opened.book.journal.degraded).toBeNull();
    expect(readVault(rig)).toMatchObject({ accessToken: `${access}-2`, refreshToken: `${refresh}-2` });
    expect(await currentSecret(rig)).toBe(`${access}-2`);
    expect(existsSync(away)).toBe(false);
  });
});
