import type { FaultPlan } from '../provider/fault.ts';
import { deltaDelayOf } from '../provider/scenario.ts';
import { newProviderState, type ProviderState } from '../provider/state.ts';
import { Credential } from './credential.ts';
import { type Fault, newFaultPlan } from './fault.ts';
import { parseScenario, type Scenario, type ScenarioInput } from './scenario.ts';

/** What a request is answered from. */
export interface SimulatorState extends ProviderState<Credential, FaultPlan<Fault>> {
  readonly scenario: Scenario;
  /** Also by the access tokens of a login, all that it ever had. */
  readonly bySecret: Pick<ReadonlyMap<string, Credential>, 'get'>;
  readonly nextRequestId: () => string;
}

export function newState(options: { scenario: ScenarioInput; now?: () => number }): SimulatorState {
  const scenario = parseScenario(options.scenario);
  const now = options.now ?? Date.now;
  const bySecret = new Map(
    scenario.credentials.map((credential) => [credential.secret, new Credential(credential, now())]),
  );
  const state = newProviderState({
    credentials: [...bySecret.values()],
    faults: newFaultPlan(),
    firstFaults: scenario.faults,
    deltaDelayMs: deltaDelayOf(scenario),
    now,
  });
  return { ...state, scenario, bySecret: withLogins(bySecret, now), nextRequestId: () => `req_${state.nextId()}` };
}

function withLogins(bySecret: ReadonlyMap<string, Credential>, now: () => number): SimulatorState['bySecret'] {
  const logins = [...bySecret.values()].filter((credential) => credential.login !== undefined);
  return {
    get: (secret) => bySecret.get(secret) ?? logins.find(({ login }) => login?.standing(secret, now()) !== undefined),
  };
}
