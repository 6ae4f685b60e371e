import { startAnthropicSimulator } from '../src/simulator/anthropic/simulator.ts';
import { startGoogleSimulator } from '../src/simulator/google/simulator.ts';
import { startOpenAiSimulator } from '../src/simulator/openai/simulator.ts';
import type { SeenRequest } from '../src/simulator/provider/request-log.ts';
import { authFile } from './codex-rig.ts';
import { settings } from './gemini-rig.ts';
import type { JobAgent } from './job-rig.ts';

const labels = ['a', 'b'];

export const claudeJobs: JobAgent = {
  agent: 'claude',
  args: ['--allowedTools', 'Bash'],
  model: 'sonnet',
  // Claude Code refuses some things to root, which CI often is.
  environment: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', IS_SANDBOX: '1' },
  async open(deltaDelayMs) {
    const secret = (label: string): string => `sk-ant-oat01-test-${label.repeat(8)}`;
    const credentials = labels.map((name) => ({ name, secret: secret(name) }));
    const simulator = startAnthropicSimulator({ scenario: { credentials, deltaDelayMs } });
    return {
      ...{ provider: 'anthropic', secret, url: simulator.url, files: {} },
      limit: (credential, limit) => simulator.inject({ kind: 'five_hour', credential, ...limit }),
      traffic: () => seen(simulator.requests, ({ path }) => path === '/v1/messages'),
      [Symbol.asyncDispose]: async () => simulator.stop(),
    };
  },
};

export const codexJobs: JobAgent = {
  agent: 'codex',
  args: [],
  environment: {},
  async open(deltaDelayMs) {
    const credentials = labels.map((name) => ({ kind: 'plan' as const, name, accountId: `acct-${name}` }));
    const simulator = startOpenAiSimulator({ scenario: { credentials, deltaDelayMs } });
    return {
      ...{ provider: 'openai', secret: (label) => authFile(simulator, label), url: simulator.url },
      files: { '.codex/config.toml': 'check_for_update_on_startup = false\n[analytics]\nenabled = false\n' },
      limit: (credential, limit) => simulator.inject({ kind: 'usage_limit', credential, ...limit }),
      traffic: () => seen(simulator.requests, ({ path, via }) => path.endsWith('/responses') && via !== 'upgrade'),
      [Symbol.asyncDispose]: async () => simulator.stop(),
    };
  },
};

export const geminiJobs: JobAgent = {
  agent: 'gemini',
  args: ['--yolo'],
  // A model of one's own choice keeps the CLI from asking another one first which to take.
  model: 'gemini-2.5-pro',
  environment: { GEMINI_TELEMETRY_ENABLED: 'false' },
  async open(deltaDelayMs) {
    const secret = (label: string): string => `AIza-test-${label.repeat(8)}`;
    const credentials = labels.map((name) => ({ name, secret: secret(name) }));
    const simulator = startGoogleSimulator({ scenario: { credentials, deltaDelayMs } });
    return {
      ...{ provider: 'google', secret, url: simulator.url, files: settings({}) },
      limit: (credential, limit) => simulator.inject({ kind: 'ca_quota', credential, ...limit }),
      traffic: () => seen(simulator.requests, ({ path }) => /:(stream)?generateContent$/i.test(path)),
      [Symbol.asyncDispose]: async () => simulator.stop(),
    };
  },
};

function seen(requests: readonly SeenRequest[], isContent: (request: SeenRequest) => boolean): string[] {
  return requests.filter(isContent).map(({ credential, status }) => `${credential} ${status}`);
}
