import type { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { Provider } from '../providers/provider.ts';
import type { Answer, Exchange } from './exchange.ts';
import { failover, type Progressed } from './failover.ts';
import { HeldBody, type HoldDeps } from './hold.ts';
import { Relay, streamOf } from './relay.ts';

/** What a stopping daemon has to wait for, and can break: bodies, and connections that it asks to end by themselves. */
export type OpenStreams = Set<{ cancel(outcome: string): void; drain?(): void }>;

export type RespondDeps = HoldDeps & {
  readonly open: OpenStreams;
  readonly finished: (exchange: Exchange, outcome: string) => void;
};

/** Runs a request to the response that its client gets; the body may still be under way when this resolves. */
export async function respond(deps: RespondDeps, exchange: Exchange): Promise<Response> {
  const progressed = await failover(deps, exchange);
  exchange.record.headMs = deps.book.clock() - exchange.arrivedAt;
  return progressed.kind === 'hold'
    ? heldResponse(deps, exchange, progressed.until)
    : deliver(deps, exchange, progressed);
}

/** The response of a request that waits for nobody. */
export function deliver(
  deps: RespondDeps,
  exchange: Exchange,
  progressed: Exclude<Progressed, { kind: 'hold' }>,
): Response {
  switch (progressed.kind) {
    case 'answer':
      return answerResponse(deps, exchange, progressed);
    case 'problem':
      exchange.record.status = problemStatus(exchange.provider, progressed.problem, deps.book.clock());
      deps.finished(exchange, progressed.problem.code);
      return tellIn(problemResponse(exchange.provider, progressed.problem, deps.book.clock()), exchange);
    case 'dropped':
      deps.finished(exchange, 'aborted');
      // Nobody reads this: the client is gone.
      return new Response(null, { status: 499 });
  }
}

function answerResponse(
  deps: RespondDeps,
  exchange: Exchange,
  { answer, end }: { answer: Answer; end: () => void },
): Response {
  const { headers, status } = answer;
  exchange.record.status = status;
  tell(headers, exchange);
  // From here on nothing is sent a second time.
  exchange.body.release();
  if (answer.kind === 'whole') {
    end();
    deps.finished(exchange, status < 400 && exchange.record.tries.at(-1)?.outcome === 'served' ? 'served' : 'failed');
    return new Response(bodyOf(answer.bytes, status), { status, headers });
  }
  const relay: Relay = new Relay(exchange, answer, {
    book: deps.book,
    finish: (outcome) => {
      end();
      deps.open.delete(relay);
      deps.finished(exchange, outcome);
    },
  });
  deps.open.add(relay);
  return new Response(streamOf(relay), { status, headers });
}

function heldResponse(deps: RespondDeps, exchange: Exchange, until: EpochMs): Response {
  exchange.record.status = 200;
  const held: HeldBody = new HeldBody(deps, exchange, {
    until,
    finish: (outcome) => {
      exchange.body.release();
      if (!deps.open.delete(held)) return;
      deps.finished(exchange, outcome);
    },
  });
  deps.open.add(held);
  const type = exchange.framing === 'sse' ? 'text/event-stream; charset=utf-8' : 'application/json';
  return new Response(streamOf(held), { headers: { 'content-type': type, 'cache-control': 'no-cache' } });
}

export function problemResponse(provider: Provider, problem: Problem, now: EpochMs): Response {
  const { status, headers, body } = provider.renderProblem(problem, now);
  return new Response(body, { status, headers });
}

function tellIn(response: Response, exchange: Exchange): Response {
  tell(response.headers, exchange);
  return response;
}

function problemStatus(provider: Provider, problem: Problem, now: EpochMs): number {
  return provider.renderProblem(problem, now).status;
}

/** Tells what the request went through. */
export function tell(headers: Headers, { record }: Exchange): void {
  if (record.account !== null) headers.set('stint-account', record.account);
  headers.set('stint-tries', String(record.tries.length));
}

function bodyOf(bytes: Uint8Array, status: number): Uint8Array<ArrayBuffer> | null {
  return status === 204 || status === 304 ? null : (bytes as Uint8Array<ArrayBuffer>);
}
