import type { Book } from '../book/book.ts';
import type { AccountState } from '../book/state.ts';
import { mendOf } from '../core/account/mend.ts';
import type { Account } from '../core/account/account.ts';
import type { ProviderId } from '../core/ids.ts';
import { travelsInClear } from '../lib/loopback.ts';
import type { Finding } from '../operations/shape.ts';
import type { Provider } from '../providers/provider.ts';
import type { Vault } from '../vault/open-vault.ts';
import { describeNetworkError } from '../lib/network-error.ts';
import { proxyOf, type ProxyRules } from '../gateway/socket/proxy.ts';
import type { Network } from './network.ts';

const reachTimeoutMs = 5000;

export type CheckDeps = {
  readonly book: Book;
  readonly vault: Vault;
  readonly providers: ReadonlyMap<ProviderId, Provider>;
  readonly network: Network;
  readonly proxies: ProxyRules;
  /** Whether the directory of an account that is used by its own CLI holds a login. */
  readonly hasLogin: (provider: ProviderId, folder: string) => Promise<boolean>;
  readonly setAside: string | null;
};

/** Looks at what only the daemon can see. Spends no quota: an upstream is asked for its head, without a credential. */
export async function checkDaemon(deps: CheckDeps): Promise<readonly Finding[]> {
  const accounts = [...deps.book.state.accounts.values()];
  const credentials = await Promise.all(accounts.map(({ account }) => checkCredential(deps, account)));
  return [
    checkStore(deps),
    ...accounts.flatMap((each, index) => [...credentials.slice(index, index + 1), ...checkTransport(each)]),
    ...(await checkUpstreams(deps, accounts)),
  ];
}

function checkStore({ book, setAside }: CheckDeps): Finding {
  const { degraded } = book.journal;
  if (degraded !== null) {
    return {
      check: 'store',
      ok: false,
      detail: `cannot be written: ${degraded.reason}`,
      hint: 'Make room on the disk; what is missing is written then.',
    };
  }
  if (setAside !== null) {
    return {
      check: 'store',
      ok: false,
      detail: `a damaged database was moved to ${setAside}`,
      hint: 'Accounts that are missing: stint account add',
    };
  }
  return { check: 'store', ok: true, detail: 'SQLite', hint: null };
}

async function checkCredential(deps: CheckDeps, account: Account): Promise<Finding> {
  if (account.profile === null) return checkSecret(deps, account);
  const check = `login: ${account.id}`;
  if (await deps.hasLogin(account.provider, account.profile))
    return { check, ok: true, detail: `is in ${account.profile}`, hint: null };
  return { check, ok: false, detail: `is not in ${account.profile}`, hint: mendOf(account) };
}

function checkSecret({ vault }: CheckDeps, account: Account): Finding {
  const check = `vault: ${account.id}`;
  if (vault.read(account.id) !== undefined)
    return { check, ok: true, detail: `has its ${account.credential}`, hint: null };
  const hint = `stint account add ${account.provider} ${account.label} --replace`;
  return { check, ok: false, detail: 'has no secret of this account', hint };
}

function checkTransport({ account }: AccountState): Finding[] {
  if (account.baseUrl === null || !travelsInClear(account.baseUrl)) return [];
  return [
    {
      check: `base URL: ${account.id}`,
      ok: false,
      detail: `its secret travels unencrypted to ${new URL(account.baseUrl).host}`,
      hint: `Use https:// where you can: stint account add ${account.provider} ${account.label} --replace --base-url https://...`,
    },
  ];
}

async function checkUpstreams(deps: CheckDeps, accounts: readonly AccountState[]): Promise<Finding[]> {
  const { providers } = deps;
  const ours = accounts.map(
    ({ account }) => account.baseUrl ?? providers.get(account.provider)?.baseUrl(account.credential),
  );
  const urls = new Set(ours.filter((url) => url !== undefined));
  return Promise.all([...urls].map((url) => checkUpstream(deps, url)));
}

async function checkUpstream({ network, proxies }: CheckDeps, url: string): Promise<Finding> {
  const check = `upstream: ${new URL(url).host}`;
  // Its address alone: its user and password are secrets.
  const proxy = proxyOf(new URL(url), proxies)?.host;
  const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  try {
    const { status } = await network.fetch(url, {
      method: 'HEAD',
      signal: AbortSignal.timeout(reachTimeoutMs),
    });
    return { check, ok: true, detail: `answers${through} (HTTP ${status})`, hint: null };
  } catch (error) {
    const detail = `cannot be reached${through}: ${describeNetworkError(error)}`;
    return { check, ok: false, detail, hint: networkHint(detail, proxy) };
  }
}

function networkHint(detail: string, proxy: string | undefined): string {
  if (detail.includes('not trusted')) {
    return 'Something opens TLS on the way: give its certificate as network.caFile in config.toml or as NODE_EXTRA_CA_CERTS.';
  }
  return proxy === undefined
    ? 'Check the network and the account’s base URL; behind a proxy, set HTTPS_PROXY and restart with: stint down && stint up'
    : 'Check HTTPS_PROXY and NO_PROXY, then restart with: stint down && stint up';
}
