import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import { minuteMs } from '../core/time.ts';
import type { DemoAgent } from './agent.ts';
import { parts, type Part, type PartName } from './cast.ts';
import { installAgent } from './install-agent.ts';
import { cell, type Line } from './line.ts';
import { commandsToLook, leaveRunning } from './keep.ts';
import { renderSummary } from './render-summary.ts';
import { openScreen, silentScreen, type Output, type Screen } from './screen.ts';
import { show } from './show.ts';
import { setStage, type Stage } from './stage.ts';
import { isGood, summarise, type Summary } from './summary.ts';

/** What the demo is started with. */
export type DemoSetup = {
  readonly agent: PartName;
  readonly keep: boolean;
  readonly json: boolean;
  readonly stintCommand: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `process.stdout`. */
  readonly output: Output;
  /** `process`, whose signals end the demo. */
  readonly signals: NodeJS.EventEmitter;
};

/** After this long the agent is stuck. */
const patienceMs = minuteMs;

/**
 * Shows a session go on over three limited accounts, and resolves with the exit code: 0 when the agent finished without
 * an error. Whatever it started is gone when it ends, also by a signal.
 */
export async function runDemo(setup: DemoSetup): Promise<number> {
  const stopping = new AbortController();
  let signalled = 0;
  const stop = (signal: NodeJS.Signals): void => {
    signalled = constants.signals[signal];
    stopping.abort(new Error(`ended by ${signal}`));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) setup.signals.on(signal, stop);
  // A reader that went away (`| head`) ends the demo as well.
  const gone = (): void => stop('SIGPIPE');
  setup.output.on('error', gone);
  const screen = setup.json ? silentScreen : openScreen(setup.output, setup.environment);
  try {
    const good = await play(setup, screen, stopping.signal);
    return good || signalled === 0 ? Number(!good) : 128 + signalled;
  } catch (error) {
    if (signalled === 0) throw error;
    return 128 + signalled;
  } finally {
    screen.close();
    setup.output.off('error', gone);
    for (const signal of signals) setup.signals.off(signal, stop);
  }
}

async function play(setup: DemoSetup, screen: Screen, signal: AbortSignal): Promise<boolean> {
  const part: Part = parts[setup.agent];
  const executable = await findExecutable(part, setup, screen);
  signal.throwIfAborted();
  screen.print(introduction);
  await using stage = await setStage(setup, part, signal);
  const { folder, access } = stage;
  const agent = part.play(executable, { folder, access, userEnvironment: setup.environment });
  const summary = await runAgent(agent, stage, { screen, signal });
  screen.close();
  screen.print([[], ...renderSummary(summary)]);
  const commands = setup.keep ? commandsToLook(stage.home, part.agent, setup) : undefined;
  if (setup.json) setup.output.write(`${JSON.stringify({ ...summary, ...(commands && { commands }) })}\n`);
  if (commands !== undefined) await leaveRunning(commands, screen, signal);
  return isGood(summary);
}

async function runAgent(
  agent: DemoAgent,
  stage: Stage,
  { screen, signal }: { screen: Screen; signal: AbortSignal },
): Promise<Summary> {
  const startedAt = Date.now();
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const { completed, events } = await show(agent, stage, { screen, signal: bounded, startedAt });
  signal.throwIfAborted();
  const { name, turnsPlanned } = agent;
  return summarise({ agent: name, completed, turnsPlanned, durationMs: Date.now() - startedAt }, events);
}

async function findExecutable({ needs }: Part, { environment }: DemoSetup, screen: Screen): Promise<string> {
  if (needs === null) return '';
  const caches = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache');
  return installAgent(needs, {
    cacheFolder: join(caches, 'stint', 'agents'),
    npm: Bun.which('npm', { PATH: environment['PATH'] ?? '' }) ?? 'npm',
    report: (line) => screen.print([[cell(line)]]),
  });
}

const introduction: readonly Line[] = [
  [cell('Stint', 'bold'), cell(': one conversation, three accounts, and every limit in its way.')],
  [cell('Nothing of yours is used: a simulated provider, a temporary home, free ports.', 'dim')],
  [],
];
