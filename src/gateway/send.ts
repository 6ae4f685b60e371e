import type { Outcome } from '../core/failover/outcome.ts';
import type { AccountId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { EpochMs } from '../core/time.ts';
import type { Book } from '../book/book.ts';
import { asBuffer } from '../lib/as-buffer.ts';
import { decodeBody } from '../lib/decode.ts';
import type { AnswerContext, Credential, Framing, Verdict } from '../providers/provider.ts';
import type { Deadlines } from './deadline.ts';
import type { Answer, Exchange } from './exchange.ts';
import { passGate, type Chunks } from './gate.ts';
import { acceptsEncoding, forwardedHeaders, returnedHeaders } from './headers.ts';
import { pacedBody, pacedChunk } from './pace.ts';
import type { Account } from '../core/account/account.ts';
import type { Credentials, GatewaySettings } from './ports.ts';
import type { ForeignReasoning } from './foreign.ts';
import type { Owners } from './owners.ts';
import { Upstream, UpstreamFailure } from './upstream.ts';

export type SendDeps = {
  readonly book: Book;
  readonly credentials: Credentials;
  readonly owners: Owners;
  readonly foreign: ForeignReasoning;
  readonly settings: GatewaySettings;
  readonly deadlines: Deadlines;
};

export const usageBytes = 2048;

/** What one send came to: how to judge it, and the provider's answer where there is one to deliver. */
export type Sent = {
  readonly outcome: Outcome;
  readonly answer: Answer | null;
  /** What the account refused has been mended: sent again, it may serve. */
  readonly mended?: boolean;
  /** The account's login was refused and could not be renewed, for a reason that passes. */
  readonly unrenewed?: boolean;
};

type Sending = {
  readonly exchange: Exchange;
  readonly account: AccountId;
  readonly upstream: Upstream;
  readonly sentAt: EpochMs;
};

/** A send without its connection. */
export type Seen = Omit<Sending, 'upstream'>;

export type Authorized = { readonly state: Account; readonly credential: Credential };

/**
 * Sends a request once, on one account, and reads as much of the answer as it takes to judge it: the head, an error's
 * body, a stream's first events. The book knows what was learnt when this resolves; await `journal.written` before
 * acting on it.
 */
export async function send(deps: SendDeps, exchange: Exchange, account: AccountId): Promise<Sent> {
  const { book, settings } = deps;
  const times = {
    headTimeoutMs: exchange.framing !== null ? settings.headTimeoutMs.streamed : settings.headTimeoutMs.whole,
    idleTimeoutMs: settings.idleTimeoutMs,
  };
  const upstream = new Upstream(deps.deadlines, book.clock, times);
  const sending: Sending = { exchange, account, upstream, sentAt: book.clock() };
  const abort = (): void => upstream.abort();
  // Stays: a client that leaves while the answer streams is noticed here first.
  exchange.client.addEventListener('abort', abort, { once: true });
  try {
    const found = authorizedOf(deps, account);
    const authorized = found instanceof Promise ? await found : found;
    if (authorized === undefined) return missingSecret(book, sending);
    const { ask, body } = exchange;
    const call = {
      url: urlOf(exchange, authorized),
      method: ask.method,
      headers: headersOf(deps, sending, authorized),
    };
    const response = await upstream.open({ ...call, body: body.bytes, tls: settings.tls });
    if (response.status >= 400) return await judgeError(deps, sending, { response, authorized });
    const sent = await judge(book, sending, response);
    if (sent.answer !== null && sent.outcome.kind === 'served') learnBonds(deps, exchange, sent.answer);
    return sent;
  } catch (error) {
    return failedBeforeAnswer(book, sending, error);
  }
}

/** The account with its credential; a promise only while that is being renewed. */
export function authorizedOf(
  { book, credentials }: SendDeps,
  account: AccountId,
): Authorized | undefined | Promise<Authorized | undefined> {
  const state = book.find(account)?.account;
  const credential = state === undefined ? undefined : credentials.current(state);
  if (state === undefined || credential === undefined) return undefined;
  if (!(credential instanceof Promise)) return { state, credential };
  return credential.then((renewed) => (renewed === undefined ? undefined : { state, credential: renewed }));
}

/** A copy for each try: a secret never lies in what the next account is sent. */
export function headersOf({ owners }: SendDeps, { exchange, account }: Seen, { credential }: Authorized): Headers {
  const { provider, bonds } = exchange;
  const headers = forwardedHeaders(exchange.headers);
  provider.authorize(headers, credential);
  for (const name of bonds.soft) {
    const owner = owners.of(name);
    // Nobody knows who made it: then whoever is asked first has it, and no other is told of it.
    if (owner === undefined) owners.note(name, account);
    else if (owner !== account) provider.bonds?.release(headers);
  }
  return headers;
}

/** Below the account's own origin and prefix. A path can never lead to another origin. */
export function urlOf({ provider, ask }: Exchange, { state, credential }: Authorized): string {
  const baseUrl = state.baseUrl ?? provider.baseUrl(credential.kind, credential);
  const base = baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl;
  const url = provider.urlOf(ask, credential, base);
  if (!url.startsWith(`${originOf(base)}/`)) throw new Error('the path leads to another host');
  return url;
}

function learnBonds({ owners }: SendDeps, { provider }: Exchange, answer: Answer): void {
  if (provider.bonds === null) return;
  const first = answer.kind === 'stream' ? answer.held : asBuffer(answer.bytes);
  const text = first.toString('latin1', 0, usageBytes);
  for (const name of provider.bonds.made(answer.headers, text)) owners.note(name, answer.account);
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
  if (response.status >= 300 && response.status !== 304) return judgeRedirect(sending, response);
  const { exchange } = sending;
  // Any other request's answer says nothing of the probe that is out.
  if (exchange.progress.probing === sending.account) book.endProbe(sending.account);
  const verdict = exchange.provider.classify(
    { status: response.status, headers: response.headers, body: null },
    contextOf(book, sending),
  );
  return framingOf(exchange, response) !== null
    ? judgeStream(book, sending, { response, verdict })
    : judgeWhole(book, sending, { response, verdict });
}

/** What it says of itself counts: a provider may answer in one piece what was asked for as a stream. */
function framingOf({ framing }: Exchange, { headers }: Response): Framing | null {
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) return 'sse';
  return framing === 'json-array' && type.startsWith('application/json') ? framing : null;
}

