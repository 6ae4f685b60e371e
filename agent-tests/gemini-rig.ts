import { startGoogleSimulator, type GoogleSimulator } from '../src/simulator/google/simulator.ts';
import type { GoogleScenarioInput } from '../src/simulator/google/scenario.ts';
import type { SeenRequest } from '../src/simulator/provider/request-log.ts';
import { readGeminiRun, type GeminiRun } from './gemini-run.ts';
import { startStage, type Stage } from './stage.ts';
import type { Running } from './stint.ts';

type RigOptions = {
  /** Labels in the order in which they are added to the pool; `a` and `b` when absent. */
  readonly accounts?: readonly string[];
  readonly scenario?: Omit<GoogleScenarioInput, 'credentials'>;
  /** The project that all keys are of; else each has its own. */
  readonly project?: string;
  /** How often the CLI itself asks before it gives up. */
  readonly maxAttempts?: number;
  /** More variables for the agent. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A provider, a daemon with keys there, and a way to run Gemini CLI through it. */
export type GeminiRig = Stage & {
  readonly simulator: GoogleSimulator;
  /** Runs Gemini CLI headless on a prompt to its end. */
  gemini(prompt: string, ...args: string[]): Promise<GeminiRun>;
  /** Starts the same in the background. */
  begin(prompt: string, ...args: string[]): Running;
  /** Requests for content as the provider saw them. */
  seen(): SeenRequest[];
};

export async function startGeminiRig(options: RigOptions = {}): Promise<GeminiRig> {
  const { accounts = ['a', 'b'], scenario = {}, project, maxAttempts, env = {} } = options;
  await using opened = new AsyncDisposableStack();
  const credentials = accounts.map((name) => ({ name, secret: keyOf(name), ...(project && { project }) }));
  const simulator = opened.adopt(startGoogleSimulator({ scenario: { ...scenario, credentials } }), (each) =>
    each.stop(),
  );
  const stage = opened.use(
    await startStage({ agent: 'gemini', files: settings({ maxAttempts }), env: () => ({ ...quiet, ...env }) }),
  );
  for (const label of accounts) {
    await stage.call('account.add', { provider: 'google', label, secret: keyOf(label), baseUrl: simulator.url });
    if (project !== undefined) await stage.call('account.set', { account: label, project });
  }
  const begin = (prompt: string, ...args: string[]) => stage.start('gemini', '-p', prompt, ...headless, ...args);
  const resources = opened.move();
  return {
    ...stage,
    simulator,
    begin,
    gemini: async (prompt, ...args) => readGeminiRun(await begin(prompt, ...args).ended),
    seen: () => simulator.requests.filter(({ path }) => /:(stream)?generateContent$/i.test(path)),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** How Gemini CLI is asked for a stream of JSON, and for its tools. */
export const headless = ['--output-format', 'stream-json', '--yolo', '--skip-trust'] as const;

/** A model of one's own choice keeps the CLI from asking another one first which to take. */
export const pro = ['--model', 'gemini-2.5-pro'] as const;

/** Nothing is told to anybody from a test. */
export function settings(general: object): Record<string, string> {
  const text = JSON.stringify({
    privacy: { usageStatisticsEnabled: false },
    general: { enableAutoUpdate: false, enableAutoUpdateNotification: false, ...general },
  });
  return { '.gemini/settings.json': text };
}
export const quiet = { NO_COLOR: '1', GEMINI_TELEMETRY_ENABLED: 'false' };

function keyOf(label: string): string {
  return `AIza-test-${label.repeat(8)}`;
}
