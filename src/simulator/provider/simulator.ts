import type { Exchange } from '../http/exchange.ts';
import { startHttpServer } from '../http/server.ts';
import { asksForWebSocket } from '../http/web-socket.ts';
import { handleControl } from './control.ts';
import type { FixedReply } from './fixed-reply.ts';
import type { Abort, SeenRequest } from './request-log.ts';
import { credentialNamed, type NamedCredential, type ProviderState } from './state.ts';

export interface ProviderOptions<Scenario> {
  readonly scenario: Scenario;
  /** Any free port when absent or 0. */
  readonly port?: number;
  /** The clock of windows and expiries, in epoch ms; pauses within an answer are real time. */
  readonly now?: () => number;
  /** Gives every request with a body the same bytes, without authentication, quota, faults or log: for benchmarks. */
  readonly fixedReply?: FixedReply;
}

/** A running provider. */
export interface ProviderSimulator<Fault, Change, State> {
  readonly url: string;
  readonly port: number;
  /** The last 10,000 requests, oldest first. */
  readonly requests: readonly SeenRequest[];
  readonly aborts: readonly Abort[];
  readonly openRequests: number;
  inject(fault: Fault): void;
  clearFaults(): void;
  changeCredential(name: string, change: Change): void;
  state(): State[];
  nextRequest(predicate?: (request: SeenRequest) => boolean): Promise<SeenRequest>;
  nextAbort(): Promise<Abort>;
  /** Drops every connection; idempotent. */
  stop(): void;
}

interface Parts<State> {
  readonly port: number | undefined;
  readonly state: ProviderState<NamedCredential<State>, { add(input: unknown): void; clear(): void }>;
  /** Answers a request that is not the simulator's own control. */
  readonly route: (exchange: Exchange) => void | Promise<void>;
  /** Answers every POST and every upgrade to a WebSocket in its place. */
  readonly fixed: ((exchange: Exchange) => void) | undefined;
}

/** Starts a provider on loopback. */
export function startProvider<Fault, Change, State>(parts: Parts<State>): ProviderSimulator<Fault, Change, State> {
  const { state, route, fixed } = parts;
  const server = startHttpServer(parts.port ?? 0, (exchange) => {
    if (fixed !== undefined && asksForAnswer(exchange)) fixed(exchange);
    else if (!handleControl(exchange, state)) void route(exchange);
  });
  const { log, faults, credentials } = state;
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
    changeCredential: (name, change) => credentialNamed(credentials, name).change(change, state.now()),
    state: () => credentials.map((credential) => credential.state(state.now())),
    nextRequest: (predicate) => log.nextRequest(predicate),
    nextAbort: () => log.nextAbort(),
    stop: () => server.stop(),
  };
}

function asksForAnswer({ request }: Exchange): boolean {
  return request.method === 'POST' || asksForWebSocket(request);
}
