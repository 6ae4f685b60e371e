import type { Fault, Outcome } from '../core/failover/outcome.ts';
import type { ProviderId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';

/** A credential as it goes on the wire. */
export type Credential = {
  /** The form of the secret as its provider names it; see `Provider.recognise`. */
  readonly kind: string;
  /** An API key, or the access token of a login. */
  readonly secret: string;
  /** What else of the account goes with it, as the provider names it: `chatgpt-account-id`, `project`. */
  readonly scope: Readonly<Record<string, string>>;
};

/** A secret of the vault, read. */
export type OpenedSecret = {
  readonly credential: Credential;
  /** When the access token ends; null for a secret that does not expire or does not say. */
  readonly expiresAt: EpochMs | null;
  /** Whether `Login.renew` can give it another access token. */
  readonly renewable: boolean;
};

/** A request of our own that finds out whether an account serves a model. */
export type ProbeRequest = {
  readonly ask: Ask;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
};

/** A request as an agent sent it. */
export type Ask = {
  /** The first segment of the path, which says whom the agent takes us for: `anthropic`, `codex`. One of `Provider.doors`. */
  readonly door: string;
  readonly method: string;
  /** Below the door, as it was sent: `/v1/messages`. */
  readonly path: string;
  /** The query with its `?`; empty when there is none. */
  readonly search: string;
};

/**
 * What an agent's request is:
 *
 * - `inference`: spends quota; its outcome says something about the account's limits.
 * - `auxiliary`: goes upstream too, and says nothing about them (token counts, model lists).
 * - `local`: answered here, without a phantom; see `Provider.answerLocal`.
 */
export type Route = 'inference' | 'auxiliary' | 'local';

/** How the events of a streamed answer are told apart: server-sent events, or the elements of one JSON array. */
export type Framing = 'sse' | 'json-array';

/** What a request wants, from its path and body. */
export type Wanted = {
  readonly model: string | null;
  /** Null for an answer in one piece. */
  readonly framing: Framing | null;
};

/** What an answer means, and what it tells about the account. */
export type Verdict = { readonly outcome: Outcome; readonly signals: readonly Signal[] };

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded text of an error body; null for an answer whose body is not read before it is judged. */
  readonly body: string | null;
};

export type AnswerContext = {
  /** The model that was asked for. */
  readonly model: string | null;
  readonly now: EpochMs;
  /** Of the 200 in which an error came. */
  readonly headers?: Headers;
};

/**
 * What one event of a stream is to the gate that holds a response back until it has content:
 *
 * - `neutral`: nothing the client could not be told a second time.
 * - `content`: from here on the answer belongs to the client.
 * - `failed`: an error inside HTTP 200.
 */
export type FrameKind = 'neutral' | 'content' | 'failed';

/** `break` breaks the client's stream as the provider's was broken; else one of server-sent events ends by a text of ours. */
export type CutEnd =
  | 'break'
  | {
      /** Where the stream has this in it, the client has a tool to call, and would call it again if it asked again: it just ends. A pattern like `Provider.endMark`. */
      readonly unless: RegExp;
      readonly text: string;
    };

/** How a stream ended, as its last bytes show: `cut` when its terminal event is missing. */
export type StreamEnd = 'complete' | 'failed' | 'cut';

export type Usage = { readonly inputTokens: number | null; readonly outputTokens: number | null };

/** A stream that began before there was an answer. */
export type HeldStream = { readonly ask: Ask; readonly framing: Framing; readonly now: EpochMs };

export type Rendered = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };

/** Sends a request to a provider's own endpoints: `fetch`, with the daemon's proxy and CA settings and a deadline. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where the endpoints of one account are asked. */
export type Reach = {
  readonly fetch: Fetch;
  /** Origin and path prefix of a compatible vendor, which then stands for every host of the provider; null for its own. */
  readonly baseUrl: string | null;
  readonly now: EpochMs;
};

/**
 * What came of asking for another access token:
 *
 * - `renewed`: `secret` replaces the one in the vault, and must be durable before it is used.
 * - `dead`: the login is over; only a person can make a new one.
 * - `failed`: nothing is known; the old one stays.
 */
export type Renewal =
  | { readonly kind: 'renewed'; readonly secret: string }
  | { readonly kind: 'dead'; readonly evidence: string }
  | { readonly kind: 'failed'; readonly detail: string };

/** `refreshToken` is a secret: it is compared, and never told. `owner` is null where the login does not name it. */
export type Identity = { readonly refreshToken: string | null; readonly owner: string | null };

/** Secrets of a provider that expire and can be renewed. */
export interface Login {
  renew(kind: string, secret: string, reach: Reach): Promise<Renewal>;
  /** What tells that two secrets are one login, or of one owner; absent where a secret may be in many places. */
  identify?(secret: string): Identity;
}

