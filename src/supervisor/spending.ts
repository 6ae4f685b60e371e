import type { AttemptId } from '../core/ids.ts';
import type { Attempt, Job } from '../core/job/job.ts';
import { countedOf, runningMs } from '../core/job/progress.ts';
import { addSpent, nothingSpent, type Spent } from '../core/job/stop.ts';
import { attemptOf } from '../core/job/state.ts';
import type { EpochMs } from '../core/time.ts';
import type { Metered } from './meter.ts';

/** What jobs have spent up to now: what was written with their attempts that ended, and what those that live have told. */
export class Spending {
  readonly #clock: () => EpochMs;
  /** Of attempts that live, and whether they have said their last word. */
  readonly #live = new Map<AttemptId, Metered & { readonly isOver: boolean }>();

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  tell(attempt: AttemptId, metered: Metered, isOver: boolean): void {
    this.#live.set(attempt, { ...metered, isOver });
  }

  forget(attempt: AttemptId): void {
    this.#live.delete(attempt);
  }

  hasFinished(attempt: AttemptId): boolean {
    return this.#live.get(attempt)?.isOver === true;
  }

  /** What an attempt that lives has told of its spending; nothing more is taken for spent. */
  told(job: Job, attempt: Attempt | undefined): Spent {
    if (attempt === undefined) return nothingSpent;
    const { spent } = this.#live.get(attempt.id) ?? attempt;
    return { ...spent, runningMs: runningMs(job, attempt, this.#clock()) };
  }

  /** Over all attempts, in the latest, and of that what counts for conditions. What was not told is not known. */
  of(
    job: Job,
    attempt: Attempt | undefined,
  ): { readonly job: Spent; readonly attempt: Spent; readonly counted: Spent } {
    const isLive = attempt !== undefined && attemptOf(job) === attempt.id;
    const told = isLive ? this.told(job, attempt) : nothingSpent;
    // One that has ended may be made up for by one that goes on with its conversation.
    const isUntold = isLive ? !this.#hasTold(attempt) : job.progress.untold !== undefined;
    const shown: Spent = isUntold ? { ...told, costUsd: null } : told;
    const latest = isLive ? shown : (attempt?.spent ?? nothingSpent);
    return { job: addSpent(job.spent, shown), attempt: latest, counted: countedOf(job, { ...attempt, spent: shown }) };
  }

  #hasTold({ id, pid, spent }: Attempt): boolean {
    return pid === null || (this.#live.get(id)?.isTold ?? spent.inputTokens > 0);
  }
}
