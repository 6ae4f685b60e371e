import { createHash, randomBytes } from 'node:crypto';
import { profileCredential, type Account } from '../core/account/account.ts';
import { asSessionId, type SessionId } from '../core/ids.ts';
import type { EpochMs } from '../core/time.ts';
import type { Phantom } from '../book/ports.ts';
import type { PoolState } from '../book/state.ts';
import type { Ask, Provider, Route } from '../providers/provider.ts';
import type { Body } from './body.ts';
import { newProgress, type Exchange } from './exchange.ts';

/** A request that may be served, and for whom. */
export type Admitted = {
  readonly provider: Provider;
  readonly route: Route;
  readonly phantom: Phantom;
  readonly ask: Ask;
};

/** Names this run of the daemon in the ids of its requests. */
const run = randomBytes(3).toString('hex');
let requests = 0;

export function nextRequestId(): string {
  return `${run}-${(requests += 1)}`;
}

export type Arrived = { readonly body: Body; readonly arrivedAt: EpochMs; readonly pool: PoolState };

/** An agent's request as it sets out. */
export function exchangeOf(request: Request, admitted: Admitted, arrived: Arrived): Exchange {
  const { provider, route, phantom, ask } = admitted;
  const { body, arrivedAt, pool } = arrived;
  const asked = provider.wantedOf(ask, body.bytes);
  const { model, framing } = asked;
  const session = sessionOf(request, admitted, body);
  const suits = ({ credential }: Account): boolean =>
    credential !== profileCredential && provider.suits(ask, credential, asked);
  return {
    body,
    arrivedAt,
    provider,
    route,
    wanted: { pool, session, model, suits },
    phantom: phantom.id,
    framing,
    ask,
    bonds: provider.bonds?.named(ask, request.headers, body.bytes) ?? noBonds,
    headers: request.headers,
    holdMs: phantom.holdMs,
    holdUntil: route === 'inference' ? arrivedAt + (pool.pool.holdMs ?? phantom.holdMs) : arrivedAt,
    client: request.signal,
    progress: newProgress(),
    record: {
      id: nextRequestId(),
      provider: provider.id,
      pool: phantom.pool,
      phantom: phantom.id,
      session,
      path: ask.path,
      model,
      streamed: framing !== null,
      bodyBytes: body.bytes.length,
      account: null,
      tries: [],
      status: null,
      outcome: 'open',
      queuedMs: 0,
      heldMs: 0,
      headMs: null,
      totalMs: 0,
      inputTokens: null,
      outputTokens: null,
    },
  };
}

const noBonds: Exchange['bonds'] = { hard: [], soft: [] };

/**
 * The conversation of a request: by the client's own name for it, else by how it began, so that the subagents behind one
 * phantom are several; a request without either belongs to its phantom.
 */
function sessionOf(request: Request, { provider, route, phantom }: Admitted, body: Body): SessionId {
  const named = provider.sessionOf(request.headers);
  if (named !== null) return asSessionId(named.slice(0, 128));
  const opening = route === 'inference' ? provider.openingOf(body.bytes) : null;
  if (opening === null) return asSessionId(`phantom:${phantom.id}`);
  const digest = createHash('sha256').update(`${phantom.id} ${opening}`).digest('hex');
  return asSessionId(`opening:${digest.slice(0, 16)}`);
}
