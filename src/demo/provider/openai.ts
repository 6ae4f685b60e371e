import { dayMs, hourMs, type EpochMs } from '../../core/time.ts';
import type { ScenarioInput } from '../../simulator/openai/scenario.ts';
import { startOpenAiSimulator } from '../../simulator/openai/simulator.ts';
import { shortestCooldownMs, type DemoProvider } from './provider.ts';

/** ChatGPT plans, whose windows are five hours and a week. */
export const openai: DemoProvider = {
  id: 'openai',
  model: 'gpt-6.1-sol',
  window: 'five_hour',
  start(now, deltaDelayMs) {
    const simulator = startOpenAiSimulator({ scenario: scenario(now, deltaDelayMs) });
    return {
      url: simulator.url,
      requests: simulator.requests,
      useUp: (label) => simulator.changeCredential(label, { windows: [{ name: 'primary', used: 'all' }] }),
      stop: () => simulator.stop(),
    };
  },
  // Ended long ago, so that the account is renewed before its first request.
  secretOf: (label) => {
    const tokens = { access_token: ended, refresh_token: refreshTokenOf(label), account_id: accountIdOf(label) };
    return JSON.stringify({ auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens });
  },
  asksModel: (path) => path.endsWith('/responses'),
};

const ended = ['{"alg":"none"}', '{"exp":1}', 'demo'].map((part) => Buffer.from(part).toString('base64url')).join('.');
const refreshTokenOf = (label: string): string => `rt-demo-${label}`;
const accountIdOf = (label: string): string => `acct-demo-${label}`;

function scenario(now: EpochMs, deltaDelayMs: number): ScenarioInput {
  const named = (name: string) => ({
    kind: 'plan' as const,
    name,
    accountId: accountIdOf(name),
    refreshToken: refreshTokenOf(name),
  });
  return {
    deltaDelayMs,
    credentials: [
      { ...named('personal'), windows: [{ name: 'primary', limit: 60, used: 58, resetAt: now + shortestCooldownMs }] },
      {
        ...named('work'),
        windows: [
          { name: 'primary', limit: 50, used: 18, resetAt: now + 3.5 * hourMs },
          { name: 'secondary', limit: 50, used: 39, resetAt: now + 3.5 * dayMs },
        ],
      },
      { ...named('team'), windows: [{ name: 'primary', limit: 120, used: 92, resetAt: now + 2.5 * hourMs }] },
    ],
    faults: [{ kind: 'overloaded', credential: 'team', skip: 4 }],
  };
}