/**
 * Whether a login that the genuine CLI keeps on disk may become an account:
 *
 * - `file`: it is the file `file` of the CLI's own directory. `read` gives the vault's secret out of its text, and in
 *   `rest` what the CLI keeps of the file (null: nothing); a Problem when that text is no login that can be renewed.
 * - `forbidden`: the vendor does not allow it.
 */
export type Adoption =
  | {
      readonly kind: 'file';
      /** The CLI as people call it: `Claude Code`. */
      readonly cli: string;
      readonly file: string;
      read(text: string): { readonly secret: string; readonly rest: string | null } | Problem;
    }
  | { readonly kind: 'forbidden'; readonly message: string; readonly hint: string };

/** What a usage endpoint said. Unknown never means blocked. */
export type UsageReport =
  | { readonly kind: 'known'; readonly signals: readonly Signal[] }
  | { readonly kind: 'unknown'; readonly detail: string; readonly retryAfterMs: number | null };

/** A vendor's word on how full an account's windows are, outside its answers. Advisory. */
export interface UsageEndpoint {
  /** Whether such a credential may ask. */
  covers(kind: string): boolean;
  read(credential: Credential, reach: Reach): Promise<UsageReport>;
}

/**
 * What exists at one account only: ids of responses and files, turn state. A request that names such a thing goes to
 * the account that made it, and to no other without saying so.
 */
export interface Bonds {
  /** What the request names. `soft` ones are left out on another account, by `release`; `hard` ones cannot be. */
  named(
    ask: Ask,
    headers: Headers,
    body: Buffer,
  ): { readonly hard: readonly string[]; readonly soft: readonly string[] };
  /** What the answer names, from its head and its first bytes. */
  made(headers: Headers, first: string): readonly string[];
  /** Takes the soft ones out of a request for another account. */
  release(headers: Headers): void;
}

/** A client's message on a WebSocket that asks for an answer. */
export type SocketRequest = {
  readonly model: string | null;
  /** Prepares the connection: its answer brings no content and spends nothing. */
  readonly warmUp: boolean;
  /** The id of the response that it goes on from; null when it is complete in itself. */
  readonly continues: string | null;
  /** The JSON text of each item that it adds to the conversation. */
  readonly items: readonly string[];
  /** What else it names that exists at one account only; see `Bonds`. Such a request stays on its account. */
  readonly bound: readonly string[];
};

/** What the provider's message tells of the conversation: the id of its response, and an item of the answer when one is complete. */
export type SocketMade = { readonly response: string | null; readonly item: string | null };

/**
 * How a vendor speaks on a WebSocket: one request at a time, each answered by messages up to its end. A refused upgrade
 * is judged by `Provider.classify`, an upgrade's headers are set by `Provider.authorize`.
 *
 * An answer is over with the first message of kind `end` or `failed`; both go to the client, unless the request is sent
 * again. Messages are text; a binary one is passed on unread.
 */
export interface Socket {
  /** Whether an upgrade may be asked for here. */
  covers(ask: Ask): boolean;
  /** Null for a message that asks for no answer: it is passed on and not repeated on another account. */
  requestOf(text: string): SocketRequest | null;
  /**
   * The request as another account can serve it: complete in itself, with `before` (items and answers of everything that
   * it continues, in order) in front of its own items, and without what only one account can read. Null when there is
   * no such request.
   */
  replay(text: string, before: readonly string[]): string | null;
  /** What a message of the provider is; cheap for content. `end` closes an answer that succeeded. */
  kindOf(text: string): FrameKind | 'end';
  /** What the message says about the account whatever its kind: how full its windows are. Mostly empty. */
  signalsOf(text: string, context: AnswerContext): readonly Signal[];
  /** Judges a message that `kindOf` called failed, by the status, the headers and the error in it. */
  classify(text: string, context: AnswerContext): Verdict;
  /** Whether its client takes a failed message for the end of the answer; it waits for more after any other. */
  endsAnswer(text: string): boolean;
  /** Whether its provider answers nothing more on the connection after this failed message. */
  endsConnection(text: string): boolean;
  /** A failed message without waits that would send its client to sleep while another account is open. */
  pace(text: string, fault: Fault): string;
  madeOf(text: string): SocketMade;
  /** Token counts of a message of kind `end`. */
  usageOf(text: string): Usage;
  /** A message that keeps a held request alive; the client ignores it. */
  readonly keepAlive: string;
  /** An error as a message that ends an answer. */
  renderProblem(problem: Problem, now: EpochMs): string;
  /** A refused upgrade as a message, for a client whose own upgrade was accepted before. */
  renderRefusal(answer: Answer): string;
  /** Says that the response which a request goes on from is not known, so that its client sends all of it again. */
  renderUnknown(continues: string): string;
}