type Refused = { readonly response: Response; readonly authorized: Authorized };

async function judgeError(deps: SendDeps, sending: Sending, { response, authorized }: Refused): Promise<Sent> {
  const { book } = deps;
  const { exchange, upstream } = sending;
  const bytes = await upstream.bytes();
  const body = await decodeBody(bytes, response.headers.get('content-encoding'));
  const answer = { status: response.status, headers: response.headers, body: body?.toString('utf8') ?? null };
  const verdict = exchange.provider.classify(answer, contextOf(book, sending));
  const mending = await mend(deps, sending, { verdict, authorized });
  observe(book, sending, mending.verdict);
  return sentOf(mending, errorAnswer(sending, response, { bytes, body }));
}

type Mending = { readonly verdict: Verdict; readonly mended: boolean; readonly unrenewed?: true };

/** What a refusal came to: of a login that could not be renewed, the provider's answer says nothing that holds. */
export function sentOf({ verdict, mended, unrenewed }: Mending, answer: Answer): Sent {
  const { outcome } = verdict;
  return unrenewed ? { outcome, answer: null, unrenewed } : { outcome, answer, mended };
}

/** Renews a refused login, leaves foreign reasoning out. Each is tried once per request and account. */
export async function mend(
  { credentials, foreign }: SendDeps,
  { exchange, account }: Seen,
  { verdict, authorized }: { verdict: Verdict; authorized: Authorized },
): Promise<Mending> {
  const { outcome } = verdict;
  const { mended } = exchange.progress;
  const asIs: Mending = { verdict, mended: false };
  if (outcome.kind !== 'failed' || mended.has(account)) return asIs;
  if (outcome.fault === 'foreign') {
    if (!foreign.refuse(exchange.provider, exchange.wanted.session, exchange.body)) return asIs;
    mended.add(account);
    return { verdict, mended: true };
  }
  if (outcome.fault !== 'auth') return asIs;
  const renewed = await credentials.renew(authorized.state, authorized.credential);
  if (renewed === 'fixed') return asIs;
  if (renewed === 'renewed') mended.add(account);
  // A refused access token says nothing of the login: what became of that is known by now.
  const signals = verdict.signals.filter((each) => each.kind !== 'refused');
  if (renewed !== 'failed') return { verdict: { outcome, signals }, mended: renewed === 'renewed' };
  // As with an upstream that does not answer: the next attempt may get through.
  const why = credentials.failureOf(account)?.detail ?? 'no answer';
  const detail = `its login could not be renewed: ${why}`;
  return {
    verdict: { outcome: { kind: 'failed', fault: 'network', detail }, signals },
    mended: false,
    unrenewed: true,
  };
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
  const failure = exchange.route === 'inference' && body !== null ? exchange.provider.errorInside(body) : null;
  const judged =
    failure === null ? verdict : exchange.provider.classifyFrame(failure, insideOf(book, sending, response));
  if (judged.outcome.kind === 'served' && body !== null) takeUsage(exchange, '', endOf(body));
  observe(book, sending, failure === null ? verdict : joined(verdict, judged));
  if (failure !== null && body !== null)
    return { outcome: judged.outcome, answer: errorAnswer(sending, response, { bytes, body }) };
  return { outcome: judged.outcome, answer: wholeAnswer(sending, response, bytes) };
}

