import type { Tries } from '../core/failover/decide.ts';
import type { Fault } from '../core/failover/outcome.ts';
import type { AccountId, PhantomId } from '../core/ids.ts';
import type { EpochMs } from '../core/time.ts';
import type { Request as BookRequest } from '../book/book.ts';
import type { Ask, Framing, Provider, Route } from '../providers/provider.ts';
import type { Body } from './body.ts';
import type { RequestRecord } from './ports.ts';
import type { Chunks } from './gate.ts';
import type { Upstream } from './upstream.ts';

/** One request of an agent, from its arrival to its last byte. */
export type Exchange = {
  readonly provider: Provider;
  readonly route: Route;
  /** `only` is set once a request with hard bonds has met its first account. */
  readonly wanted: BookRequest & { only?: AccountId | undefined };
  readonly phantom: PhantomId;
  /** Null for an answer in one piece. */
  readonly framing: Framing | null;
  readonly ask: Ask;
  /** As the agent sent them, the phantom included. */
  readonly headers: Headers;
  readonly body: Body;
  readonly arrivedAt: EpochMs;
  /** How long its phantom may be held where its pool says nothing. */
  readonly holdMs: number;
  readonly holdUntil: EpochMs;
  /** Aborts when the client is gone. */
  readonly client: AbortSignal;
  /** What the request names that exists at one account only. */
  readonly bonds: { readonly hard: readonly string[]; readonly soft: readonly string[] };
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
  /** Until when it waits for an account to open; null while it does not. */
  heldUntil: EpochMs | null;
  /** The account that the send under way probes. */
  probing: AccountId | null;
  /** Accounts for which a refused credential or foreign reasoning was mended. */
  mended: Set<AccountId>;
  /** Refusals that close something unless a second account refuses the same. */
  suspects: Suspect[];
};

/** What an account said that may be the request's fault. */
export type Suspect = { readonly account: AccountId; readonly detail: string; readonly observe: () => void };

/** A send that failed, with the provider's answer where there was one. */
export type Failed = {
  readonly account: AccountId;
  readonly fault: Fault;
  readonly detail: string;
  readonly answer: Answer | null;
  /** As in `Sent`. */
  readonly unrenewed?: boolean | undefined;
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
  return {
    sends: 0,
    hops: 0,
    sendsByAccount: new Map(),
    exclude: [],
    queuedMs: 0,
    passing: null,
    heldUntil: null,
    probing: null,
    mended: new Set(),
    suspects: [],
  };
}

export function triesOf(
  exchange: Exchange,
  account: AccountId,
  jitter: number,
): Omit<Tries, 'passing' | 'mended' | 'unrenewed' | 'repeated'> {
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
