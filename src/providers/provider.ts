import type { Outcome } from '../core/failover/outcome.ts';
import type { ProviderId } from '../core/ids.ts';
import type { Signal } from '../core/limit/signal.ts';
import type { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';

export type Credential = {
  /** The form of the secret as its provider names it; see `Provider.recognise`. */
  readonly kind: string;
  readonly secret: string;
};

/**
 * What a method and path of the agent's request are:
 *
 * - `inference`: spends quota; its outcome says something about the account's limits.
 * - `auxiliary`: goes upstream too, and says nothing about them (token counts, model lists).
 * - `local`: answered here with an empty 200, without a phantom.
 */
export type Route = 'inference' | 'auxiliary' | 'local';

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

/** How a stream ended, as its last bytes show: `cut` when its terminal event is missing. */
export type StreamEnd = 'complete' | 'failed' | 'cut';

export type Usage = { readonly inputTokens: number | null; readonly outputTokens: number | null };

/** Everything the gateway has to know about an API vendor. One per folder; the only place that names its headers. */
export interface Provider {
  readonly id: ProviderId;
  /** As people write it: `Anthropic`. */
  readonly title: string;
  /** Origin, and path prefix if any, of the vendor's own API. */
  readonly baseUrl: string;
  /** The forms of secrets it takes, for questions and errors. */
  readonly secretForms: string;
  /** The kind of a secret by its form; a Problem that says what it is instead when it can never work. */
  recognise(secret: string): string | Problem;
  /** Null when the path is not on the allow-list. */
  route(method: string, path: string): Route | null;
  /** The phantom of a request from an agent, from wherever that agent puts its credential. */
  phantomOf(headers: Headers): string | null;
  /** The client's own name for its conversation. */
  sessionOf(headers: Headers): string | null;
  /** Puts the account's credential in the place of the phantom; drops what belongs to another account. */
  authorize(headers: Headers, credential: Credential): void;
  classify(answer: Answer, context: AnswerContext): Verdict;
  /** `name` and `data` of a server-sent event. */
  frameKind(name: string, data: string): FrameKind;
  /** Judges an event that `frameKind` called failed. */
  classifyFrame(data: string, context: AnswerContext): Verdict;
  /** Reads the end of a stream: its last bytes, at least 4 KiB of them where there were so many. */
  streamEnd(tail: string): StreamEnd;
  /** The data of the error event in the tail of a stream that `streamEnd` called failed. */
  errorDataOf(tail: string): string | null;
  /** Token counts from the texts of a response's first and last events, or of a whole body. */
  usageOf(first: string, last: string): Usage;
  /** Keeps a held stream alive before its first event. */
  readonly keepAliveFrame: string;
  /** An error in the vendor's own shape, so that its clients understand it. */
  renderProblem(problem: Problem, now: EpochMs): { status: number; headers: Record<string, string>; body: string };
  /** The same as a server-sent event that ends a stream. */
  renderProblemFrame(problem: Problem): string;
}
