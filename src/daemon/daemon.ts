import { join } from 'node:path';
import { agents } from '../agents/registry.ts';
import { Book } from '../book/book.ts';
import { forgetOld } from '../book/forget.ts';
import { saveAccount } from '../book/roster.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/config-schema.ts';
import { applyOverrides, type Overrides } from '../config/overrides.ts';
import { secondMs } from '../core/time.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { Credentials } from '../gateway/ports.ts';
import { proxyRulesOf } from '../gateway/socket/proxy.ts';
import { claimHome } from '../home/claim-home.ts';
import { prepareControlSocket } from '../home/control-socket.ts';
import { writeDaemonFile, type DaemonFile } from '../home/daemon-file.ts';
import { openHome, openPrivateFolder, type Home } from '../home/open-home.ts';
import { ensureToken } from '../home/token.ts';
import { openLog, type Log } from '../log/log.ts';
import { readLines } from '../log/read-lines.ts';
import { operations } from '../operations/registry.ts';
import { providers } from '../providers/registry.ts';
import { openStore, type Store } from '../store/open-store.ts';
import { openVault, type Vault } from '../vault/open-vault.ts';
import { checkDaemon } from './check.ts';
import { operationContext } from './context.ts';
import { Control } from './control.ts';
import { everyHour } from './every-hour.ts';
import { gatewaySettings } from './gateway-settings.ts';
import { listen } from './listen.ts';
import { gatewayLog, tellBook } from './log-events.ts';
import { openNetwork } from './network.ts';

export type DaemonOptions = Overrides & {
  readonly home: string;
  readonly version: string;
  readonly pid: number;
  /** Asked when the vault's key is behind a passphrase. */
  readonly passphrase: () => Promise<string>;
  /** The user's own: proxies and certificates. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** A daemon that serves. It ends after `stop`, which an operation can call as well. */
export type RunningDaemon = {
  readonly file: DaemonFile;
  readonly folder: string;
  /** Where a damaged database was put. */
  readonly setAside: string | null;
  readonly stop: () => void;
  /** Resolves when everything has ended. */
  readonly ended: Promise<void>;
};

/** Opens a home and serves from it. Throws a Problem, with everything that was opened closed again, when it cannot. */
export async function startDaemon(options: DaemonOptions): Promise<RunningDaemon> {
  const startedAt = Date.now();
  await using opened = new AsyncDisposableStack();
  const home = await openHome(options.home);
  const config = applyOverrides(await loadConfig(home.config), options);
  const network = await openNetwork(config, options.environment['NODE_EXTRA_CA_CERTS']);
  const { log, vault, store, book } = await openState(opened, { options, home, config });
  const gateway = new Gateway({
    book,
    credentials: vaultCredentials(vault),
    providers,
    settings: gatewaySettings(config, network),
    log: gatewayLog(log),
    random: Math.random,
  });
  const controlSocket = await prepareControlSocket(home);
  // The ports are known once both listen.
  const file: DaemonFile = {
    pid: options.pid,
    version: options.version,
    startedAt,
    controlPort: 0,
    agentPort: 0,
    controlSocket,
  };
  const { promise: stopAsked, resolve: stop } = Promise.withResolvers<void>();
  const describe = () => ({
    ...file,
    home: home.folder,
    activeRequests: gateway.active,
    graceSeconds: config.gateway.stopGraceSeconds,
    degraded: book.journal.degraded,
    setAside: store.setAside,
  });
  const context = operationContext({
    book,
    vault,
    providers,
    agents,
    audit: (record) => log.info('changed', record),
    holdMs: config.gateway.holdSeconds * secondMs,
    gatewayUrl: () => `http://${urlHost(config.agent.host)}:${file.agentPort}`,
    agentFolder: async (agent) => {
      const folder = join(home.agents, agent);
      await openPrivateFolder(folder);
      return folder;
    },
    daemon: {
      describe,
      stop,
      check: () =>
        checkDaemon({
          book,
          vault,
          providers,
          network,
          proxies: proxyRulesOf(options.environment),
          setAside: store.setAside,
        }),
      readLog: (from) => readLines(home.log, from),
    },
  });
  const token = await ensureToken(home);
  const control = opened.adopt(
    new Control({ operations, context, version: options.version, token, bug: log.bug }),
    (each) => each.stop(),
  );
  // The gateway stops first: while open streams get their time, the control API still says so.
  opened.adopt(gateway, (each) => each.stop());
  const agentAddress = { hostname: config.agent.host, port: config.agent.port };
  file.agentPort = listen({ name: 'agent', ...agentAddress }, () => gateway.start(agentAddress));
  file.controlPort = await control.start({
    hostname: config.control.host,
    port: config.control.port,
    socket: controlSocket,
  });
  await writeDaemonFile(home, file);
  if (store.setAside !== null) log.warning('damaged database set aside', { path: store.setAside });
  log.info('started', { ...file });

  const resources = opened.move();
  const ended = stopAsked.then(async () => {
    log.info('stopping', { activeRequests: gateway.active });
    await resources.disposeAsync();
  });
  return { file, folder: home.folder, setAside: store.setAside, stop, ended };
}

function vaultCredentials(vault: Vault): Credentials {
  return {
    current: ({ id, provider, credential }) => {
      const secret = vault.read(id);
      return secret === undefined ? undefined : providers.get(provider)?.open(credential, secret).credential;
    },
    renew: () => Promise.resolve('fixed'),
  };
}

type State = { readonly log: Log; readonly vault: Vault; readonly store: Store; readonly book: Book };

/** Claims the home and opens what it remembers. */
async function openState(
  opened: AsyncDisposableStack,
  { options, home, config }: { options: DaemonOptions; home: Home; config: Config },
): Promise<State> {
  const clock = Date.now;
  opened.adopt(await claimHome(home, { pid: options.pid, version: options.version, now: clock() }), (claim) =>
    claim.release(),
  );
  const log = opened.adopt(openLog({ path: home.log, level: config.log.level }), (each) => each.close());
  const vault = await openVault(home.vault, { keySource: config.vault.key, passphrase: options.passphrase });
  const store = opened.adopt(await openStore(home.database, { now: clock() }), (each) => each.close());
  const book = opened.adopt(await Book.open({ store, clock, tell: (event) => tellBook(log, event) }), (each) =>
    each.stop(),
  );
  opened.adopt(
    everyHour(clock, () => void forgetOld(book).catch(log.bug)),
    (each) => each.stop(),
  );
  await closeWithoutSecret(book, vault);
  return { log, vault, store, book };
}

/** An account whose secret is gone could only fail: `status` is to say so before the first request does. */
async function closeWithoutSecret(book: Book, vault: Vault): Promise<void> {
  for (const { account } of book.state.accounts.values()) {
    if (account.standing !== 'enabled' || vault.read(account.id) !== undefined) continue;
    await saveAccount(book, { ...account, standing: 'needs-login', standingReason: 'the vault has no secret of it' });
  }
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
