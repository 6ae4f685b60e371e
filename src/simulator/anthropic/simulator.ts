import { type ProviderOptions, type ProviderSimulator, startProvider } from '../provider/simulator.ts';
import type { CredentialState } from './credential.ts';
import type { FaultInput } from './fault.ts';
import { fixedReplies } from './fixed-reply.ts';
import { route } from './route.ts';
import type { CredentialChange, ScenarioInput } from './scenario.ts';
import { newState } from './state.ts';

export type SimulatorOptions = ProviderOptions<ScenarioInput>;

/** A running provider that speaks Anthropic's wire format. */
export type Simulator = ProviderSimulator<FaultInput, CredentialChange, CredentialState>;

/** Starts the provider on loopback; throws zod's error for a scenario that is not one. */
export function startAnthropicSimulator(options: SimulatorOptions): Simulator {
  const state = newState(options);
  const fixed = options.fixedReply === undefined ? undefined : fixedReplies(options.fixedReply, state);
  return startProvider({ port: options.port, state, fixed, route: (exchange) => route(exchange, state) });
}
