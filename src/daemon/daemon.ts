import { join, resolve } from 'node:path';
import { agents } from '../agents/registry.ts';
import type { Config } from '../config/config-schema.ts';
import type { ConfigEvent } from '../config/live-config.ts';
import { createMcpHttp } from '../surfaces/mcp/http.ts';
import { tellConfig, tellRefused, type ConfigWitness } from './config-events.ts';
import { openSettings } from './settings.ts';
import { Credentials } from '../book/credentials.ts';
import { Monitor } from '../book/monitor.ts';
import { createProber } from '../book/probe.ts';
import { UsagePoller } from '../book/usage.ts';
import { openConfig, type LiveConfig } from '../config/live-config.ts';
import type { Overrides } from '../config/overrides.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { JobId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import { Problem } from '../core/problem.ts';
import { dayMs, minuteMs, secondMs } from '../core/time.ts';
import { Gateway } from '../gateway/gateway.ts';
import { proxyRulesOf } from '../gateway/socket/proxy.ts';
import { openAgentSocket, prepareAgentSocket } from '../home/agent-socket.ts';
import { prepareControlSocket } from '../home/control-socket.ts';
import { writeDaemonFile, type DaemonFile } from '../home/daemon-file.ts';
import { openHome, openPrivateFolder } from '../home/open-home.ts';
import { readLines } from '../log/read-lines.ts';
import { protocol } from '../operations/client.ts';
import { operations } from '../operations/registry.ts';
import { providers } from '../providers/registry.ts';
import { writeAgentCa } from './agent-ca.ts';
import { openAuthResets } from './auth-resets.ts';
import { checkStartFiles } from './check-files.ts';
import { checkResets } from './check-resets.ts';
import { checkDaemon, type CheckDeps } from './check.ts';
import { operationContext } from './context.ts';
import { Control } from './control.ts';
import { gatewaySettings } from './gateway-settings.ts';
import { declaredAgents, openJobs } from './jobs.ts';
import { openJobTools, toolAccess } from './job-tools.ts';
import { listen } from './listen.ts';
import { gatewayLog, tellCredentials, tellUsage } from './log-events.ts';
import { openNetwork, type Network } from './network.ts';
import { noticesPort, openOutbox } from './notices.ts';
import { openState, type State, type StateOptions } from './open-state.ts';
import { Telling } from './telling.ts';
import { readTls, type TlsPair } from './tls-files.ts';
import { ControlTokens } from './tokens.ts';

