import { join } from 'node:path';
import { agents } from '../agents/registry.ts';
import type { ConfigEvent } from '../config/live-config.ts';
import { createMcpHttp } from '../surfaces/mcp/http.ts';
import { tellConfig, type ConfigWitness } from './config-events.ts';
import { openSettings } from './settings.ts';
import { Credentials } from '../book/credentials.ts';
import { UsagePoller } from '../book/usage.ts';
import { openConfig } from '../config/live-config.ts';
import type { Overrides } from '../config/overrides.ts';
import { secondMs } from '../core/time.ts';
import { Gateway } from '../gateway/gateway.ts';
import { proxyRulesOf } from '../gateway/socket/proxy.ts';
import { prepareControlSocket } from '../home/control-socket.ts';
import { writeDaemonFile, type DaemonFile } from '../home/daemon-file.ts';
import { openHome, openPrivateFolder } from '../home/open-home.ts';
import { ensureToken } from '../home/token.ts';
import { readLines } from '../log/read-lines.ts';
import { operations } from '../operations/registry.ts';
import { providers } from '../providers/registry.ts';
import { checkDaemon } from './check.ts';
import { operationContext } from './context.ts';
import { Control } from './control.ts';
import { gatewaySettings } from './gateway-settings.ts';
import { listen } from './listen.ts';
import { gatewayLog, tellCredentials, tellUsage } from './log-events.ts';
import { openNetwork, type Network } from './network.ts';
import { openState, type State, type StateOptions } from './open-state.ts';

export type DaemonOptions = Overrides &
  StateOptions & {
    readonly home: string;
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
  // Nothing is told before the state is open.
  let witness: ConfigWitness | undefined;
  const tell = (event: ConfigEvent): void => (witness === undefined ? undefined : tellConfig(witness, event));
  const live = opened.adopt(await openConfig({ path: home.config, overrides: options, tell }), (each) => each.stop());
  const config = live.current();
  const network = await openNetwork(config, options.environment['NODE_EXTRA_CA_CERTS']);
  const { log, vault, store, book, trail } = await openState(opened, { options, home, config });
  witness = { log, clock: book.clock, addNotices: (notices) => book.addNotices(notices) };
  opened.defer(() => live.stop());
  live.onChange('log', ({ log: { level } }) => log.setLevel(level));
  book.probesClosed = config.gateway.probeClosed;
  live.onChange('gateway', ({ gateway: { probeClosed } }) => void (book.probesClosed = probeClosed));
  const credentials = openCredentials(opened, { book, vault, network, log });
  const gateway = new Gateway({
    book,
    credentials,
    providers,
    settings: gatewaySettings(() => live.current(), network),
    log: gatewayLog(log),
    random: Math.random,
    proxy: proxyRulesOf(options.environment),
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
    graceSeconds: live.current().gateway.stopGraceSeconds,
    degraded: book.journal.degraded,
    setAside: store.setAside,
  });
  const context = operationContext({
    book,
    vault,
    providers,
    agents,
    audit: (entry) => {
      log.info('changed', entry);
      return trail.append(entry);
    },
    trail: {
      lastId: () => trail.lastId,
      read: (query) => trail.read(query),
      watch: (after, signal) => trail.watch(after, signal),
    },
    ...notYet,
    settings: openSettings(live),
    renewalFailure: (account) => credentials.failureOf(account),
    get holdMs() {
      return live.current().gateway.holdSeconds * secondMs;
    },
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
          hasLogin: (provider, folder) => context.profiles.hasLogin(provider, folder),
        }),
      readLog: (from) => readLines(home.log, from),
    },
  });
  const token = await ensureToken(home);
  const mcp = createMcpHttp({ operations, context, version: options.version, bug: log.bug });
  const control = opened.adopt(
    new Control({ operations, context, version: options.version, token, bug: log.bug, mcp }),
    (each) => each.stop(),
  );
  // Before the listener, which waits for what is being answered.
  opened.defer(() => mcp.close());
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

/** Logins that renew themselves, and the poller of what their usage endpoints say. */
function openCredentials(
  opened: AsyncDisposableStack,
  { book, vault, network, log }: Pick<State, 'book' | 'vault' | 'log'> & { readonly network: Network },
): Credentials {
  const shared = { book, providers, fetch: network.fetch, random: Math.random };
  const credentials = opened.adopt(
    new Credentials({ ...shared, secrets: vault, tell: (event) => tellCredentials(log, event) }),
    (each) => each.stop(),
  );
  const poller = opened.adopt(
    new UsagePoller({ ...shared, credentials, tell: (event) => tellUsage(log, event), bug: log.bug }),
    (each) => each.stop(),
  );
  poller.start();
  return credentials;
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

const missing = (): never => {
  throw new Error('not wired');
};
const notYet = {
  tokens: { rotate: missing, link: missing },
  notices: { recent: () => Promise.resolve([]), channels: () => [], test: missing },
  settings: {
    file: '',
    list: () => [],
    set: missing,
    check: () => Promise.resolve([]),
    pendingRestart: () => [],
    refused: () => [],
  },
  authResets: { run: missing, canVerify: () => true },
};
