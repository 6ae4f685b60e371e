import { accessSync, constants, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Command } from 'commander';
import { Problem } from '../../core/problem.ts';
import type { Cli } from './cli.ts';
import type { Finding } from '../../operations/shape.ts';
import { connect, placeOf } from './connect.ts';
import type { Listener, Obstacle, Place } from './host.ts';
import { renderFindings } from './render-finding.ts';
import { optionsOf, type GlobalOptions } from './options.ts';

/** `stint doctor`: everything that can be wrong on this machine, with what to do about it. Exits 1 when something is. */
export function addDoctor(cli: Cli, root: Command): void {
  root
    .command('doctor')
    .description('Check versions, ports, permissions, vault and upstreams')
    .action(async (_: object, command: Command) => {
      const options = optionsOf(command);
      const findings = [
        ...checkVersions(cli),
        checkHome(options.home),
        ...(await checkConfig(cli, options.home)),
        ...(await checkDaemon(cli, options)),
        ...(await checkSettings(cli, options)),
      ];
      cli.terminal.print(options.json ? JSON.stringify({ findings }, null, 2) : renderFindings(findings, cli.terminal));
      if (findings.some((each) => !each.ok)) cli.exit(1);
    });
}

function checkVersions({ host }: Cli): Finding[] {
  const places = installedAgents({ host });
  const agents = [...places].map(([agent, found]): Finding => {
    const check = `agent ${agent}`;
    // One agent is enough.
    if (found === null && [...places.values()].some((each) => each !== null))
      return { check, ok: true, detail: `is not on the PATH; stint ${agent} needs it`, hint: null };
    if (found === null)
      return {
        check,
        ok: false,
        detail: 'is not on the PATH',
        hint: `stint ${agent} needs it; stint env ${agent} does not.`,
      };
    return { check, ok: true, detail: versionOf(found), hint: null };
  });
  return [
    {
      check: 'versions',
      ok: true,
      detail: `Stint ${host.version}, Bun ${Bun.version}, ${process.platform} ${process.arch}`,
      hint: null,
    },
    ...agents,
  ];
}

/** Where each agent is; null for one that is not on the PATH. Its executable has its name. */
function installedAgents({ host }: Pick<Cli, 'host'>): Map<string, string | null> {
  const PATH = host.userEnvironment['PATH'] ?? '';
  return new Map(host.agents.map((agent) => [agent, Bun.which(agent, { PATH })]));
}

function versionOf(executable: string): string {
  const { stdout, success } = Bun.spawnSync([executable, '--version'], { timeout: 10_000, stdin: 'ignore' });
  const text = stdout.toString().trim().split('\n')[0] ?? '';
  return success && text !== '' ? `${text} (${executable})` : executable;
}

function checkHome(home: string): Finding {
  const check = `home ${home}`;
  try {
    const { mode } = statSync(home);
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
    const open = (mode & 0o077) !== 0;
    if (open) return { check, ok: false, detail: 'others can enter it', hint: `chmod 700 '${home}'` };
    return { check, ok: true, detail: 'is yours alone', hint: null };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { check, ok: true, detail: 'does not exist yet', hint: null };
    return { check, ok: false, detail: 'cannot be used', hint: 'Choose another: STINT_HOME=<folder>' };
  }
}

async function checkDaemon(cli: Cli, options: GlobalOptions): Promise<Finding[]> {
  const place = placeOf(cli, options);
  let ports: Finding[] = [];
  try {
    const found = await cli.host.findDaemon(place.home);
    ports = found === undefined ? await checkPorts(cli, place) : [];
    const client = await connect(cli, options);
    const { findings } = (await client.call('daemon.check', {})) as { findings: Finding[] };
    return [
      ...ports,
      { check: 'daemon', ok: true, detail: found === undefined ? 'starts' : 'runs', hint: null },
      ...findings,
    ];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [...ports, { check: 'daemon', ok: false, detail: error.message, hint: error.hint ?? null }];
  }
}

/** After the daemon's: only the port of a running one tells its gateway from others. */
/** What is wrong in config.toml; a daemon starts without the part that it is in. */
async function checkConfig({ host }: Cli, home: string): Promise<Finding[]> {
  try {
    const found = await (await host.settings(home, false)).check();
    return found.filter((each) => !each.ok);
  } catch (error) {
    // One that keeps the daemon from starting is told of there.
    if (error instanceof Problem) return [];
    throw error;
  }
}

async function checkSettings({ host }: Cli, { home }: GlobalOptions): Promise<Finding[]> {
  const found = await Promise.all(
    host.agents.map(async (agent) => findingsOf(agent, await host.obstacles(agent, home, []))),
  );
  return found.flat();
}

function findingsOf(agent: string, obstacles: readonly Obstacle[]): Finding[] {
  const check = `settings of ${agent}`;
  if (obstacles.length === 0) return [{ check, ok: true, detail: 'leave it to the gateway', hint: null }];
  return obstacles.map((each) => ({ check, ok: false, detail: each.says, hint: each.hint }));
}

/** Only where none runs: the ports of a running daemon are taken by itself. */
async function checkPorts({ host }: Cli, place: Place): Promise<Finding[]> {
  const { control, agent } = await host.listeners(place);
  const fixed = Object.entries({ control, agent }).filter(([, { port }]) => port !== 0);
  return Promise.all(fixed.map(async ([name, listener]) => checkPort(name, listener)));
}

function checkPort(name: string, { host, port }: Listener): Promise<Finding> {
  const check = `${name} port ${port}`;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const hint = taken ? `Choose another with: stint --${name}-port 0 up` : `See ${name}.host in config.toml`;
      resolve({ check, ok: false, detail: taken ? 'is taken' : `cannot be used on ${host}`, hint });
    });
    server.listen(port, host, () => server.close(() => resolve({ check, ok: true, detail: 'is free', hint: null })));
  });
}
