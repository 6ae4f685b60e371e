import { Credential, type CredentialState } from './credential.ts';
import { FaultPlan } from './fault.ts';
import { RequestLog } from './request-log.ts';
import { parseScenario, type Scenario, type ScenarioInput } from './scenario.ts';

/** What a request is answered from. */
export interface SimulatorState {
  readonly scenario: Scenario;
  readonly credentials: ReadonlyMap<string, Credential>;
  readonly faults: FaultPlan;
  readonly log: RequestLog;
  readonly deltaDelayMs: number;
  readonly now: () => number;
  readonly nextRequestId: () => string;
}

export function newState(options: { scenario: ScenarioInput; now?: () => number }): SimulatorState {
  const scenario = parseScenario(options.scenario);
  const now = options.now ?? Date.now;
  const faults = new FaultPlan();
  for (const fault of scenario.faults) faults.add(fault);
  const { tokensPerSecond } = scenario;
  const run = crypto.getRandomValues(Buffer.alloc(8)).toString('hex');
  let count = 0;
  return {
    scenario,
    credentials: new Map(
      scenario.credentials.map((credential) => [credential.secret, new Credential(credential, now())]),
    ),
    faults,
    log: new RequestLog(),
    deltaDelayMs: scenario.deltaDelayMs ?? (tokensPerSecond === undefined ? 0 : 1000 / tokensPerSecond),
    now,
    nextRequestId: () => `req_${run}${(++count).toString(16).padStart(8, '0')}`,
  };
}

export function credentialStates({ credentials, now }: SimulatorState): CredentialState[] {
  return [...credentials.values()].map((credential) => credential.state(now()));
}

/** Throws for a name that the scenario does not have. */
export function credentialNamed({ credentials }: SimulatorState, name: string): Credential {
  const found = [...credentials.values()].find((credential) => credential.name === name);
  if (found === undefined) throw new RangeError(`no credential is named ${name}`);
  return found;
}
