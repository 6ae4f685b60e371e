import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SeenRequest } from '../src/simulator/provider/request-log.ts';
import type { ScenarioInput } from '../src/simulator/anthropic/scenario.ts';
import { startAnthropicSimulator, type Simulator } from '../src/simulator/anthropic/simulator.ts';
import { agentExecutable } from './agent-executable.ts';
import { readRun, type ClaudeRun } from './claude-run.ts';
import { startRecorder, type Recorder } from './recorder.ts';
import { startStage, type Stage } from './stage.ts';
import { runStint, type Environment, type Running } from './stint.ts';

type RigOptions = {
  /** Labels in the order in which they are added to the pool; `a` and `b` when absent. */
  readonly accounts?: readonly string[];
  readonly scenario?: Omit<ScenarioInput, 'credentials'>;
  /** More variables for the agent. */
  readonly env?: Environment;
};

/** A provider, a daemon with accounts there, and a way to run Claude Code through it; all gone at the end of the scope. */
export type Rig = Stage & {
  readonly simulator: Simulator;
  /** Starts `stint claude` with these arguments, in the background. */
  startClaude(...args: string[]): Running;
  /** Runs Claude Code headless on a prompt to its end. */
  claude(prompt: string, ...args: string[]): Promise<ClaudeRun>;
  /** Model requests that reached the provider. */
  seen(): SeenRequest[];
  /** Puts a recorder between the gateway and every agent that is started from here on. */
  record(): Promise<Recorder>;
};

export async function startRig({ accounts = ['a', 'b'], scenario = {}, env = {} }: RigOptions = {}): Promise<Rig> {
  await using opened = new AsyncDisposableStack();
  const simulator = opened.adopt(
    startAnthropicSimulator({ scenario: { ...scenario, credentials: accounts.map(credentialOf) } }),
    (each) => each.stop(),
  );
  const executable = await agentExecutable('claude');
  const stage = opened.use(
    await startStage({
      agent: 'claude',
      env: (folder) => ({ ...settings, CLAUDE_CONFIG_DIR: join(folder, 'claude'), ...env }),
    }),
  );
  for (const label of accounts) {
    await runStint(['account', 'add', 'anthropic', label, '--base-url', simulator.url], {
      ...stage.place,
      stdin: credentialOf(label).secret,
    });
  }
  const startClaude = (...args: string[]): Running => stage.start('claude', ...args);
  const resources = opened.move();
  return {
    ...stage,
    simulator,
    startClaude,
    claude: async (prompt, ...args) => readRun(await startClaude('-p', prompt, ...headless, ...args).ended),
    seen: () => simulator.requests.filter(({ path }) => path === '/v1/messages'),
    async record() {
      const recorder = await startRecorder(stage.ports.agentPort);
      const wrapper = join(stage.folder, 'bin', 'claude');
      const baseUrl = `http://127.0.0.1:${recorder.port}/anthropic`;
      await writeFile(wrapper, `#!/bin/sh\nANTHROPIC_BASE_URL=${baseUrl} exec '${executable}' "$@"\n`);
      await chmod(wrapper, 0o755);
      return recorder;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** How Claude Code is asked for a stream of JSON. */
export const headless = ['--output-format', 'stream-json', '--verbose'] as const;

const settings = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  // Claude Code refuses some things to root, which CI often is.
  IS_SANDBOX: '1',
};

function credentialOf(label: string): { name: string; secret: string } {
  return { name: label, secret: `sk-ant-oat01-test-${label.repeat(8)}` };
}
