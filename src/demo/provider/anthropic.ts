import { dayMs, hourMs, type EpochMs } from '../../core/time.ts';
import type { ScenarioInput } from '../../simulator/anthropic/scenario.ts';
import { startAnthropicSimulator } from '../../simulator/anthropic/simulator.ts';
import { shortestCooldownMs, type DemoProvider } from './provider.ts';

/** Opus: its family has a weekly window of its own. */
export const anthropic: DemoProvider = {
  id: 'anthropic',
  model: 'claude-opus-4-8',
  window: 'five_hour',
  start(now, deltaDelayMs) {
    const simulator = startAnthropicSimulator({ scenario: scenario(now, deltaDelayMs) });
    return {
      url: simulator.url,
      requests: simulator.requests,
      useUp: (label) => simulator.changeCredential(label, { windows: [{ name: 'five_hour', used: 'all' }] }),
      stop: () => simulator.stop(),
    };
  },
  secretOf: (label) => `sk-ant-oat01-demo-${label}`,
  asksModel: (path) => path === '/v1/messages',
};

function scenario(now: EpochMs, deltaDelayMs: number): ScenarioInput {
  const named = (name: string) => ({ name, secret: anthropic.secretOf(name) });
  return {
    deltaDelayMs,
    credentials: [
      {
        ...named('personal'),
        windows: [{ name: 'five_hour', limit: 60, used: 58, resetAt: now + shortestCooldownMs }],
      },
      {
        ...named('work'),
        windows: [
          { name: 'five_hour', limit: 50, used: 18, resetAt: now + 3.5 * hourMs },
          { name: 'seven_day_opus', limit: 50, used: 39, resetAt: now + 3.5 * dayMs },
        ],
      },
      { ...named('team'), windows: [{ name: 'five_hour', limit: 120, used: 92, resetAt: now + 2.5 * hourMs }] },
    ],
    faults: [{ kind: 'overloaded', credential: 'team', skip: 4 }],
  };
}
