import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioInput } from '../src/simulator/openai/scenario.ts';
import { startOpenAiSimulator, type OpenAiSimulator } from '../src/simulator/openai/simulator.ts';
import type { SeenRequest } from '../src/simulator/provider/request-log.ts';
import { agentExecutable } from './agent-executable.ts';
import { readCodexRun, type CodexRun } from './codex-run.ts';
import { startRecorder, type Recorder } from './recorder.ts';
import { startStage, type Stage } from './stage.ts';
import type { Environment, Running } from './stint.ts';

/** How Codex comes to the gateway. */
export type Way =
  /** `stint codex`: a provider of its own, over HTTP. */
  | 'wrapper'
  /** Its built-in provider with a phantom for a key: over a WebSocket. */
  | 'socket'
  /** Its built-in provider with a phantom in its login: the backend of a ChatGPT plan, over a WebSocket. */
  | 'login';

type RigOptions = {
  readonly way?: Way;
  /** What the accounts `a` and `b` hold. */
  readonly kind?: 'api_key' | 'plan';
  readonly accounts?: readonly string[];
  /** More plans at the provider, whose logins are no accounts yet. */
  readonly logins?: readonly string[];
  readonly scenario?: Omit<ScenarioInput, 'credentials'>;
  /** Lines of Codex's own config.toml. */
  readonly config?: readonly string[];
  /** More variables for Codex. */
  readonly env?: Environment;
};

/** A provider, a daemon with accounts there, and a way to run Codex through it; all gone at the end of the scope. */
export type CodexRig = Stage & {
  readonly simulator: OpenAiSimulator;
  /** Starts Codex with these arguments, in the background. */
  startCodex(...args: string[]): Running;
  /** Runs `codex exec` on a prompt to its end. */
  codex(prompt: string, ...args: string[]): Promise<CodexRun>;
  /** Runs `codex exec resume` to its end. */
  resume(thread: string, prompt: string): Promise<CodexRun>;
  /** Model requests that reached the provider. */
  seen(): SeenRequest[];
  /** Puts a recorder between the gateway and every Codex that is started from here on. */
  record(): Promise<Recorder>;
};

export async function startCodexRig(options: RigOptions = {}): Promise<CodexRig> {
  const {
    way = 'wrapper',
    kind = 'api_key',
    accounts = ['a', 'b'],
    scenario = {},
    config = [],
    env = {},
    logins = [],
  } = options;
  await using opened = new AsyncDisposableStack();
  const credentials = [
    ...accounts.map((name) => credentialOf(kind, name)),
    ...logins.map((name) => credentialOf('plan', name)),
  ];
  const simulator = opened.adopt(startOpenAiSimulator({ scenario: { ...scenario, credentials } }), (each) =>
    each.stop(),
  );
  const stage = opened.use(
    await startStage({ agent: 'codex', env: (folder) => ({ CODEX_HOME: join(folder, 'codex'), ...env }) }),
  );
  for (const label of accounts) {
    const secret = kind === 'plan' ? authFile(simulator, label) : keyOf(label);
    await stage.call('account.add', { provider: 'openai', label, secret, baseUrl: simulator.url });
  }
  const home = join(stage.folder, 'codex');
  mkdirSync(home);
  const entry = await entranceOf(stage, way);
  await writeFile(join(home, 'config.toml'), [...config, ...entry.config, ...quiet].join('\n'));
  if (entry.login !== undefined) await writeFile(join(home, 'auth.json'), entry.login);
  const executable = await agentExecutable('codex');
  const startCodex = (...args: string[]): Running =>
    way === 'wrapper' ? stage.start('codex', ...args) : stage.startProgram([executable, ...args], entry.environment);
  const resources = opened.move();
  return {
    ...stage,
    simulator,
    startCodex,
    codex: async (prompt, ...args) => readCodexRun(await startCodex('exec', ...headless, ...args, prompt).ended),
    resume: async (thread, prompt) =>
      readCodexRun(await startCodex('exec', 'resume', ...headless, thread, prompt).ended),
    async record() {
      const recorder = await startRecorder(stage.ports.agentPort);
      const [gateway, wire] = [stage.ports.agentPort, recorder.port].map((port) => `127.0.0.1:${port}`);
      const settings = join(home, 'config.toml');
      await writeFile(settings, (await readFile(settings, 'utf8')).replaceAll(gateway ?? '', wire ?? ''));
      const wrapper = join(stage.folder, 'bin', 'codex');
      await writeFile(wrapper, `#!/bin/bash\nexec '${executable}' "\${@//${gateway}/${wire}}"\n`, { mode: 0o755 });
      return recorder;
    },
    seen: () => simulator.requests.filter(({ path, via }) => path.endsWith('/responses') && via !== 'upgrade'),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** How Codex is asked for a stream of JSON, outside of a repository. */
export const headless = ['--json', '--skip-git-repo-check'] as const;

/** What Codex prints on its standard error in a run without trouble, since its input is no terminal. */
export const greetingOfCodex = 'Reading additional input from stdin...\n';

/** Nothing is told to anybody from a test. */
const quiet = ['check_for_update_on_startup = false', '[analytics]', 'enabled = false', ''];

type Entrance = { readonly config: readonly string[]; readonly environment: Environment; readonly login?: string };

/** What Codex is given to get in, apart from the wrapper that knows by itself. */
async function entranceOf(stage: Stage, way: Way): Promise<Entrance> {
  if (way === 'wrapper') return { config: [], environment: {} };
  // Of the wrapper's kind, so that its requests are held as those of the wrapper are.
  const { token } = (await stage.call('phantom.issue', { agent: 'codex', origin: 'wrapper' })) as { token: string };
  const origin = `http://127.0.0.1:${stage.ports.agentPort}`;
  if (way === 'socket') {
    return { config: [`openai_base_url = "${origin}/openai/v1"`], environment: { CODEX_API_KEY: token } };
  }
  return {
    config: [
      `openai_base_url = "${origin}/codex"`,
      // Another origin: a plain http backend on that of its provider is refused by Codex.
      `chatgpt_base_url = "http://localhost:${stage.ports.agentPort}/codex/backend-api/"`,
    ],
    environment: {},
    login: renderAuthFile({
      idToken: testJwt,
      accessToken: token,
      refreshToken: 'rt-test-none',
      accountId: 'acct-own',
    }),
  };
}

type Login = { idToken: string; accessToken: string; refreshToken: string; accountId: string };

/** The auth.json of a plan of the simulator, as `codex login` would have written it. */
export function authFile(simulator: OpenAiSimulator, name: string): string {
  return renderAuthFile(simulator.login(name));
}

function renderAuthFile({ idToken, accessToken, refreshToken, accountId }: Login): string {
  return JSON.stringify({
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: { id_token: idToken, access_token: accessToken, refresh_token: refreshToken, account_id: accountId },
    last_refresh: new Date().toISOString(),
  });
}

const testJwt = ['{"alg":"none"}', '{"sub":"test"}', 'test']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.');

function credentialOf(kind: 'api_key' | 'plan', name: string): ScenarioInput['credentials'][number] {
  return kind === 'plan' ? { kind, name, accountId: `acct-${name}` } : { kind, name, secret: keyOf(name) };
}

function keyOf(label: string): string {
  return `sk-test-${label.repeat(8)}`;
}
