import { startAnthropicSimulator } from '../src/simulator/anthropic/simulator.ts';
import { startGoogleSimulator } from '../src/simulator/google/simulator.ts';
import { startOpenAiSimulator } from '../src/simulator/openai/simulator.ts';
import { readRun } from './claude-run.ts';
import { authFile, headless as codexHeadless } from './codex-rig.ts';
import { readCodexRun } from './codex-run.ts';
import { headless as geminiHeadless, pro, quiet, settings } from './gemini-rig.ts';
import { readGeminiLines } from './gemini-run.ts';
import { startGoogleFront } from './google-front.ts';
import type { ProfileAgent } from './profile-rig.ts';
import { headless as claudeHeadless } from './claude-rig.ts';

const labels = ['a', 'b', 'c'];
const hourMs = 3_600_000;

const claude: ProfileAgent = {
  agent: 'claude',
  window: 'five_hour',
  limitCode: 1,
  limitEnds: ['error'],
  async open(_, deltaDelayMs = 0) {
    const token = (label: string) => `sk-ant-oat01-test-${label.repeat(8)}`;
    const credentials = labels.map((name) => ({ name, secret: token(name) }));
    const simulator = startAnthropicSimulator({ scenario: { credentials, deltaDelayMs } });
    return {
      provider: 'anthropic',
      requests: simulator.requests,
      content: ({ path }) => path === '/v1/messages',
      limit: (credential, skip, times = 'always') => simulator.inject({ kind: 'five_hour', credential, skip, times }),
      files: {},
      environment: {
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        // Claude Code refuses some things to root, which CI often is.
        IS_SANDBOX: '1',
      },
      login: (label) => ({
        // The environment's own would not reach a profile.
        'settings.json': JSON.stringify({ env: { ANTHROPIC_BASE_URL: simulator.url } }),
        '.credentials.json': JSON.stringify({
          claudeAiOauth: {
            accessToken: token(label),
            refreshToken: `sk-ant-ort01-test-${label}`,
            expiresAt: Date.now() + hourMs,
            scopes: ['user:inference', 'user:profile'],
            subscriptionType: 'max',
          },
        }),
      }),
      [Symbol.asyncDispose]: async () => simulator.stop(),
    };
  },
  args: (prompt, session) => [
    ...['-p', prompt, ...claudeHeadless, '--model', 'sonnet', '--allowedTools', 'Bash'],
    ...(session === undefined ? [] : ['--resume', session]),
  ],
  read(ended) {
    const { lines, toolResults, sessions, result } = readRun(ended);
    const ends = lines.filter(({ type }) => type === 'result').map((line) => (line['is_error'] ? 'error' : 'success'));
    return { ...ended, tools: toolResults, sessions, said: result.result, ends };
  },
};

const codex: ProfileAgent = {
  agent: 'codex',
  window: 'five_hour',
  limitCode: 1,
  limitEnds: ['error'],
  async open(_, deltaDelayMs = 0) {
    const credentials = labels.map((name) => ({ kind: 'plan' as const, name, accountId: `acct-${name}` }));
    const simulator = startOpenAiSimulator({ scenario: { credentials, deltaDelayMs } });
    const config = [
      `openai_base_url = "${simulator.url}/backend-api/codex"`,
      // Another origin: a plain http backend on that of its provider is refused by Codex.
      `chatgpt_base_url = "http://localhost:${simulator.port}/backend-api/"`,
      ...['check_for_update_on_startup = false', '[analytics]', 'enabled = false', ''],
    ];
    return {
      provider: 'openai',
      requests: simulator.requests,
      content: ({ path, via }) => path.endsWith('/responses') && (via === 'frame' || via === 'http'),
      limit: (credential, skip, times = 'always') => simulator.inject({ kind: 'usage_limit', credential, skip, times }),
      files: { '.codex/config.toml': config.join('\n') },
      environment: {},
      login: (label) => ({ 'auth.json': authFile(simulator, label) }),
      [Symbol.asyncDispose]: async () => simulator.stop(),
    };
  },
  args: (prompt, session) =>
    session === undefined ? ['exec', ...codexHeadless, prompt] : ['exec', 'resume', ...codexHeadless, session, prompt],
  read(ended) {
    const { events, commands, said = '' } = readCodexRun(ended);
    const ends = events.flatMap(({ type }) =>
      type === 'turn.completed' ? (['success'] as const) : type === 'turn.failed' ? (['error'] as const) : [],
    );
    const sessions = [...new Set(events.flatMap(({ thread_id: id }) => id ?? []))];
    return { ...ended, tools: commands, sessions, said, ends };
  },
};

const gemini: ProfileAgent = {
  agent: 'gemini',
  window: 'quota',
  limitCode: 429 % 256,
  // It would wait for the hour without a word: it is ended, and has no result.
  limitEnds: [],
  async open(folder, deltaDelayMs = 0) {
    const token = (label: string) => `ya29.test-${label.repeat(8)}`;
    const credentials = labels.map((name) => ({ name, secret: token(name), refreshToken: `1//test-${name}` }));
    const simulator = startGoogleSimulator({ scenario: { credentials, deltaDelayMs } });
    const front = await startGoogleFront(simulator.port, folder);
    return {
      provider: 'google',
      requests: simulator.requests,
      content: ({ path }) => /:(stream)?generateContent$/i.test(path),
      limit: (credential, skip, times = 'always') => simulator.inject({ kind: 'ca_quota', credential, skip, times }),
      files: settings({}),
      environment: { ...quiet, HTTPS_PROXY: front.proxyUrl, NODE_EXTRA_CA_CERTS: front.caFile },
      login: (label) => ({
        '.gemini/settings.json': '{"security":{"auth":{"selectedType":"oauth-personal"}}}',
        '.gemini/oauth_creds.json': JSON.stringify({
          access_token: token(label),
          refresh_token: `1//test-${label}`,
          scope: 'https://www.googleapis.com/auth/cloud-platform',
          token_type: 'Bearer',
          expiry_date: Date.now() + hourMs,
        }),
      }),
      async [Symbol.asyncDispose]() {
        await front[Symbol.asyncDispose]();
        simulator.stop();
      },
    };
  },
  args: (prompt, session) => [
    ...['-p', prompt, ...geminiHeadless, ...pro],
    ...(session === undefined ? [] : ['--resume', session]),
  ],
  read(ended) {
    const { lines, toolResults, sessions, text } = readGeminiLines(ended);
    const ends = lines
      .filter(({ type }) => type === 'result')
      .map(({ status }) => (status === 'success' ? ('success' as const) : ('error' as const)));
    return { ...ended, tools: toolResults, sessions, said: text, ends };
  },
};

export const profileAgents = [claude, codex, gemini];
