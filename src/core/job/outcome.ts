import { creditsWindow, entitlementWindow } from '../limit/limit.ts';
import type { Signal } from '../limit/signal.ts';
import type { EpochMs } from '../time.ts';
import type { FailureKind } from './failure-kind.ts';
import type { AttemptOutcome } from './job.ts';

/** What an attempt has told by the time it ended, from its structured output. */
export type Heard = {
  /** Its last word, where it finished its turn. */
  readonly result: string | null;
  readonly error: { readonly failure: FailureKind; readonly detail: string; readonly until: EpochMs | null } | null;
  /** A limit that stopped it, where no turn was completed after it. */
  readonly limit: { readonly detail: string; readonly until: EpochMs | null } | null;
  /** What its error channel says, for one that told nothing. */
  readonly stderr: { readonly failure: FailureKind; readonly detail: string; readonly until: EpochMs | null };
};

/**
 * What became of an attempt. Only its own word that it finished is success: an exit code alone is none. One that
 * finished is done, whatever limit was seen on the way.
 */
export function outcomeOf({ result, error, limit, stderr }: Heard, exitCode: number | null): AttemptOutcome {
  if (result !== null && error === null) return { kind: 'done', result };
  if (limit !== null && (error === null || error.failure === 'window' || error.failure === 'unknown'))
    return { kind: 'failed', failure: 'window', detail: limit.detail, until: limit.until };
  if (error !== null) return { kind: 'failed', ...error };
  if (exitCode === null) return { kind: 'failed', failure: 'crash', detail: 'the agent was killed', until: null };
  if (stderr.failure !== 'unknown') return { kind: 'failed', ...stderr };
  const words = stderr.detail === '' ? '' : `: ${stderr.detail}`;
  if (exitCode === 0)
    return { kind: 'failed', failure: 'unknown', detail: `the agent ended without a result${words}`, until: null };
  return {
    kind: 'failed',
    failure: 'crash',
    detail: `the agent ended with exit code ${exitCode}${words}`,
    until: null,
  };
}

/** What the end of an attempt tells of the account whose login it used, where nothing told it before; null for nothing. */
export function signalOf(outcome: AttemptOutcome, model: string | null): Signal | null {
  if (outcome.kind !== 'failed') return null;
  const { failure, detail: evidence, until } = outcome;
  const closed = { kind: 'closed', overage: false, until, evidence } as const;
  switch (failure) {
    case 'window':
      return { ...closed, window: 'usage', family: null };
    case 'billing':
      return { ...closed, window: creditsWindow, family: null };
    case 'entitlement':
      return { ...closed, window: entitlementWindow, family: model };
    case 'auth':
      return { kind: 'refused', evidence };
    default:
      return null;
  }
}