/** Everything the gateway has to know about an API vendor. One per folder; the only place that names its headers. */
export interface Provider {
  readonly id: ProviderId;
  /** As people write it: `Anthropic`. */
  readonly title: string;
  /** The first path segments below which agents reach it. */
  readonly doors: readonly string[];
  /** Origin, and path prefix if any, of the vendor's own API for a kind of credential, and for this one where that matters. */
  baseUrl(kind: string, credential?: Credential): string;
  /** The forms of secrets it takes, for questions and errors. */
  readonly secretForms: string;
  /** The kind of a secret by its form; a Problem that says what it is instead when it can never work. */
  recognise(secret: string): string | Problem;
  /** Whether only this vendor gives secrets of such a form. */
  issued(secret: string): boolean;
  /** Reads a secret of the vault. Pure; the result is kept as long as the secret is the same. */
  open(kind: string, secret: string): OpenedSecret;
  readonly login: Login | null;
  /** Absent where its CLIs have no login on disk. */
  readonly adoption?: Adoption;
  readonly usageEndpoint: UsageEndpoint | null;
  /** Null when method and path are not on the allow-list. */
  route(ask: Ask): Route | null;
  /** Answers a request of the route `local`. */
  answerLocal(ask: Ask, headers: Headers): Response;
  /** Whether a credential of this kind can serve the request at all. */
  suits(ask: Ask, kind: string, wanted: Wanted): boolean;
  /** The URL below `base` (no trailing slash) at which this credential is asked, query included. */
  urlOf(ask: Ask, credential: Credential, base: string): string;
  wantedOf(ask: Ask, body: Buffer): Wanted;
  /** The phantom of a request from an agent, from wherever that agent puts its credential. */
  phantomOf(headers: Headers, ask: Ask): string | null;
  /** The client's own name for its conversation. */
  sessionOf(headers: Headers): string | null;
  /** What of a body stays the same in every turn of one conversation and tells it from others: its opening. */
  openingOf(body: Buffer): string | null;
  /** Puts the account's credential in the place of the phantom; drops what belongs to another account. */
  authorize(headers: Headers, credential: Credential): void;
  classify(answer: Answer, context: AnswerContext): Verdict;
  /**
   * The cheapest genuine request for a model with a credential of this kind; null for a kind that only the vendor's own
   * client may use unasked, and all are of that kind where it is absent.
   */
  probe?(kind: string, model: string): ProbeRequest | null;
  /** The cheapest model that its keys are for as they come. */
  readonly probeModel?: string;
  /** `name` and `data` of a server-sent event, or an element of a JSON array as `data`. */
  frameKind(name: string, data: string): FrameKind;
  /** Judges an event that `frameKind` called failed, or a body of `errorInside`. */
  classifyFrame(data: string, context: AnswerContext): Verdict;
  /** An error that HTTP 200 brought in one piece, as the JSON text for `classifyFrame`; null when there is none. */
  errorInside(body: Buffer): string | null;
  /**
   * Reads the end of a stream: its last bytes, at least 4 KiB of them where there were so many. `ended` says that
   * `endMark` is somewhere in the stream.
   */
  streamEnd(tail: string, ended?: boolean): StreamEnd;
  /** What is in the last event of a stream, where more than the tail may follow it: a pattern of ASCII, 64 bytes at most. */
  readonly endMark?: RegExp;
  /**
   * The text of an error without waits that would send its client to sleep while another account is open. Absent where
   * only headers tell a client to wait. The text may hold its bytes as latin1.
   */
  paceError?(text: string): string;
  /** How a stream that was cut or failed after content ends for the client, so that it asks again. */
  readonly cutEnd: CutEnd;
  /** The data of the error event in the tail of a stream that `streamEnd` called failed. */
  errorDataOf(tail: string): string | null;
  /** Token counts from the texts of a response's first and last events, or of a whole body. */
  usageOf(first: string, last: string): Usage;
  readonly bonds: Bonds | null;
  /** The body without reasoning that only the account which made it can read, where `leavesOut` says so; null when nothing is left out. */
  withoutForeign(body: Buffer, leavesOut: (made: Buffer) => boolean): Buffer | null;
  /** Absent when the vendor serves no WebSocket that an agent uses. */
  readonly socket?: Socket;
  /** Keeps a held stream alive before its first event. */
  keepAliveFrame(framing: Framing, ask: Ask): string;
  /** An error in the vendor's own shape, so that its clients understand it. */
  renderProblem(problem: Problem, now: EpochMs): Rendered;
  /** The same as an event that ends a stream. */
  renderProblemFrame(problem: Problem, stream: HeldStream): string;
  /** The provider's own error, with a JSON text as its body, as an event that ends a stream which was held. */
  renderErrorFrame(answer: { readonly status: number; readonly body: string }, stream: HeldStream): string;
}
