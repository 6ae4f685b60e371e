import type { Exchange } from '../exchange.ts';
import { failover, waitOut, type FailoverDeps } from '../failover.ts';
import { returnedHeaders } from '../headers.ts';
import { deliver, tell } from '../respond.ts';
import { Connection, type Admission, type ConnectionDeps } from './connection.ts';
import { openOn, type Opened } from './open.ts';

/** Gives the client's request over to a connection; false when the client is gone. */
export type Accept = (headers: Headers, connection: Connection) => boolean;

type Asked = { readonly exchange: Exchange; readonly accept: Accept } & Pick<Admission, 'socket' | 'admit'>;

/**
 * Answers a client's upgrade once an account has answered ours: accepted by that account, refused as the last one
 * refused it, or told why nobody is open. A hold passes without a byte. Undefined when it is accepted.
 */
export async function acceptSocket(deps: ConnectionDeps, asked: Asked): Promise<Response | undefined> {
  const { exchange } = asked;
  const found: { opened: Opened | null } = { opened: null };
  const opening: FailoverDeps = {
    ...deps,
    send: async (_, __, account) => {
      const tried = await openOn(deps, exchange, account);
      if ('sent' in tried) return tried.sent;
      found.opened = tried.opened;
      const { headers } = tried.opened.upstream;
      return {
        outcome: { kind: 'served' },
        answer: { kind: 'whole', status: 101, headers, bytes: Buffer.alloc(0), account },
      };
    },
  };
  const first = await failover(opening, exchange);
  const progressed = first.kind === 'hold' ? await waitOut(opening, exchange, first.until) : first;
  exchange.record.headMs = deps.book.clock() - exchange.arrivedAt;
  const { opened } = found;
  if (opened === null || progressed.kind !== 'answer') {
    opened?.upstream.abort();
    return deliver(deps, exchange, progressed);
  }
  progressed.end();
  exchange.record.status = 101;
  return hand(deps, asked, opened);
}

function hand(deps: ConnectionDeps, asked: Asked, opened: Opened): Response | undefined {
  const { exchange, accept } = asked;
  const headers = acceptedHeaders(opened);
  tell(headers, exchange);
  const connection = new Connection(deps, { ...asked, upgrade: exchange, opened });
  if (accept(headers, connection)) {
    deps.finished(exchange, 'served');
    return undefined;
  }
  opened.upstream.abort();
  return deliver(deps, exchange, { kind: 'dropped' });
}

/** The provider's headers for the client, without those of its own handshake. */
function acceptedHeaders({ upstream }: Opened): Headers {
  const headers = returnedHeaders(upstream.headers, false);
  for (const name of [...headers.keys()]) if (name.startsWith('sec-websocket-')) headers.delete(name);
  if (upstream.protocol !== '') headers.set('sec-websocket-protocol', upstream.protocol);
  return headers;
}
