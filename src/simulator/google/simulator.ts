import { type ProviderOptions, type ProviderSimulator, startProvider } from '../provider/simulator.ts';
import type { GoogleCredentialState } from './credential.ts';
import type { GoogleFaultInput } from './fault.ts';
import { fixedReplies } from './fixed-reply.ts';
import { route } from './route.ts';
import type { GoogleCredentialChange, GoogleScenarioInput } from './scenario.ts';
import { newState } from './state.ts';

export type GoogleSimulatorOptions = ProviderOptions<GoogleScenarioInput>;

/** A running provider that speaks the wire formats of the Gemini API, Vertex AI and Code Assist. */
export type GoogleSimulator = ProviderSimulator<GoogleFaultInput, GoogleCredentialChange, GoogleCredentialState>;

/** Starts the provider on loopback; throws zod's error for a scenario that is not one. */
export function startGoogleSimulator(options: GoogleSimulatorOptions): GoogleSimulator {
  const state = newState(options);
  const { fixedReply } = options;
  return startProvider({
    port: options.port,
    state,
    route: (exchange) => route(exchange, state),
    fixed: fixedReply === undefined ? undefined : fixedReplies(fixedReply, state.nextId()),
  });
}
