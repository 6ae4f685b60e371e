import type { AccountId, JobId, Label, ProviderId } from './ids.ts';
import type { EpochMs } from './time.ts';

export const noticeKinds = [
  'account-needs-login',
  'account-limited',
  'overage-begun',
  'pool-exhausted',
  'pool-recovered',
  'auth-reset-done',
  'auth-reset-failed',
  'config-refused',
  'job-parked',
  'job-waiting',
  'job-done',
  'job-failed',
  'job-blocked',
  'disk-low',
  'job-warned',
] as const;
/** `test` is about no matter and is told at once, whatever a channel is told else. */
export type NoticeKind = (typeof noticeKinds)[number] | 'test';

/**
 * A message to people about an edge. `id` names the edge: the same edge, seen by many requests, after a crash or by
 * another node, is the same notice. Notices of one `thread` follow one another about one matter, so that a channel
 * that can edit what it said shows the latest in place.
 */
export type Notice = {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly thread: string;
  readonly at: EpochMs;
  readonly facts: NoticeFacts;
};

/** What a notice knows, from which its text is made where and when it is told. Holds no secret. */
export type NoticeFacts = {
  readonly provider?: ProviderId;
  readonly account?: AccountId;
  readonly pool?: Label;
  /** The model family that is concerned; absent for all models. */
  readonly family?: string;
  readonly window?: string;
  readonly since?: EpochMs;
  /** When it goes on by itself. */
  readonly until?: EpochMs;
  /** The deadline is a guess. */
  readonly estimated?: boolean;
  /** What a provider or a command said. */
  readonly evidence?: string;
  /** What the person can do, a command where there is one. */
  readonly mend?: string;
  /** How a recovery was verified. */
  readonly verifiedBy?: 'request' | 'usage' | 'probe';
  /** The login that an auth reset is about. */
  readonly target?: string;
  /** How long after an auth reset its agent’s first request came. */
  readonly resumedAfterMs?: number;
  /** The command of an auth reset ended without an error, and no request of its agent came within ten minutes. */
  readonly silent?: boolean;
  readonly job?: JobId;
  /** What a job is called. */
  readonly title?: string;
  /** Stint ended while the command of an auth reset ran: how it ended is not known. */
  readonly interrupted?: boolean;
  /** The part of the settings that was refused: `telegram`. */
  readonly part?: string;
};
