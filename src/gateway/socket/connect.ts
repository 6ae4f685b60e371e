import type { IncomingMessage } from 'node:http';
import type { AccountId } from '../../core/ids.ts';
import type { EpochMs } from '../../core/time.ts';
import type { Deadlines, Watched } from '../deadline.ts';
import { UpstreamFailure } from '../upstream.ts';
import { describeNetworkError } from '../../lib/network-error.ts';
import { proxyOf, type ProxyRules } from './proxy.ts';
import { openTunnel } from './tunnel.ts';
import { UpstreamSocket } from './upstream-socket.ts';
import { wsClient, type WebSocket } from './ws-client.ts';

const longestRefusalBytes = 1024 * 1024;

/** What an upgrade needs besides the call. */
export type ConnectDeps = {
  readonly deadlines: Deadlines;
  readonly clock: () => EpochMs;
  /** Longest wait for the answer to the upgrade. */
  readonly timeoutMs: number;
  readonly maxPayloadBytes: number;
  readonly proxy: ProxyRules | null;
  /** The certificates that are trusted; absent where they are the runtime's own. */
  readonly tls: { readonly ca: string } | undefined;
};

export type Upgrade = {
  readonly account: AccountId;
  /** With http or https. */
  readonly url: string;
  readonly headers: Headers;
  readonly client: AbortSignal;
};

/** The provider's answer to an upgrade. */
export type Connected =
  | { readonly kind: 'open'; readonly upstream: UpstreamSocket }
  | { readonly kind: 'refused'; readonly status: number; readonly headers: Headers; readonly bytes: Buffer };

/** Asks a provider for a WebSocket. Throws an UpstreamFailure when no answer comes; redirects are not followed. */
export async function connect(deps: ConnectDeps, upgrade: Upgrade): Promise<Connected> {
  const abort = new AbortController();
  let expired = false;
  const expire = (): void => {
    expired = true;
    abort.abort();
  };
  const leave = (): void => abort.abort();
  const watched: Watched = { dueAt: deps.clock() + deps.timeoutMs, expire };
  deps.deadlines.watch(watched);
  upgrade.client.addEventListener('abort', leave, { once: true });
  if (upgrade.client.aborted) leave();
  try {
    return await shakeHands(deps, upgrade, abort.signal);
  } catch (error) {
    throw new UpstreamFailure(expired ? 'no answer within the time allowed' : describeNetworkError(error), {
      cause: error,
    });
  } finally {
    deps.deadlines.release(watched);
    upgrade.client.removeEventListener('abort', leave);
  }
}

async function shakeHands(deps: ConnectDeps, upgrade: Upgrade, abort: AbortSignal): Promise<Connected> {
  const url = new URL(upgrade.url);
  const proxy = deps.proxy === null ? null : proxyOf(url, deps.proxy);
  const tunnel = proxy === null ? null : await openTunnel({ proxy, url, tls: deps.tls }, abort);
  const { headers, protocols } = takeProtocols(upgrade.headers);
  const Client = wsClient();
  const socket = new Client(`ws${upgrade.url.slice('http'.length)}`, protocols, {
    headers,
    // The messages are small, and to unpack each one costs more than it saves.
    perMessageDeflate: false,
    followRedirects: false,
    // By itself `ws` 8.23 cuts a connection on which pings come faster than their answers leave.
    autoPong: false,
    maxPayload: deps.maxPayloadBytes,
    ...deps.tls,
    ...(tunnel === null ? {} : { createConnection: () => tunnel }),
  });
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    const leave = (): void => socket.terminate();
    abort.addEventListener('abort', leave, { once: true });
    if (abort.aborted) leave();
    socket.once('upgrade', (response) => (answer = response));
    // Stays: what breaks an open connection is told by `close` as well, and an error nobody listens for ends the process.
    socket.on('error', reject);
    socket.once('open', () => {
      abort.removeEventListener('abort', leave);
      resolve({ kind: 'open', upstream: opened(socket, upgrade.account, answer) });
    });
    socket.once('unexpected-response', (_, response) => {
      const refused = (bytes: Buffer): void =>
        resolve({ kind: 'refused', status: response.statusCode ?? 0, headers: headersOf(response), bytes });
      // `ws` leaves the connection to whoever listens, and it would keep a daemon that stops from its end.
      void readRefusal(response).then(refused, reject).finally(leave);
    });
  });
}

function opened(socket: WebSocket, account: AccountId, response: IncomingMessage | undefined): UpstreamSocket {
  return new UpstreamSocket(socket, account, response === undefined ? new Headers() : headersOf(response));
}

/** `ws` writes the headers of the handshake itself, and offers no extension. */
function takeProtocols(incoming: Headers): { headers: Record<string, string>; protocols: string[] } {
  const offered = incoming.get('sec-websocket-protocol')?.split(',') ?? [];
  const rest = [...incoming].filter(([name]) => !name.startsWith('sec-websocket-'));
  return { headers: Object.fromEntries(rest), protocols: offered.map((each) => each.trim()).filter(Boolean) };
}

async function readRefusal(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longestRefusalBytes) throw new Error('the answer to the upgrade is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string);
  }
  return headers;
}
