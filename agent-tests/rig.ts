import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import type { DaemonFile } from '../src/home/daemon-file.ts';
import type { accountShape, poolShape, sessionShape } from '../src/operations/shape.ts';
import type { SeenRequest } from '../src/simulator/provider/request-log.ts';
import type { ScenarioInput } from '../src/simulator/anthropic/scenario.ts';
import { startAnthropicSimulator, type Simulator } from '../src/simulator/anthropic/simulator.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import { claudeExecutable } from './claude-executable.ts';
import { readRun, type ClaudeRun } from './claude-run.ts';
import { startRecorder, type Recorder } from './recorder.ts';
import { runStint, startStint, type Running } from './stint.ts';

/** The part of `stint status --json` that the tests look at. */
export type Status = {
  readonly accounts: readonly z.infer<typeof accountShape>[];
  readonly pools: readonly z.infer<typeof poolShape>[];
  readonly sessions: number;
};
type Session = z.infer<typeof sessionShape>;

type RigOptions = {
  /** Labels in the order in which they are added to the pool; `a` and `b` when absent. */
  readonly accounts?: readonly string[];
  readonly scenario?: Omit<ScenarioInput, 'credentials'>;
  /** More variables for the agent. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A provider, a daemon with accounts there, and a way to run Claude Code through it; all gone at the end of the scope. */
export type Rig = AsyncDisposable & {
  readonly simulator: Simulator;
  /** Where the agent and every command run. */
  readonly place: Place;
  readonly ports: Pick<DaemonFile, 'agentPort' | 'controlPort'>;
  /** Runs `stint` with these arguments, which has to succeed, and returns what it printed. */
  stint(...args: string[]): Promise<string>;
  /** Starts `stint claude` with these arguments, in the background. */
  start(...args: string[]): Running;
  /** Runs Claude Code headless on a prompt to its end. */
  claude(prompt: string, ...args: string[]): Promise<ClaudeRun>;
  status(): Promise<Status>;
  sessions(): Promise<Session[]>;
  /** Model requests that reached the provider. */
  seen(): SeenRequest[];
  /** Kills the daemon without a chance to do anything. */
  killDaemon(): Promise<void>;
  /** Starts the daemon again, on the ports that it had. */
  up(): Promise<void>;
  /** Puts a recorder between the gateway and every agent that is started from here on. */
  record(): Promise<Recorder>;
};

export async function startRig({ accounts = ['a', 'b'], scenario = {}, env = {} }: RigOptions = {}): Promise<Rig> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder());
  const simulator = opened.adopt(
    startAnthropicSimulator({ scenario: { ...scenario, credentials: accounts.map(credentialOf) } }),
    (each) => each.stop(),
  );
  const executable = await claudeExecutable();
  const place = { cwd: join(folder.path, 'work'), env: { ...environment(folder.path, executable), ...env } };
  await Promise.all(['bin', 'home', 'tmp', 'work'].map((name) => mkdir(join(folder.path, name))));

  let daemon = await startDaemon(place, {});
  opened.defer(() => stopDaemon(daemon));
  // A wrapper may have started another one.
  opened.defer(async () => void (await startStint(['down'], place).ended));
  for (const label of accounts) {
    await runStint(['account', 'add', 'anthropic', label, '--base-url', simulator.url], {
      ...place,
      stdin: credentialOf(label).secret,
    });
  }
  const ports = JSON.parse(await readFile(join(place.env['STINT_HOME'] ?? '', 'daemon.json'), 'utf8')) as DaemonFile;

  const stint = (...args: string[]) => runStint(args, place);
  const start = (...args: string[]): Running => {
    const running = startStint(['claude', ...args], place);
    agents.add(running);
    return running;
  };
  const agents = new Set<Running>();
  opened.defer(async () => {
    for (const agent of agents) agent.signal('SIGKILL');
    await Promise.all([...agents].map(({ ended }) => ended));
  });
  const resources = opened.move();
  return {
    simulator,
    place,
    ports,
    stint,
    start,
    claude: async (prompt, ...args) => readRun(await start('-p', prompt, ...headless, ...args).ended),
    status: async () => JSON.parse(await stint('status', '--json')) as Status,
    sessions: async () => (JSON.parse(await stint('session', 'list', '--json')) as { sessions: Session[] }).sessions,
    seen: () => simulator.requests.filter(({ path }) => path === '/v1/messages'),
    async killDaemon() {
      daemon.signal('SIGKILL');
      await daemon.ended;
    },
    async up() {
      daemon = await startDaemon(place, {
        STINT_AGENT_PORT: String(ports.agentPort),
        STINT_CONTROL_PORT: String(ports.controlPort),
      });
    },
    async record() {
      const recorder = await startRecorder(ports.agentPort);
      const wrapper = join(folder.path, 'bin', 'claude');
      const baseUrl = `http://127.0.0.1:${recorder.port}/anthropic`;
      await writeFile(wrapper, `#!/bin/sh\nANTHROPIC_BASE_URL=${baseUrl} exec '${executable}' "$@"\n`);
      await chmod(wrapper, 0o755);
      return recorder;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export type Place = { readonly cwd: string; readonly env: Readonly<Record<string, string>> };

/** How Claude Code is asked for a stream of JSON. */
export const headless = ['--output-format', 'stream-json', '--verbose'] as const;

/** Nothing of the person or machine that runs the suite: no login, no settings, no proxy. */
function environment(folder: string, claude: string): Record<string, string> {
  return {
    PATH: [join(folder, 'bin'), dirname(claude), process.env['PATH'] ?? ''].join(delimiter),
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    TZ: 'UTC',
    STINT_HOME: join(folder, 'stint'),
    STINT_CONTROL_PORT: '0',
    STINT_AGENT_PORT: '0',
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    // Claude Code refuses some things to root, which CI often is.
    IS_SANDBOX: '1',
  };
}

function credentialOf(label: string): { name: string; secret: string } {
  return { name: label, secret: `sk-ant-oat01-test-${label.repeat(8)}` };
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
