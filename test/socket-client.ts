// An agent's side of a WebSocket, as a test reads it: messages in order, each waited for.
import { wsClient, type WebSocket } from '../src/gateway/socket/ws-client.ts';
import { parseJson } from '../src/lib/parse-json.ts';
import { Recorder } from './recorder.ts';

/** A message of the Responses API as far as tests look at it. */
export type Told = {
  readonly type: string;
  readonly delta?: string;
  readonly status?: number;
  readonly response?: { readonly id: string; readonly output?: readonly { readonly type: string }[] };
  readonly error?: { readonly code?: string; readonly type?: string; readonly message?: string };
};

export type Upgrade = { readonly status: number; readonly headers: Headers; readonly body: string };

export type SocketClient = {
  readonly socket: WebSocket;
  readonly headers: Headers;
  readonly messages: readonly Told[];
  send(message: object): void;
  /** Sends a request and resolves with its messages, the keep-alives included, up to the one that ends it. */
  ask(request: object): Promise<Told[]>;
  next(matches: (message: Told) => boolean): Promise<Told>;
  readonly closed: Promise<number>;
};

const ends = new Set(['response.completed', 'response.incomplete', 'response.failed', 'error']);

function isEnd({ type }: Told): boolean {
  return ends.has(type);
}

/** Of the type `garbage` what is no message. */
function toldIn(text: string): Told {
  const message = parseJson(text);
  return typeof message === 'object' && message !== null ? (message as Told) : { type: 'garbage' };
}

/** Asks for a WebSocket: the client, or how it was refused. */
export function openSocket(url: string, headers: Readonly<Record<string, string>>): Promise<SocketClient | Upgrade> {
  const { 'sec-websocket-protocol': protocols, ...others } = headers;
  const socket = new (wsClient())(url.replace(/^http/, 'ws'), protocols?.split(', ') ?? [], { headers: others });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  let answered = new Headers();
  const told = new Recorder<Told>();
  socket.on('message', (data: Buffer) => told.add(toldIn(data.toString('utf8'))));
  socket.on('upgrade', (response) => (answered = headersOf(response.headers)));
  const send = (message: object): void => socket.send(JSON.stringify(message));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('unexpected-response', (_, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: headersOf(response.headers), body });
      });
    });
    socket.on('open', () => {
      const ask = async (request: object): Promise<Told[]> => {
        const from = told.all.length;
        send(request);
        await told.next(isEnd);
        return told.all.slice(from);
      };
      resolve({
        socket,
        headers: answered,
        messages: told.all,
        send,
        ask,
        next: (matches) => told.next(matches),
        closed,
      });
    });
  });
}

function headersOf(headers: NodeJS.Dict<string | string[]>): Headers {
  return new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
