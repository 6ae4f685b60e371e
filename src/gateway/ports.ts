import type { Account } from '../core/account/account.ts';
import type { EpochMs } from '../core/time.ts';
import type { AccountId, PhantomId } from '../core/ids.ts';
import type { ProblemCode } from '../core/problem.ts';
import type { Credential } from '../providers/provider.ts';

/** What came of asking for another credential after one was refused. `fixed`: there is no other of such a kind. */
export type Renewed = 'renewed' | 'dead' | 'failed' | 'fixed';

/** The credentials of accounts as they go on the wire. Asked for an upstream request of that account only. */
export interface Credentials {
  /** Undefined when the vault has none; a promise only while an ended one is being renewed. */
  current(account: Account): Credential | undefined | Promise<Credential | undefined>;
  /** After the provider refused one. `dead` has closed the account by then. */
  renew(account: Account, refused: Credential): Promise<Renewed>;
  /** Why the login of an account could not be renewed; null where nothing is amiss. */
  failureOf(account: AccountId): { readonly detail: string } | null;
}

export type GatewaySettings = {
  /** Largest body of one request, and of all requests in flight together, in bytes. */
  readonly bodyLimitBytes: number;
  readonly bodiesInFlightBytes: number;
  /** Time to the head of an answer, for a streamed and for any other request. */
  readonly headTimeoutMs: { readonly streamed: number; readonly whole: number };
  /** Longest silence of an upstream while the client is ready to read. */
  readonly idleTimeoutMs: number;
  /** How long open streams may go on after a stop. */
  readonly stopGraceMs: number;
  /** The certificates that are trusted, as PEM; absent where they are the runtime's own. */
  readonly tls?: { readonly ca: string } | undefined;
  /** IANA name of the zone in which messages tell the time. */
  readonly timeZone: string;
};

/** What one request went through; one log line. Holds no secret and no content. */
export type RequestRecord = {
  readonly id: string;
  readonly provider: string;
  readonly pool: string;
  readonly phantom: PhantomId;
  readonly session: string;
  readonly path: string;
  readonly model: string | null;
  readonly streamed: boolean;
  readonly bodyBytes: number;
  account: AccountId | null;
  /** One entry per upstream send: account, and `served` or the fault. */
  readonly tries: { readonly account: string; outcome: string; detail?: string }[];
  status: number | null;
  /**
   * `served`, `failed`, `aborted`, `cut` after content, the code of the problem the client got; on a WebSocket also
   * `sent-back` for a request that the client is to send whole, `dropped` for one that it could not be sent.
   */
  outcome: string;
  queuedMs: number;
  heldMs: number;
  headMs: number | null;
  totalMs: number;
  inputTokens: number | null;
  outputTokens: number | null;
};

/** A request that has not been answered to its last byte. */
export type OpenRequest = Pick<RequestRecord, 'id' | 'session' | 'pool' | 'model' | 'path' | 'streamed'> & {
  /** The account that it was sent to last. */
  readonly account: AccountId | null;
  readonly since: EpochMs;
  readonly heldUntil: EpochMs | null;
};

/** A request that was refused before anything was selected for it. */
export type RefusedRequest = {
  readonly provider: string;
  readonly method: string;
  readonly path: string;
  readonly code: ProblemCode;
};

export interface GatewayLog {
  request(record: RequestRecord): void;
  refused(refusal: RefusedRequest): void;
  /** A bug: shown to the client as `internal`. */
  bug(error: unknown): void;
}
