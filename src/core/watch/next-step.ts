import type { JobState } from '../job/job.ts';
import { formatDuration, type EpochMs } from '../time.ts';
import type { Action } from './action.ts';
import { strandedMs } from './numbers.ts';

export type StepFacts = {
  readonly state: JobState['kind'];
  readonly changedAt: EpochMs;
  readonly hasAttempt: boolean;
  /** Effects of the outbox that are not done. */
  readonly openEffects: number;
  /** Somebody works on one at this moment. */
  readonly isUnderWay: boolean;
  /** Somebody listens to its process. */
  readonly isFollowed: boolean;
  /** When it might have gone on, by time and by what it depends on; null for one that waits for something else. */
  readonly readyAt: EpochMs | null;
  /** When all jobs that wait were looked at last. */
  readonly lookedAt: EpochMs;
};

/** A job on whose next step nobody works gets one: what the outbox has, a listener, or a look. */
export function nextStep(facts: StepFacts, now: EpochMs): Action | null {
  const { state, changedAt, hasAttempt, openEffects, isUnderWay, isFollowed, readyAt, lookedAt } = facts;
  const act = (deed: 'again' | 'look', why: string): Action => ({ rule: 'next-step', deed, why, facts });
  if (!isUnderWay && now - changedAt >= strandedMs) {
    const isFor = formatDuration(now - changedAt);
    if (openEffects > 0) return act('again', `what its last step entails was written down ${isFor} ago and not done`);
    // Whoever listens to a process does not end it.
    if (state === 'stopping') return act('again', `its process was to be ended ${isFor} ago, and nobody did`);
    if (hasAttempt && !isFollowed) return act('again', `it has been ${state} for ${isFor}, and nobody listened to it`);
  }
  const isMissed = readyAt !== null && now - readyAt >= strandedMs && lookedAt < readyAt;
  return isMissed ? act('look', `it could have gone on for ${formatDuration(now - readyAt)}, and nobody looked`) : null;
}
