import type { Outcome } from '../core/failover/outcome.ts';
import type { AccountId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { EpochMs } from '../core/time.ts';
import type { Book } from '../book/book.ts';
import { asBuffer } from '../lib/as-buffer.ts';
import { decodeBody } from '../lib/decode.ts';
import type { AnswerContext, Verdict } from '../providers/provider.ts';
import type { Deadlines } from './deadline.ts';
import type { Answer, Exchange } from './exchange.ts';
import { passGate, type Chunks } from './gate.ts';
import { forwardedHeaders, returnedHeaders } from './headers.ts';
import type { GatewaySettings, Secrets } from './ports.ts';
import { Upstream, UpstreamFailure } from './upstream.ts';

export type SendDeps = {
  readonly book: Book;
  readonly secrets: Secrets;
  readonly settings: GatewaySettings;
  readonly deadlines: Deadlines;
};

export const usageBytes = 2048;

/** What one send came to: how to judge it, and the provider's answer where there is one to deliver. */
export type Sent = { readonly outcome: Outcome; readonly answer: Answer | null };

type Sending = {
  readonly exchange: Exchange;
  readonly account: AccountId;
  readonly upstream: Upstream;
  readonly sentAt: EpochMs;
};

/**
 * Sends a request once, on one account, and reads as much of the answer as it takes to judge it: the head, an error's
 * body, a stream's first events. The book knows what was learnt when this resolves; await `journal.written` before
 * acting on it.
 */
export async function send(deps: SendDeps, exchange: Exchange, account: AccountId): Promise<Sent> {
  const { book, settings } = deps;
  const times = {
    headTimeoutMs: exchange.streamed ? settings.headTimeoutMs.streamed : settings.headTimeoutMs.whole,
    idleTimeoutMs: settings.idleTimeoutMs,
  };
  const upstream = new Upstream(deps.deadlines, book.clock, times);
  const sending: Sending = { exchange, account, upstream, sentAt: book.clock() };
  const abort = (): void => upstream.abort();
  // Stays: a client that leaves while the answer streams is noticed here first.
  exchange.client.addEventListener('abort', abort, { once: true });
  try {
    const state = book.state.accounts.get(account)?.account;
    const secret = deps.secrets.read(account);
    if (state === undefined || secret === undefined) return missingSecret(book, sending);
    // A copy for each try: a secret never lies in what the next account is sent.
    const headers = forwardedHeaders(exchange.headers);
    exchange.provider.authorize(headers, { kind: state.credential, secret });
    const url = urlOf(state.baseUrl ?? exchange.provider.baseUrl, exchange.target);
    const response = await upstream.open({ url, method: exchange.method, headers, body: exchange.body.bytes });
    return await judge(book, sending, response);
  } catch (error) {
    return failedBeforeAnswer(book, sending, error);
  }
}

/** The account's own origin and prefix plus the agent's path. A path can never lead to another origin. */
function urlOf(baseUrl: string, target: string): string {
  const base = baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl;
  const url = base + target;
  if (!url.startsWith(`${originOf(base)}/`)) throw new Error('the path leads to another host');
  return url;
}

const origins = new Map<string, string>();

/** Base URLs are few, and parsing one costs as much as selecting an account. */
function originOf(base: string): string {
  const known = origins.get(base);
  if (known !== undefined) return known;
  const { origin } = new URL(base);
  origins.set(base, origin);
  return origin;
}

async function judge(book: Book, sending: Sending, response: Response): Promise<Sent> {
  if (response.status >= 400) return judgeError(book, sending, response);
  if (response.status >= 300 && response.status !== 304) return judgeRedirect(sending, response);
  book.endProbe(sending.account);
  const { exchange } = sending;
  const verdict = exchange.provider.classify(
    { status: response.status, headers: response.headers, body: null },
    contextOf(book, sending),
  );
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  return isStream
    ? judgeStream(book, sending, { response, verdict })
    : judgeWhole(book, sending, { response, verdict });
}

async function judgeError(book: Book, sending: Sending, response: Response): Promise<Sent> {
  const { exchange, upstream } = sending;
  const bytes = await upstream.bytes();
  const body = await decodeBody(bytes, response.headers.get('content-encoding'));
  const answer = { status: response.status, headers: response.headers, body: body?.toString('utf8') ?? null };
  const verdict = exchange.provider.classify(answer, contextOf(book, sending));
  observe(book, sending, verdict);
  return { outcome: verdict.outcome, answer: wholeAnswer(sending, response, bytes) };
}

/** A redirect would take the credential to another host, or the phantom with the agent: nobody follows it. */
function judgeRedirect({ upstream, account }: Sending, response: Response): Sent {
  upstream.abort();
  return {
    outcome: { kind: 'failed', fault: 'network', detail: `${account} answered with a redirect (${response.status})` },
    answer: null,
  };
}

type Judged = { readonly response: Response; readonly verdict: Verdict };

async function judgeWhole(book: Book, sending: Sending, { response, verdict }: Judged): Promise<Sent> {
  const { exchange, upstream } = sending;
  const bytes = await upstream.bytes();
  const encoding = response.headers.get('content-encoding');
  const body = encoding === null ? asBuffer(bytes) : await decodeBody(bytes, encoding);
  if (exchange.route === 'inference' && body !== null && isNoMessage(body)) {
    // A portal's page, or nothing: what the client could make of it is worse than a failure that it retries.
    throw new UpstreamFailure(`HTTP ${response.status} without a message in it`);
  }
  const failure = exchange.route === 'inference' && body !== null ? errorInside(body) : null;
  const judged =
    failure === null ? verdict : exchange.provider.classifyFrame(failure, insideOf(book, sending, response));
  if (judged.outcome.kind === 'served' && body !== null) takeUsage(exchange, '', endOf(body));
  observe(book, sending, failure === null ? verdict : joined(verdict, judged));
  return { outcome: judged.outcome, answer: wholeAnswer(sending, response, bytes) };
}

async function judgeStream(book: Book, sending: Sending, { response, verdict }: Judged): Promise<Sent> {
  const { exchange, upstream } = sending;
  const decoded = upstream.startReading();
  const gate = await passGate(upstream, exchange.provider);
  if (gate.kind === 'cut') throw new UpstreamFailure(gate.detail);
  const headers = returnedHeaders(response.headers, decoded);
  if (gate.kind === 'failed') {
    const failed = exchange.provider.classifyFrame(gate.data, insideOf(book, sending, response));
    upstream.abort();
    observe(book, sending, joined(verdict, failed));
    return {
      outcome: failed.outcome,
      answer: { kind: 'whole', status: response.status, headers, bytes: gate.held, account: sending.account },
    };
  }
  observe(book, sending, verdict);
  const chunks = gate.pending === null ? upstream : withPending(upstream, gate.pending);
  const { account, sentAt } = sending;
  return {
    outcome: verdict.outcome,
    answer: { kind: 'stream', status: response.status, headers, held: gate.held, chunks, upstream, account, sentAt },
  };
}

/** The readings of the head, with what the error inside the body says of the account. */
function joined(head: Verdict, failed: Verdict): Verdict {
  return { outcome: failed.outcome, signals: [...head.signals, ...failed.signals] };
}

/** An error inside HTTP 200 of an answer in one piece, as its JSON text. */
function errorInside(body: Buffer): string | null {
  return /^\s*\{\s*"type"\s*:\s*"error"/.test(body.toString('latin1', 0, 64)) ? body.toString('utf8') : null;
}

function isNoMessage(body: Buffer): boolean {
  return /^\s*(<|$)/.test(body.toString('latin1', 0, 64));
}

/** Counts of tokens stand at the end of a message. */
function endOf(body: Buffer): string {
  return body.toString('latin1', Math.max(0, body.length - usageBytes));
}

function wholeAnswer({ account }: Sending, response: Response, bytes: Uint8Array): Answer {
  return { kind: 'whole', status: response.status, headers: returnedHeaders(response.headers, false), bytes, account };
}

/** Counts and lists have limits of their own: of them only a refused credential says something about the account. */
function observe(book: Book, sending: Sending, verdict: Verdict): void {
  const { exchange, account, sentAt } = sending;
  const inference = exchange.route === 'inference';
  const signals: readonly Signal[] = inference
    ? verdict.signals
    : verdict.signals.filter((each) => each.kind === 'refused');
  book.observeFault(account, verdict.outcome.kind === 'failed' ? verdict.outcome.fault : null);
  const served = inference && verdict.outcome.kind === 'served';
  void book.observe({ account, model: exchange.wanted.model, sentAt, signals, served });
}

function failedBeforeAnswer(book: Book, { exchange, account, upstream }: Sending, error: unknown): Sent {
  upstream.abort();
  if (exchange.client.aborted) return { outcome: { kind: 'aborted' }, answer: null };
  // A bug of ours is nobody's network.
  if (!(error instanceof UpstreamFailure)) throw error;
  book.observeFault(account, 'network');
  return { outcome: { kind: 'failed', fault: 'network', detail: error.message }, answer: null };
}

function missingSecret(book: Book, sending: Sending): Sent {
  const evidence = 'the vault has no secret of this account';
  const outcome: Outcome = { kind: 'failed', fault: 'auth', detail: evidence };
  observe(book, sending, { outcome, signals: [{ kind: 'refused', evidence }] });
  return { outcome, answer: null };
}

function contextOf(book: Book, { exchange }: Sending): AnswerContext {
  return { model: exchange.wanted.model, now: book.clock() };
}

/** For an error inside a 200: its head may say more of a limit than the error does. */
function insideOf(book: Book, sending: Sending, { headers }: Response): AnswerContext {
  return { ...contextOf(book, sending), headers };
}

export function takeUsage({ provider, record }: Exchange, first: string, last: string): void {
  const usage = provider.usageOf(first, last);
  record.inputTokens = usage.inputTokens ?? record.inputTokens;
  record.outputTokens = usage.outputTokens ?? record.outputTokens;
}

function withPending(upstream: Upstream, pending: Promise<Uint8Array | null>): Chunks {
  let first: Promise<Uint8Array | null> | null = pending;
  return {
    next: () => {
      const read = first ?? upstream.next();
      first = null;
      return read;
    },
  };
}
