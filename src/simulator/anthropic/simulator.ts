import { startHttpServer } from '../http/server.ts';
import type { CredentialState } from './credential.ts';
import { type FaultInput } from './fault.ts';
import { type FixedReply, fixedReplies } from './fixed-reply.ts';
import type { Abort, SeenRequest } from './request-log.ts';
import { route } from './route.ts';
import type { CredentialChange, ScenarioInput } from './scenario.ts';
import { credentialNamed, credentialStates, newState } from './state.ts';

export interface SimulatorOptions {
  readonly scenario: ScenarioInput;
  /** Any free port when absent or 0. */
  readonly port?: number;
  /** The clock of windows and expiries, in epoch ms; pauses within an answer are real time. */
  readonly now?: () => number;
  /** Gives every message request the same bytes, without authentication, quota, faults or log: for benchmarks. */
  readonly fixedReply?: FixedReply;
}

/** A running provider that speaks Anthropic's wire format. */
export interface Simulator {
  readonly url: string;
  readonly port: number;
  /** The last 10,000 requests, oldest first. */
  readonly requests: readonly SeenRequest[];
  readonly aborts: readonly Abort[];
  readonly openRequests: number;
  inject(fault: FaultInput): void;
  clearFaults(): void;
  changeCredential(name: string, change: CredentialChange): void;
  state(): CredentialState[];
  nextRequest(predicate?: (request: SeenRequest) => boolean): Promise<SeenRequest>;
  nextAbort(): Promise<Abort>;
  /** Drops every connection; idempotent. */
  stop(): void;
}

/** Starts the provider on loopback; throws zod's error for a scenario that is not one. */
export function startAnthropicSimulator(options: SimulatorOptions): Simulator {
  const state = newState(options);
  const fixed = options.fixedReply === undefined ? undefined : fixedReplies(options.fixedReply, state);
  const server = startHttpServer(options.port ?? 0, (exchange) => {
    if (fixed !== undefined && exchange.request.method === 'POST') fixed(exchange);
    else void route(exchange, state);
  });
  const { log, faults } = state;
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    requests: log.requests,
    aborts: log.aborts,
    get openRequests() {
      return log.openRequests;
    },
    inject: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    changeCredential: (name, change) => credentialNamed(state, name).change(change, state.now()),
    state: () => credentialStates(state),
    nextRequest: (predicate) => log.nextRequest(predicate),
    nextAbort: () => log.nextAbort(),
    stop: () => server.stop(),
  };
}
