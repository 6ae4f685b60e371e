// What a login must do whatever its vendor: the same cases against each simulator, through a gateway's own parts.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBook, type OpenedBook } from '../../test/book-rig.ts';
import { buildAccount, buildPool, captured, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Account } from '../core/account/account.ts';
import { accountId, asProviderId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import { Problem } from '../core/problem.ts';
import { providers } from '../providers/registry.ts';
import { startAnthropicSimulator } from '../simulator/anthropic/simulator.ts';
import { startOpenAiSimulator } from '../simulator/openai/simulator.ts';
import { openVault, type Vault } from '../vault/open-vault.ts';
import { Credentials } from './credentials.ts';
import { addAccount, savePool } from './roster.ts';
import { UsagePoller } from './usage.ts';

const hour = 3_600_000;
const lifetimeMs = 200 * hour;

/** The simulator of a vendor with one login, by what differs. */
type Vendor = {
  readonly url: string;
  readonly requests: readonly { readonly path: string }[];
  readonly tokenPath: string;
  /** The file that the vendor's CLI keeps, as its login is at the start. */
  readonly file: string;
  die(): void;
  /** Uses the five-hour window up, or empties it again. */
  use(used: 'all' | 0): void;
  /** Whether extra money serves a window that is used up. */
  payExtra(): void;
  stop(): void;
};

const vendors: Readonly<Record<string, (now: () => number) => Vendor>> = {
  anthropic(now) {
    const secret = 'sk-ant-oat01-test-login';
    const login = { refreshToken: 'sk-ant-ort01-test-login', lifetimeMs };
    const windows = [{ name: 'five_hour', limit: 10 } as const];
    const simulator = startAnthropicSimulator({
      now,
      scenario: { credentials: [{ name: 'a', secret, login, windows }] },
    });
    const { refreshToken } = login;
    const scopes = ['user:inference', 'user:profile'];
    const oauth = { accessToken: secret, refreshToken, expiresAt: now() + lifetimeMs, scopes };
    return {
      url: simulator.url,
      requests: simulator.requests,
      tokenPath: '/v1/oauth/token',
      file: JSON.stringify({ claudeAiOauth: oauth }),
      die: () => simulator.changeCredential('a', { login: { dead: true } }),
      use: (used) => simulator.changeCredential('a', { windows: [{ name: 'five_hour', used }] }),
      payExtra: () => simulator.changeCredential('a', { overage: 'allowed' }),
      stop: () => simulator.stop(),
    };
  },
  openai(now) {
    const windows = [{ name: 'primary', limit: 10 } as const];
    const simulator = startOpenAiSimulator({
      now,
      scenario: { credentials: [{ kind: 'plan', name: 'a', accountId: 'acct-a', lifetimeMs, windows }] },
    });
    const { accessToken, refreshToken, idToken, accountId: id } = simulator.login('a');
    const tokens = { id_token: idToken, access_token: accessToken, refresh_token: refreshToken, account_id: id };
    return {
      url: simulator.url,
      requests: simulator.requests,
      tokenPath: '/oauth/token',
      file: JSON.stringify({ auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens }),
      die: () => simulator.changeCredential('a', { login: 'dead' }),
      use: (used) => simulator.changeCredential('a', { windows: [{ name: 'primary', used }] }),
      payExtra: () => simulator.changeCredential('a', { credits: 'some' }),
      stop: () => simulator.stop(),
    };
  },
};

type Rig = AsyncDisposable & {
  readonly opened: OpenedBook;
  readonly vendor: Vendor;
  readonly account: Account;
  readonly vault: Vault;
  readonly credentials: Credentials;
  renewals(): number;
  poll(): Promise<void>;
};

/** The account `a` of a vendor with the login that its CLI had, alone in a pool that takes overage last. */
async function openRig(name: string, behindMs = 0): Promise<Rig> {
  const folder = temporaryFolder();
  const opened = await openBook({ path: join(folder.path, 'stint.db'), now: captured });
  const { book } = opened;
  const provider = asProviderId(name);
  const adapter = providers.get(provider);
  const vendor = vendors[name]?.(() => opened.now - behindMs);
  if (adapter?.adoption?.kind !== 'file' || vendor === undefined) throw new Error(`${name} has no logins`);
  const read = adapter.adoption.read(vendor.file);
  if (read instanceof Problem) throw read;
  const credential = adapter.recognise(read.secret);
  if (credential instanceof Problem) throw credential;
  const id = accountId(provider, labelFrom('a'));
  const account = buildAccount('a', { id, provider, credential, baseUrl: vendor.url });
  const vault = await openVault(join(folder.path, 'vault.json'));
  await vault.write(id, read.secret);
  await addAccount(book, account);
  await savePool(book, buildPool([id], { name: labelFrom(name), provider, overage: 'last' }));
  const bug = (error: unknown): never => {
    throw error;
  };
  const deps = { book, providers, fetch, random: () => 0, tell: () => undefined };
  const credentials = new Credentials({ ...deps, secrets: vault });
  const poller = new UsagePoller({ ...deps, credentials, bug });
  return {
    opened,
    vendor,
    account,
    vault,
    credentials,
    renewals: () => vendor.requests.filter(({ path }) => path === vendor.tokenPath).length,
    poll: () => poller.poll(),
    [Symbol.asyncDispose]: async () => {
      poller.stop();
      await credentials.stop();
      await opened[Symbol.asyncDispose]();
      vendor.stop();
      folder[Symbol.dispose]();
    },
  };
}

describe.each(Object.keys(vendors))('a login of %s', (name) => {
  test('that has ended is renewed once for fifty, and again with the refresh token that this gave', async () => {
    await using rig = await openRig(name);
    const { credentials, account, opened } = rig;
    const first = await credentials.current(account);
    for (const renewals of [1, 2]) {
      opened.now += lifetimeMs;
      const all = await Promise.all(Array.from({ length: 50 }, () => credentials.current(account)));
      const secrets = new Set(all.map((each) => each?.secret));
      expect(secrets.size).toBe(1);
      expect(secrets).not.toContain(first?.secret);
      expect(rig.renewals()).toBe(renewals);
    }
    expect(opened.book.account(account.id).account.standing).toBe('enabled');
  });

  test('of a vendor whose clock is far behind ours is renewed once, and then taken as good', async () => {
    await using rig = await openRig(name, 2 * lifetimeMs);
    for (let each = 0; each < 20; each += 1) {
      rig.opened.now += 60_000;
      await rig.credentials.current(rig.account);
    }
    expect(rig.renewals()).toBe(1);
  });

  test('that is over closes its account without a token in what is told', async () => {
    await using rig = await openRig(name);
    rig.vendor.die();
    rig.opened.now += lifetimeMs;
    const before = rig.vault.read(rig.account.id) ?? '';
    await rig.credentials.current(rig.account);
    const { account } = rig.opened.book.account(rig.account.id);
    expect(account.standing).toBe('needs-login');
    expect(rig.opened.events.map(({ kind }) => kind)).toContain('needs-login');
    for (const token of before.match(/[\w.-]{16,}/g) ?? []) expect(account.standingReason).not.toContain(token);
  });

  test('that is closed for long is freed by an early reset, and the episode ends', async () => {
    await using rig = await openRig(name);
    rig.vendor.use('all');
    await close(rig);
    rig.opened.now += 16 * 60_000;
    await rig.poll();
    expect(kindsOf(rig)).toEqual(['closed', 'exhausted']);
    rig.vendor.use(0);
    rig.opened.now += 16 * 60_000;
    await rig.poll();
    expect(kindsOf(rig)).toEqual(['closed', 'exhausted', 'opened', 'recovered']);
  });

  test('that is closed for long serves as overage once somebody pays for that', async () => {
    await using rig = await openRig(name);
    rig.vendor.use('all');
    await close(rig);
    rig.vendor.payExtra();
    rig.opened.now += 16 * 60_000;
    await rig.poll();
    const limits = [...rig.opened.book.account(rig.account.id).limits.values()];
    const inForce = limits.filter(({ until }) => until > rig.opened.now);
    expect(inForce.map(({ window, overage }) => [window, overage])).toEqual([['five_hour', true]]);
    expect(kindsOf(rig)).toContain('recovered');
  });
});

function kindsOf({ opened }: Rig): string[] {
  return opened.events.map(({ kind }) => kind);
}

async function close({ opened, account }: Rig): Promise<void> {
  const until = opened.now + 5 * hour;
  const signal: Signal = { kind: 'closed', window: 'five_hour', family: null, overage: false, until, evidence: 'full' };
  await opened.book.observe({ account: account.id, model: null, sentAt: opened.now, signals: [signal], served: false });
}
