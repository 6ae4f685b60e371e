import type { FaultPlan } from '../provider/fault.ts';
import { deltaDelayOf } from '../provider/scenario.ts';
import { newProviderState, type ProviderState } from '../provider/state.ts';
import { type Credential, KeyCredential, PlanCredential } from './credential.ts';
import { type Fault, newFaultPlan, type OpenAiTarget } from './fault.ts';
import { ResponseStore } from './response-store.ts';
import { parseScenario, type Scenario, type ScenarioInput } from './scenario.ts';

/** What a request is answered from. */
export interface SimulatorState extends ProviderState<Credential, FaultPlan<Fault, OpenAiTarget>> {
  readonly scenario: Scenario;
  readonly store: ResponseStore;
}

export function newState(options: { scenario: ScenarioInput; now?: () => number }): SimulatorState {
  const scenario = parseScenario(options.scenario);
  const now = options.now ?? Date.now;
  const state = newProviderState({
    credentials: scenario.credentials.map((credential) =>
      credential.kind === 'plan' ? new PlanCredential(credential, now()) : new KeyCredential(credential, now()),
    ),
    faults: newFaultPlan(),
    firstFaults: scenario.faults,
    deltaDelayMs: deltaDelayOf(scenario),
    now,
  });
  return { ...state, scenario, store: new ResponseStore() };
}

export function plansOf({ credentials }: SimulatorState): PlanCredential[] {
  return credentials.filter((credential) => credential.kind === 'plan');
}
