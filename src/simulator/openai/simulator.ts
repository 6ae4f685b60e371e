import { type ProviderOptions, type ProviderSimulator, startProvider } from '../provider/simulator.ts';
import { credentialNamed } from '../provider/state.ts';
import type { CredentialState, PlanLogin } from './credential.ts';
import type { FaultInput } from './fault.ts';
import { fixedReplies } from './fixed-reply.ts';
import { route } from './route.ts';
import type { CredentialChange, ScenarioInput } from './scenario.ts';
import { newState, type SimulatorState } from './state.ts';

export type OpenAiOptions = ProviderOptions<ScenarioInput>;

/** A running provider that speaks OpenAI's wire formats: the API, and the backend of ChatGPT's plans. */
export interface OpenAiSimulator extends ProviderSimulator<FaultInput, CredentialChange, CredentialState> {
  /** The login of a plan as its last refresh left it; throws for a name that is no plan's. */
  login(name: string): PlanLogin;
}

/** Starts the provider on loopback; throws zod's error for a scenario that is not one. */
export function startOpenAiSimulator(options: OpenAiOptions): OpenAiSimulator {
  const state = newState(options);
  const fixed = options.fixedReply === undefined ? undefined : fixedReplies(options.fixedReply, state);
  const simulator = startProvider<FaultInput, CredentialChange, CredentialState>({
    port: options.port,
    state,
    fixed,
    route: (exchange) => route(exchange, state),
  });
  return Object.assign(simulator, { login: (name: string) => loginOf(state, name) });
}

function loginOf(state: SimulatorState, name: string): PlanLogin {
  const credential = credentialNamed(state.credentials, name);
  if (credential.kind !== 'plan') throw new RangeError(`${name} is no plan`);
  return credential.planLogin();
}