async function judgeStream(book: Book, sending: Sending, { response, verdict }: Judged): Promise<Sent> {
  const { exchange, upstream } = sending;
  const decoded = upstream.startReading();
  const gate = await passGate(upstream, exchange.provider, framingOf(exchange, response) ?? 'sse');
  if (gate.kind === 'cut') throw new UpstreamFailure(gate.detail);
  const headers = returnedHeaders(response.headers, decoded);
  if (gate.kind === 'failed') {
    const failed = exchange.provider.classifyFrame(gate.data, insideOf(book, sending, response));
    upstream.abort();
    observe(book, sending, joined(verdict, failed));
    const bytes = pacedChunk(exchange.provider, gate.held);
    return {
      outcome: failed.outcome,
      answer: { kind: 'whole', status: response.status, headers, bytes, account: sending.account },
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

/** Every vendor answers in JSON, some after white space that kept the connection alive, and none with an empty object. */
function isNoMessage(body: Buffer): boolean {
  const start = body.findIndex((byte) => byte > 0x20);
  return start === -1 || !/^[{[]\s*[^\s}\]]/.test(body.toString('latin1', start, start + 64));
}

/** Counts of tokens stand at the end of a message. */
function endOf(body: Buffer): string {
  return body.toString('latin1', Math.max(0, body.length - usageBytes));
}

/** An error in a coding that the client did not ask for is decoded: Codex 0.169.0 would show its bytes as they are. */
function errorAnswer(
  sending: Sending,
  response: Response,
  { bytes, body }: { readonly bytes: Uint8Array; readonly body: Uint8Array | null },
): Answer {
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  const { provider, headers: asked } = sending.exchange;
  const paced = body === null ? null : pacedBody(provider, body);
  if (paced === null || (paced === body && acceptsEncoding(asked, encoding)))
    return wholeAnswer(sending, response, bytes);
  const headers = returnedHeaders(response.headers, true);
  return { kind: 'whole', status: response.status, headers, bytes: paced, account: sending.account };
}

function wholeAnswer({ account }: Sending, response: Response, bytes: Uint8Array): Answer {
  return { kind: 'whole', status: response.status, headers: returnedHeaders(response.headers, false), bytes, account };
}

/** Counts and lists have limits of their own: of them only a refused credential says something about the account. */
export function observe(book: Book, seen: Seen, verdict: Verdict): void {
  const { exchange, account, sentAt } = seen;
  const inference = exchange.route === 'inference';
  const signals: readonly Signal[] = inference
    ? verdict.signals
    : verdict.signals.filter((each) => each.kind === 'refused');
  const { outcome } = verdict;
  book.observeFault(account, outcome.kind === 'failed' ? outcome.fault : null);
  const served = inference && outcome.kind === 'served';
  const observed = { account, model: exchange.wanted.model, sentAt, served };
  const doubted = outcome.kind === 'failed' && outcome.fault === 'entitlement' && outcome.ofAccount !== true;
  if (!doubted) return void book.observe({ ...observed, signals });
  // Whether it is the account's fault or the request's, a second account tells.
  const [sure, doubtful] = [signals.filter(isReading), signals.filter((each) => !isReading(each))];
  void book.observe({ ...observed, signals: sure });
  exchange.progress.suspects.push({
    account,
    detail: outcome.detail,
    observe: () => void book.observe({ ...observed, signals: doubtful }),
  });
}

function isReading({ kind }: Signal): boolean {
  return kind === 'reading' || kind === 'open';
}

function failedBeforeAnswer(book: Book, { exchange, account, upstream }: Sending, error: unknown): Sent {
  upstream.abort();
  if (exchange.client.aborted) return { outcome: { kind: 'aborted' }, answer: null };
  // A bug of ours is nobody's network.
  if (!(error instanceof UpstreamFailure)) throw error;
  book.observeFault(account, 'network');
  return { outcome: { kind: 'failed', fault: 'network', detail: error.message }, answer: null };
}

export function missingSecret(book: Book, seen: Seen): Sent {
  const evidence = 'the vault has no secret of this account';
  const outcome: Outcome = { kind: 'failed', fault: 'auth', detail: evidence };
  observe(book, seen, { outcome, signals: [{ kind: 'refused', evidence }] });
  return { outcome, answer: null };
}

export function contextOf(book: Book, { exchange }: Pick<Seen, 'exchange'>): AnswerContext {
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
