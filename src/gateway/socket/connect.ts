import type { IncomingMessage } from 'node:http';
import type { AccountId } from '../../core/ids.ts';
import type { EpochMs } from '../../core/time.ts';
import type { Deadlines, Watched } from '../deadline.ts';
import { describe, UpstreamFailure } from '../upstream.ts';
import { tunnelAgent, type ProxyRules } from './proxy.ts';
import { UpstreamSocket } from './upstream-socket.ts';
import { WsClient, type WebSocket } from './ws-client.ts';

const longestRefusalBytes = 1024 * 1024;

/** What an upgrade needs besides the call. */
export type ConnectDeps = {
  readonly deadlines: Deadlines;
  readonly clock: () => EpochMs;
  /** Longest wait for the answer to the upgrade. */
  readonly timeoutMs: number;
  readonly maxPayloadBytes: number;
  readonly proxy: ProxyRules | null;
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
export function connect(deps: ConnectDeps, upgrade: Upgrade): Promise<Connected> {
  const { headers, protocols } = takeProtocols(upgrade.headers);
  const url = `ws${upgrade.url.slice('http'.length)}`;
  const socket = new WsClient(url, protocols, {
    headers,
    // The agents' messages are small, their client may decline it, and to unpack each one costs more than it saves.
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: deps.maxPayloadBytes,
    agent: tunnelAgent(deps.proxy, upgrade.url),
  });
  return new Promise((resolve, reject) => {
    let expired = false;
    let response: IncomingMessage | undefined;
    const watched: Watched = { dueAt: deps.clock() + deps.timeoutMs, expire: () => void ((expired = true), give()) };
    const give = (): void => socket.terminate();
    const settled = (): void => {
      deps.deadlines.release(watched);
      upgrade.client.removeEventListener('abort', give);
    };
    const fail = (error: Error): void => {
      settled();
      reject(new UpstreamFailure(expired ? 'no answer within the time allowed' : describe(error), { cause: error }));
    };
    deps.deadlines.watch(watched);
    upgrade.client.addEventListener('abort', give, { once: true });
    socket.once('upgrade', (answer) => (response = answer));
    // Stays: an error after the opening is told by `close` as well, and nobody else listens for it.
    socket.on('error', fail);
    socket.once('open', () => {
      settled();
      resolve({ kind: 'open', upstream: opened(socket, upgrade.account, response) });
    });
    socket.once('unexpected-response', (_, answer) => {
      readRefusal(answer).then((bytes) => {
        settled();
        resolve({ kind: 'refused', status: answer.statusCode ?? 0, headers: headersOf(answer), bytes });
      }, fail);
    });
    if (upgrade.client.aborted) give();
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
