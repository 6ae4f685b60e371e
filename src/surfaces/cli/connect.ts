import { spawn } from 'node:child_process';
import { Problem, problemCodes } from '../../core/problem.ts';
import { protocol, socketClient, type Client } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import type { FoundDaemon, Place } from './host.ts';
import type { GlobalOptions } from './options.ts';

const startTimeoutMs = 30_000;
const pollMs = 25;

export function placeOf(cli: Cli, options: GlobalOptions): Place {
  const { defaults } = cli.host;
  return {
    home: options.home,
    controlPort: options.controlPort ?? defaults.controlPort,
    agentPort: options.agentPort ?? defaults.agentPort,
    insecureBind: options.insecureBind === true,
  };
}

/** A client of the daemon in the chosen home, which is started when it does not run. */
export async function connect(cli: Cli, options: GlobalOptions): Promise<Client> {
  const daemon = await reachDaemon(cli, options);
  const client = socketClient(daemon.controlSocket);
  return {
    ...client,
    call: async (...call) => {
      try {
        return await client.call(...call);
      } catch (error) {
        throw isUnknownOperation(error) ? otherVersion(cli, daemon) : error;
      }
    },
  };
}

export async function reachDaemon(cli: Cli, options: GlobalOptions): Promise<FoundServing> {
  const place = placeOf(cli, options);
  const running = await findServing(cli, place.home);
  if (running !== undefined && running.protocol !== protocol) throw otherVersion(cli, running);
  if (running !== undefined) return running;
  if (!options.start) throw notRunning();
  return startDetached(cli, place);
}

type FoundServing = Extract<FoundDaemon, { kind: 'serving' }>;

/** Stint was updated, and its daemon goes on as it was. */
function otherVersion({ host }: Cli, { version }: FoundServing): Problem {
  const which =
    version === host.version ? `another build of ${version}` : `version ${version}, and this is ${host.version}`;
  return new Problem('conflict', `The daemon is of ${which}.`, { hint: 'Restart it: stint down && stint up --detach' });
}

/** Each is a path of the control API. */
function isUnknownOperation(error: unknown): boolean {
  return error instanceof Problem && error.code === 'not_found' && /^There is no \S+ \/api\//.test(error.message);
}

export function notRunning(): Problem {
  return new Problem('unavailable', 'The Stint daemon is not running.', { hint: 'Start it with: stint up --detach' });
}

/** Starts a daemon that outlives this command and its terminal, and waits until it serves. */
export async function startDetached(cli: Cli, place: Place): Promise<FoundServing> {
  // A port that is none is told here: the daemon would end over it before it can report anything.
  await cli.host.listeners(place);
  try {
    tellSetAside(cli, await spawnDaemon(cli, place));
  } catch (error) {
    // Another command was faster: its daemon is as good.
    const lost =
      error instanceof Problem && error.code === 'conflict' && (await cli.host.findDaemon(place.home)) !== undefined;
    if (!lost) throw error;
  }
  const serving = await findServing(cli, place.home);
  if (serving === undefined) throw endedAtOnce();
  return serving;
}

function endedAtOnce(): Problem {
  return new Problem('unavailable', 'The daemon ended at once.', {
    hint: 'Start it in the foreground to see why: stint up',
  });
}

/** Whoever starts the daemon is told that it begins anew, whatever was asked. */
export function tellSetAside({ terminal }: Cli, setAside: string | null): void {
  if (setAside === null) return;
  terminal.error(
    `The database was damaged and is kept as ${setAside}; Stint begins with a new one. Add accounts again with: stint account add`,
  );
}

/** The daemon of a home once it serves. */
async function findServing(cli: Cli, home: string): Promise<FoundServing | undefined> {
  const until = Date.now() + startTimeoutMs;
  for (;;) {
    const found = await cli.host.findDaemon(home);
    if (found?.kind !== 'starting') return found;
    if (Date.now() > until) {
      throw new Problem('unavailable', 'The daemon has been starting for 30 seconds.', {
        hint: 'Stop it with: stint down, and see why with: stint up',
      });
    }
    await Bun.sleep(pollMs);
  }
}

/** What a starting daemon tells its parent. */
export type StartReport =
  | { readonly ready: true; readonly setAside: string | null }
  | { readonly code: string; readonly message: string; readonly hint: string | null };

/** Resolves with where a damaged database was put. */
function spawnDaemon(cli: Cli, { home, controlPort, agentPort, insecureBind }: Place): Promise<string | null> {
  const [executable, ...first] = cli.host.stintCommand;
  const flags = [
    ...(controlPort === undefined ? [] : ['--control-port', controlPort]),
    ...(agentPort === undefined ? [] : ['--agent-port', agentPort]),
    ...(insecureBind === true ? ['--insecure-bind'] : []),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(executable, [...first, '--home', home, ...flags, 'up'], {
      detached: true,
      // Its own folder may go; the log has what it says.
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const settle = (settled: () => void): void => {
      child.removeAllListeners();
      if (child.connected) child.disconnect();
      child.unref();
      settled();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', () => settle(() => reject(endedAtOnce())));
    child.once('message', (report) => settle(() => settleReport(report as StartReport, resolve, reject)));
  });
}

function settleReport(
  report: StartReport,
  resolve: (setAside: string | null) => void,
  reject: (problem: Problem) => void,
): void {
  if ('ready' in report) return resolve(report.setAside);
  const code = problemCodes.find((each) => each === report.code) ?? 'internal';
  reject(new Problem(code, report.message, report.hint === null ? {} : { hint: report.hint }));
}