export type DaemonOptions = Overrides &
  StateOptions & {
    readonly home: string;
    /** The user's own: proxies and certificates, tokens of channels. */
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly kill: (pid: number, signal: NodeJS.Signals) => void;
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
  const { environment, version } = options;
  await using opened = new AsyncDisposableStack();
  const home = await openHome(options.home);
  // Nothing is told before the state is open.
  let tell: (event: ConfigEvent) => void = () => undefined;
  const live = opened.adopt(
    await openConfig({ path: home.config, overrides: options, tell: (event) => tell(event) }),
    (each) => each.stop(),
  );
  const config = live.current();
  const network = await openNetwork(config, environment['NODE_EXTRA_CA_CERTS']);
  const tls = {
    control: await readTls('control', config.control.tls),
    agent: await readTls('agent', config.agent.tls),
  };
  // What a daemon before has left to tell is told once there is an outbox.
  let wakeOutbox = (): void => undefined;
  const state = await openState(opened, { options, home, live, heard: () => wakeOutbox() });
  const { log, vault, store, book, trail } = state;
  const witness: ConfigWitness = {
    ...{ log, clock: book.clock, addNotices: (notices) => book.addNotices(notices) },
    audit: (entry) => trail.append(entry),
  };
  tell = (event) => tellConfig(witness, event);
  for (const fault of live.faults()) tellRefused(witness, fault);
  opened.defer(() => live.stop());
  live.onChange('log', ({ log: { level } }) => log.setLevel(level));
  book.probesClosed = config.gateway.probeClosed;
  live.onChange('gateway', ({ gateway: { probeClosed } }) => void (book.probesClosed = probeClosed));
  const audit = (entry: AuditEntry): Promise<void> => {
    log.info('changed', entry);
    return trail.append(entry);
  };
  // What was told is a line of the log already.
  let findJob: (id: JobId) => Job | undefined = () => undefined;
  const outbox = openOutbox({
    ...{ store, book, log, audit: (entry: AuditEntry) => trail.append(entry) },
    findJob: (id) => findJob(id),
  });
  wakeOutbox = () => outbox.wake();
  const credentials = openCredentials(opened, { book, vault, network, log });
  const authResets = openAuthResets(opened, {
    ...{ book, environment, audit, kill: options.kill, bug: log.bug },
    settings: () => resetSettings(live),
  });
  // The tools of agents act on jobs, which come later.
  let handleTools: (request: Request) => Promise<Response> = () => Promise.resolve(new Response(null, { status: 503 }));
  let jobSettled: (job: JobId) => void = () => undefined;
  const proxies = proxyRulesOf(environment);
  const gateway = new Gateway({
    book,
    credentials,
    providers,
    settings: gatewaySettings(() => live.current(), network),
    log: gatewayLog(log),
    random: Math.random,
    proxy: proxies,
    tools: (request) => handleTools(request),
  });
  const controlSocket = await prepareControlSocket(home);
  // The ports are known once both listen.
  const ports = { controlPort: 0, agentPort: 0 };
  const file: DaemonFile = { pid: options.pid, version, protocol, startedAt, ...ports, ...noUrls, controlSocket };
  const tokens = await ControlTokens.open({
    files: { full: home.token, read: home.tokenRead },
    clock: book.clock,
    origin: () => file.controlUrl,
  });
  const { promise: stopAsked, resolve: stop } = Promise.withResolvers<void>();
  const describe = () => ({
    ...file,
    home: home.folder,
    activeRequests: gateway.active,
    graceSeconds: live.current().gateway.stopGraceSeconds,
    degraded: book.journal.degraded,
    setAside: store.setAside,
  });
  const agentFolder = async (agent: string): Promise<string> => {
    const folder = join(home.agents, agent);
    await openPrivateFolder(folder);
    return folder;
  };
  const gatewayUrl = (): string => file.agentUrl;
  const agentCa = (folder: string): Promise<string | undefined> =>
    writeAgentCa(folder, { cert: tls.agent?.cert ?? null, url: file.agentUrl, caFile: config.network.caFile });
  const holdMs = (): number => live.current().gateway.holdSeconds * secondMs;
  const toolsAreOn = (): boolean => live.current().jobs.tools;
  const { supervisor, jobs } = await openJobs(opened, {
    ...{ book, store, log, agents, environment, holdMs, gatewayUrl, agentFolder, agentCa, kill: options.kill },
    pid: options.pid,
    folder: home.attempts,
    places: () => live.current().jobs.places,
    keepMs: () => live.current().jobs.keepDays * dayMs,
    idleMs: () => live.current().jobs.idleMinutes * minuteMs,
    chainOf: (provider) => new Map(Object.entries(live.current().jobs.models)).get(provider) ?? [],
    requestsOf: (phantom) => gateway.requestsOf(phantom),
    audit: (entry) => void trail.append(entry),
    addNotices: witness.addNotices,
    declared: declaredAgents(config.agents),
    tools: toolAccess({ folder: home.attempts, url: gatewayUrl, isOn: toolsAreOn }),
    jobSettled: (job) => jobSettled(job),
    lookAfterProfiles: () => context.profiles.lookAfter(),
  });
  findJob = (id) => supervisor.find(id);
  live.onChange('jobs', () => supervisor.lookAnew());
  const resetFindings = () =>
    checkResets(
      () => resetSettings(live),
      [...book.state.pools.values()].map(({ pool }) => pool),
    );
  const context = operationContext({
    ...{ book, vault, providers, agents, audit, tokens, authResets, jobs },
    trail: {
      lastId: () => trail.lastId,
      read: (query) => trail.read(query),
      watch: (after, signal) => trail.watch(after, signal),
    },
    notices: noticesPort(outbox, store),
    settings: openSettings(
      live,
      () => telling,
      async (wanted) => [...(await checkStartFiles(wanted, environment)), ...(await resetFindings())],
    ),
    renewalFailure: (account) => credentials.failureOf(account),
    openRequests: () => gateway.openRequests(),
    get holdMs() {
      return holdMs();
    },
    gatewayUrl,
    agentFolder,
    agentCa,
    daemon: {
      describe,
      stop,
      check: async () => {
        const hasLogin: CheckDeps['hasLogin'] = (provider, folder) => context.profiles.hasLogin(provider, folder);
        const parts = { book, vault, providers, network, proxies, hasLogin, setAside: store.setAside };
        const { finding } = telling;
        return [...(await checkDaemon(parts)), ...(await resetFindings()), ...(finding === null ? [] : [finding])];
      },
      readLog: (from) => readLines(home.log, from),
    },
  });
  const telling = opened.adopt(
    new Telling({ ...{ live, outbox, witness, environment, network, log, context }, clock: book.clock }),
    (each) => each.stop(),
  );
  await telling.start();
  const mcp = createMcpHttp({ operations, context, version, bug: log.bug });
  const control = opened.adopt(new Control({ operations, context, version, tokens, bug: log.bug, mcp }), (each) =>
    each.stop(),
  );
  // Before the listener, which waits for what is being answered.
  opened.defer(() => mcp.close());
  const jobTools = await openJobTools(opened, {
    ...{
      store,
      supervisor,
      context,
      version,
      folder: home.attempts,
      isOn: toolsAreOn,
      clock: book.clock,
      bug: log.bug,
    },
  });
  handleTools = (request) => jobTools.mcp.handle(request);
  jobSettled = jobTools.jobSettled;
  // The gateway stops first: while open streams get their time, the control API still says so.
  opened.adopt(gateway, (each) => each.stop());
  // Its listener waits for tools that wait.
  opened.defer(() => jobTools.mcp.close());
  refuseSameSocket(config.agent.socket, controlSocket);
  file.agentPort = await listenForAgents(gateway, config.agent, tls.agent);
  const { host: hostname, port } = config.control;
  file.controlPort = await control.start({ hostname, port, socket: controlSocket, tls: tls.control });
  file.agentUrl = originOf(config.agent.host, file.agentPort, tls.agent);
  file.controlUrl = originOf(config.control.host, file.controlPort, tls.control);
  await writeDaemonFile(home, file);
  // Now that there is a gateway for them.
  supervisor.start();
  if (store.setAside !== null) log.warning('damaged database set aside', { path: store.setAside });
  log.info('started', { ...file });

  const resources = opened.move();
  const ended = stopAsked.then(async () => {
    log.info('stopping', { activeRequests: gateway.active });
    await resources.disposeAsync();
  });
  return { file, folder: home.folder, setAside: store.setAside, stop, ended };
}

