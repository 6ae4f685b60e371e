import type { Tries } from '../core/failover/decide.ts';
import type { Fault } from '../core/failover/outcome.ts';
import type { AccountId, PhantomId } from '../core/ids.ts';
import type { EpochMs } from '../core/time.ts';
import type { Request as BookRequest } from '../book/book.ts';
import type { Provider, Route } from '../providers/provider.ts';
import type { Body } from './body.ts';
import type { RequestRecord } from './ports.ts';
import type { Chunks } from './gate.ts';
import type { Upstream } from './upstream.ts';

/** One request of an agent, from its arrival to its last byte. */
export type Exchange = {
  readonly provider: Provider;
  readonly route: Route;
  readonly wanted: BookRequest;
  readonly phantom: PhantomId;
  readonly streamed: boolean;
  readonly method: string;
  /** Path and query below the provider's prefix. */
  readonly target: string;
  /** As the agent sent them, the phantom included. */
  readonly headers: Headers;
  readonly body: Body;
  readonly arrivedAt: EpochMs;
  readonly holdUntil: EpochMs;
  /** Aborts when the client is gone. */
  readonly client: AbortSignal;
  readonly record: RequestRecord;
  readonly progress: Progress;
};

/** What `decide` has to know about the tries so far; starts anew after a hold. */
export type Progress = {
  sends: number;
  hops: number;
  sendsByAccount: Map<AccountId, number>;
  exclude: AccountId[];
  queuedMs: number;
  /** The last try that failed only for lack of capacity. */
  passing: Failed | null;
};

/** A send that failed, with the provider's answer where there was one. */
export type Failed = {
  readonly account: AccountId;
  readonly fault: Fault;
  readonly detail: string;
  readonly answer: Answer | null;
};

/**
 * What a request ends with:
 *
 * - `stream`: begins with `held`, goes on with `chunks`; `upstream` is its connection.
 * - `whole`: an answer in one piece, good or bad, as the provider gave it.
 */
export type Answer =
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly headers: Headers;
      readonly held: Buffer;
      readonly chunks: Chunks;
      readonly upstream: Upstream;
      readonly account: AccountId;
      readonly sentAt: EpochMs;
    }
  | {
      readonly kind: 'whole';
      readonly status: number;
      readonly headers: Headers;
      readonly bytes: Uint8Array;
      readonly account: AccountId;
    };

export function newProgress(): Progress {
  return { sends: 0, hops: 0, sendsByAccount: new Map(), exclude: [], queuedMs: 0, passing: null };
}

export function triesOf(exchange: Exchange, account: AccountId, jitter: number): Omit<Tries, 'passing'> {
  const { progress } = exchange;
  return {
    accounts: exchange.wanted.pool.candidates.length,
    sends: progress.sends,
    sendsOnAccount: progress.sendsByAccount.get(account) ?? 0,
    hops: progress.hops,
    holdUntil: exchange.holdUntil,
    jitter,
  };
}
