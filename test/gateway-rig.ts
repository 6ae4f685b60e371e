// A gateway with all that is around it: the simulator or any other upstream, a store on disk, the book, and a client.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Book, BookEvent } from '../src/book/book.ts';
import { issuePhantom } from '../src/book/phantoms.ts';
import type { BookStore } from '../src/book/ports.ts';
import { savePool } from '../src/book/roster.ts';
import { asProviderId, labelOf } from '../src/core/ids.ts';
import type { Pool } from '../src/core/pool/pool.ts';
import type { EpochMs } from '../src/core/time.ts';
import type { Gateway } from '../src/gateway/gateway.ts';
import type { GatewaySettings, RefusedRequest, RequestRecord } from '../src/gateway/ports.ts';
import type { ScenarioInput } from '../src/simulator/anthropic/scenario.ts';
import { startAnthropicSimulator, type Simulator } from '../src/simulator/anthropic/simulator.ts';
import { buildAccount, buildPool, idOf, labelFrom } from './builders.ts';
import { openGateway } from './open-gateway.ts';
import { temporaryFolder } from './temp-folder.ts';

export type RigOptions = {
  /** One account and one credential each, in this order; `a` and `b` when absent. */
  readonly accounts?: readonly string[];
  readonly kind?: 'setup-token' | 'api-key' | 'profile';
  readonly scenario?: Omit<ScenarioInput, 'credentials'>;
  readonly settings?: Partial<GatewaySettings>;
  readonly pool?: Partial<Pool>;
  readonly holdMs?: number;
  /** In place of the simulator. */
  readonly upstreamUrl?: string;
  /** In place of the smallest number, which makes pauses short. */
  readonly random?: () => number;
  /** Stands between the book and its database. */
  readonly wrapStore?: (store: BookStore) => BookStore;
};

export type Ask = {
  readonly prompt?: string;
  readonly model?: string;
  readonly stream?: boolean;
  readonly session?: string;
  /** The phantom; null for none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly path?: string;
  /** The whole body, in place of the one made of prompt, model and stream. */
  readonly body?: Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array> | null;
  readonly signal?: AbortSignal;
};

export type Rig = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly simulator: Simulator;
  readonly book: Book;
  readonly gateway: Gateway;
  readonly token: string;
  /** What the book told of accounts and pools; that sessions move is in their answers. */
  readonly events: readonly BookEvent[];
  readonly records: readonly RequestRecord[];
  readonly bugs: readonly unknown[];
  readonly refusals: readonly RefusedRequest[];
  /** `send a` and `closed a` as the gateway did and learnt it: a secret is read at the moment of its send. */
  readonly order: readonly string[];
  readonly clock: () => EpochMs;
  /** Moves the clock of gateway, book and simulator, and lets everybody who waits look at it. */
  advance(byMs: number): void;
  issue(holdMs: number): Promise<string>;
  ask(options?: Ask): Promise<Response>;
  /** Resolves with the record of the next request that ends. */
  nextRecord(): Promise<RequestRecord>;
  /** Resolves when the book tells the next event that matches. */
  nextEvent(matches: (event: BookEvent) => boolean): Promise<BookEvent>;
  /** Whom the inference requests were sent to so far. */
  sends(): (string | null)[];
};

const anthropicId = asProviderId('anthropic');

export function secretOf(label: string, kind: RigOptions['kind'] = 'setup-token'): string {
  return `sk-ant-${kind === 'api-key' ? 'api03' : 'oat01'}-test-${label}`;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  await using opened = new AsyncDisposableStack();
  const labels = options.accounts ?? ['a', 'b'];
  let aheadMs = 0;
  const clock = (): EpochMs => Date.now() + aheadMs;
  const folder = opened.use(temporaryFolder());
  const credentials = labels.map((name) => ({ name, secret: secretOf(name, options.kind) }));
  const simulator = startAnthropicSimulator({ scenario: { credentials, ...options.scenario }, now: clock });
  opened.defer(() => simulator.stop());

  const order: string[] = [];
  const { kind = 'setup-token', upstreamUrl = simulator.url } = options;
  const { book, gateway, port, events, records, bugs, refusals } = await openGateway(opened, {
    ...options,
    folder: folder.path,
    clock,
    accounts: labels.map((label) => buildAccount(label, { credential: kind, baseUrl: upstreamUrl, addedAt: clock() })),
    secrets: new Map(labels.map((label) => [idOf(label), secretOf(label, options.kind)])),
    onSend: (account) => order.push(`send ${labelOf(account)}`),
    onEvent: (event) => {
      if (event.kind === 'closed') order.push(`closed ${labelOf(event.limit.account)}`);
    },
  });
  await savePool(book, buildPool(labels.map(idOf), options.pool));
  const url = `http://127.0.0.1:${port}/anthropic`;
  const issue = async (holdMs: number): Promise<string> => (await issuePhantomOf(book, holdMs)).token;
  const token = await issue(options.holdMs ?? 0);
  const resources = opened.move();

  return {
    url,
    port,
    simulator,
    book,
    gateway,
    token,
    get events() {
      return events.all.filter(({ kind }) => kind !== 'moved');
    },
    records: records.all,
    bugs,
    refusals,
    order,
    clock,
    advance: (byMs) => {
      aheadMs += byMs;
      book.wake();
    },
    issue,
    ask: (ask = {}) => send(url, { token, ...ask }),
    nextRecord: () => records.next(() => true),
    nextEvent: (matches) => events.next(matches),
    sends: () => simulator.requests.filter(({ path }) => path === '/v1/messages').map(({ credential }) => credential),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export function issuePhantomOf(book: Book, holdMs: number) {
  return issuePhantom(book, { provider: anthropicId, pool: labelFrom('anthropic'), origin: 'wrapper', holdMs });
}

function send(url: string, ask: Ask): Promise<Response> {
  const { method = 'POST', path = '/v1/messages?beta=true', body = bodyOf(ask), token, session } = ask;
  const headers = new Headers({ 'content-type': 'application/json', 'anthropic-version': '2023-06-01' });
  if (typeof token === 'string') headers.set('authorization', `Bearer ${token}`);
  if (session !== undefined) headers.set('x-claude-code-session-id', session);
  for (const [name, value] of Object.entries(ask.headers ?? {})) headers.set(name, value);
  return fetch(url + path, {
    method,
    headers,
    decompress: false,
    redirect: 'manual',
    ...(method === 'POST' && body !== null ? { body } : {}),
    ...(ask.signal === undefined ? {} : { signal: ask.signal }),
  });
}

export function bodyOf({ model = 'claude-sonnet-4-5', prompt = 'hi', stream = false }: Ask): string {
  const messages = [{ role: 'user', content: prompt }];
  return JSON.stringify({ model, max_tokens: 100, messages, ...(stream ? { stream } : {}) });
}

/** An upstream of the test's own, for what the simulator does not show or do; gone with the scope. */
export async function listenHttp(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Reads a body to its end or to its break. */
export async function readAll(response: Response): Promise<{ text: string; broken: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}

/** The `event:` names of a stream, in order. */
export function eventsOf(stream: string): string[] {
  return [...stream.matchAll(/^event: (.*)$/gm)].map(([, name]) => name ?? '');
}

/** The error of an answer in the provider's shape. */
export async function errorOf(response: Response): Promise<{ type: string; message: string }> {
  return ((await response.json()) as { error: { type: string; message: string } }).error;
}
