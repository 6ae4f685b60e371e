import { failureKinds, type FailureKind } from '../core/job/failure-kind.ts';
import { parseResetPhrase } from '../core/limit/reset-phrase.ts';
import { localTimeZone } from '../lib/local-time-zone.ts';

/** How an agent words a failure on its own error channel. */
export type FailureWords = readonly (readonly [RegExp, FailureKind])[];

export type ReadFailure = {
  readonly failure: FailureKind;
  readonly detail: string;
  /** When it is over, where the words say so. */
  readonly until: number | null;
};

const longestDetail = 300;

/** What the gateway says when it gives up, and the system, whoever passes that on. */
const common: FailureWords = [
  [/Stint: every account of .* is closed|Stint: .* met a limit on one account after the other/, 'window'],
  [/Stint: no account of .* is logged in/, 'auth'],
  [/Stint: (no account of|pool .* has no accounts)|account_unavailable/, 'entitlement'],
  [/ENOSPC|No space left on device|Disk quota exceeded/i, 'disk-full'],
  [/heap out of memory|Cannot allocate memory|ENOMEM|std::bad_alloc|out of memory/i, 'out-of-memory'],
  [
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|fetch failed|Connection to the API was lost|Unable to connect to API|socket hang up|stream disconnected before completion/i,
    'network',
  ],
];

/**
 * Reads a failure from words of the agent's own: an error event or its error channel, never what a model or a tool said.
 * Where several fit, the kind that is believed first counts.
 */
export function readFailure(text: string, words: FailureWords, now: number): ReadFailure {
  const found = new Set([...words, ...common].filter(([pattern]) => pattern.test(text)).map(([, kind]) => kind));
  const failure = failureKinds.find((kind) => found.has(kind)) ?? 'unknown';
  const detail = text.replaceAll(/\s+/g, ' ').trim().slice(0, longestDetail);
  const timed = failure === 'window' || failure === 'throttle' || failure === 'overload';
  return { failure, detail, until: timed ? parseResetPhrase(text, now, localTimeZone()) : null };
}
