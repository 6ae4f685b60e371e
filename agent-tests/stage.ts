import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import type { DaemonFile } from '../src/home/daemon-file.ts';
import { socketClient } from '../src/operations/client.ts';
import type { accountShape, poolShape, sessionShape } from '../src/operations/shape.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import { agentExecutable, type AgentName } from './agent-executable.ts';
import { runStint, startCommand, startStint, type Environment, type Running } from './stint.ts';

/** The part of `stint status --json` that the tests look at. */
export type Status = {
  readonly accounts: readonly z.infer<typeof accountShape>[];
  readonly pools: readonly z.infer<typeof poolShape>[];
  readonly sessions: number;
};
export type Session = z.infer<typeof sessionShape>;
export type Place = { readonly cwd: string; readonly env: Environment };

/** A folder with a daemon of its own, where commands and agents run; all of it is gone at the end of the scope. */
export type Stage = AsyncDisposable & {
  readonly folder: string;
  /** Where the agent and every command run. */
  readonly place: Place;
  readonly ports: Pick<DaemonFile, 'agentPort' | 'controlPort'>;
  /** Runs `stint` with these arguments, which has to succeed, and returns what it printed. */
  stint(...args: string[]): Promise<string>;
  /** Starts `stint` with these arguments, in the background. */
  start(...args: string[]): Running;
  /** Starts another program, in the background. */
  startProgram(command: readonly string[], env: Environment): Running;
  /** Calls an operation of the daemon, as a command does. */
  call(operation: string, input: object): Promise<unknown>;
  status(): Promise<Status>;
  sessions(): Promise<Session[]>;
  /** Kills the daemon without a chance to do anything. */
  killDaemon(): Promise<void>;
  /** Starts the daemon again, on the ports that it had. */
  up(): Promise<void>;
};

type StageOptions = {
  readonly agent: AgentName;
  /** Files of the person's own, by their paths in the home folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** More variables for the agent and every command. */
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
};

export async function startStage({ agent, files = {}, env = () => ({}) }: StageOptions): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder()).path;
  const executable = await agentExecutable(agent);
  const place = { cwd: join(folder, 'work'), env: { ...environment(folder, executable), ...env(folder) } };
  await Promise.all(['bin', 'home', 'tmp', 'work'].map((name) => mkdir(join(folder, name))));
  for (const [path, text] of Object.entries(files)) await Bun.write(join(folder, 'home', path), text);

  let daemon = await startDaemon(place, {});
  opened.defer(() => stopDaemon(daemon));
  opened.defer(async () => {
    const { exitCode, signalCode } = daemon.child;
    // A wrapper may have started another one.
    if (exitCode !== null || signalCode !== null) await startStint(['down'], place).ended;
  });
  const home = place.env['STINT_HOME'] ?? '';
  const daemonFile = async () => JSON.parse(await readFile(join(home, 'daemon.json'), 'utf8')) as DaemonFile;
  const ports = await daemonFile();

  const started = new Set<Running>();
  opened.defer(async () => {
    for (const each of started) each.signal('SIGKILL');
    await Promise.all([...started].map(({ ended }) => ended));
  });
  const kept = (running: Running): Running => {
    started.add(running);
    return running;
  };
  const stint = (...args: string[]) => runStint(args, place);
  const call = async (operation: string, input: object) =>
    socketClient((await daemonFile()).controlSocket).call(operation, input);
  const resources = opened.move();
  return {
    folder,
    place,
    ports,
    stint,
    start: (...args) => kept(startStint(args, place)),
    startProgram: (command, more) => kept(startCommand(command, { ...place, env: { ...place.env, ...more } })),
    call,
    status: async () => JSON.parse(await stint('status', '--json')) as Status,
    sessions: async () => ((await call('session.list', {})) as { sessions: Session[] }).sessions,
    async killDaemon() {
      daemon.signal('SIGKILL');
      await daemon.ended;
    },
    async up() {
      const fixed = { STINT_AGENT_PORT: String(ports.agentPort), STINT_CONTROL_PORT: String(ports.controlPort) };
      daemon = await startDaemon(place, fixed);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Nothing of the person or machine that runs the suite: no login, no settings, no proxy. */
function environment(folder: string, executable: string): Record<string, string> {
  return {
    PATH: [join(folder, 'bin'), dirname(executable), process.env['PATH'] ?? ''].join(delimiter),
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    TZ: 'UTC',
    STINT_HOME: join(folder, 'stint'),
    STINT_CONTROL_PORT: '0',
    STINT_AGENT_PORT: '0',
  };
}

/** Runs the daemon as a child and waits until it says that it serves. */
async function startDaemon({ cwd, env }: Place, ports: Readonly<Record<string, string>>): Promise<Running> {
  const daemon = startStint(['up', '--json'], { cwd, env: { ...env, ...ports } });
  const { stdout } = daemon.child;
  if (stdout === null) throw new Error('its output is piped');
  const lines = createInterface({ input: stdout });
  const ended = daemon.ended.then(({ code, stderr }) => {
    throw new Error(`stint up ended with ${code}: ${stderr}`);
  });
  await Promise.race([once(lines, 'line'), ended]);
  ended.catch(() => undefined);
  return daemon;
}

async function stopDaemon(daemon: Running): Promise<void> {
  daemon.child.kill('SIGTERM');
  // A failed test may leave a request open: the second signal does not wait for it.
  const late = setTimeout(() => daemon.child.kill('SIGTERM'), 5000);
  await daemon.ended;
  clearTimeout(late);
}
