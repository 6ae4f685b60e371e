import type { EpochMs } from '../../core/time.ts';
import type { GoogleScenarioInput } from '../../simulator/google/scenario.ts';
import { startGoogleSimulator } from '../../simulator/google/simulator.ts';
import { shortestCooldownMs, type DemoProvider } from './provider.ts';

/** API keys, limited by the minute and by the day: how full they are, Google tells nobody before they are. */
export const google: DemoProvider = {
  id: 'google',
  model: 'gemini-2.5-pro',
  window: 'day',
  start(now, deltaDelayMs) {
    const simulator = startGoogleSimulator({ scenario: scenario(now, deltaDelayMs) });
    return {
      url: simulator.url,
      requests: simulator.requests,
      useUp: (label) => simulator.changeCredential(label, { windows: [{ name: 'day', used: 'all' }] }),
      stop: () => simulator.stop(),
    };
  },
  secretOf: (label) => `AIza-demo-${label}-0123456789`,
  asksModel: (path) => path.endsWith(':streamGenerateContent'),
};

function scenario(now: EpochMs, deltaDelayMs: number): GoogleScenarioInput {
  const named = (name: string) => ({ name, secret: google.secretOf(name) });
  return {
    deltaDelayMs,
    credentials: [
      { ...named('personal'), windows: [{ name: 'minute', limit: 60, used: 58, resetAt: now + shortestCooldownMs }] },
      { ...named('work'), windows: [{ name: 'day', limit: 50, used: 39 }] },
      { ...named('team'), windows: [{ name: 'day', limit: 120, used: 92 }] },
    ],
    faults: [{ kind: 'unavailable', credential: 'team', skip: 4 }],
  };
}