/** What is run elsewhere is run as it was meant, or not at all. */
function resetSettings(live: LiveConfig): Config['reset'] {
  const fault = live.neverRight('reset');
  if (fault === undefined) return live.current().reset;
  throw new Problem(fault.problem.code, fault.problem.message, {
    hint: fault.problem.hint ?? 'See: stint config check',
  });
}

const noUrls = { controlUrl: '', agentUrl: '' };

function refuseSameSocket(agentSocket: string, controlSocket: string): void {
  if (agentSocket === '' || resolve(agentSocket) !== resolve(controlSocket)) return;
  throw new Problem('conflict', `agent.socket is ${controlSocket}, which is the control socket.`, {
    hint: 'Set agent.socket in config.toml to a path in a folder of its own, such as /run/stint/agent.sock',
  });
}

async function listenForAgents(
  gateway: Gateway,
  { host: hostname, port, socket: path }: Config['agent'],
  tls: TlsPair | undefined,
): Promise<number> {
  const socket = path === '' ? undefined : path;
  if (socket !== undefined) await prepareAgentSocket(socket);
  const bound = listen({ name: 'agent', hostname, port }, () => gateway.start({ hostname, port, tls, socket }));
  if (socket !== undefined) await openAgentSocket(socket);
  return bound;
}

/** Logins that renew themselves, the poller of their usage endpoints, and what watches over exhausted pools with it. */
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
  const prober = createProber({ ...shared, credentials });
  const monitor = opened.adopt(new Monitor({ book, usage: poller, prober, bug: log.bug }), (each) => each.stop());
  monitor.start();
  return credentials;
}

/** Where somebody on this machine reaches a listener. */
function originOf(host: string, port: number, tls: TlsPair | undefined): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `${tls === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
