import { FaultPlan } from '../provider/fault.ts';
import { deltaDelayOf } from '../provider/scenario.ts';
import { newProviderState, type ProviderState } from '../provider/state.ts';
import { Credential } from './credential.ts';
import { faultSchema, fits, type GoogleFault } from './fault.ts';
import { ProjectQuota } from './project-quota.ts';
import { type GoogleScenario, type GoogleScenarioInput, parseScenario } from './scenario.ts';

/** What a request is answered from. */
export interface GoogleState extends ProviderState<Credential, FaultPlan<GoogleFault>> {
  readonly scenario: GoogleScenario;
}

export function newState(options: { scenario: GoogleScenarioInput; now?: () => number }): GoogleState {
  const scenario = parseScenario(options.scenario);
  const now = options.now ?? Date.now;
  const state = newProviderState({
    credentials: credentialsOf(scenario, now()),
    faults: new FaultPlan<GoogleFault>({ parse: (input) => faultSchema.parse(input), fits }),
    firstFaults: scenario.faults,
    deltaDelayMs: deltaDelayOf(scenario),
    now,
  });
  return { ...state, scenario };
}

function credentialsOf({ credentials }: GoogleScenario, now: number): Credential[] {
  const quotas = new Map<string, ProjectQuota>();
  return credentials.map((options) => {
    const project = options.project ?? `${options.name}-project`;
    const quota = quotas.get(project) ?? new ProjectQuota();
    quotas.set(project, quota);
    for (const window of options.windows) quota.add(window, now);
    return new Credential(options, project, quota);
  });
}
