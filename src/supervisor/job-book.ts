import { jobOf, type AttemptId, type JobId } from '../core/ids.ts';
import type { Reached } from '../core/job/commit-point.ts';
import type { Attempt, Job } from '../core/job/job.ts';
import { attemptOf } from '../core/job/state.ts';
import { transition, type Transition } from '../core/job/transition.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { JobStore, OpenEffect } from './ports.ts';

export type JobBookDeps = {
  readonly store: JobStore;
  readonly clock: () => EpochMs;
  /** After a change was written: what was, and what is. */
  readonly changed: (before: Job | null, after: Job) => void;
  /** What is to be done because of a change. */
  readonly entail: (effects: readonly OpenEffect[]) => void;
  readonly reached?: Reached;
};

/**
 * The only writer of jobs. A change is on the disk before it is seen here; changes of one job come one after the other.
 */
export class JobBook {
  readonly #deps: JobBookDeps;
  readonly #jobs = new Map<JobId, Job>();
  /** The latest of each job. */
  readonly #attempts = new Map<JobId, Attempt>();
  readonly #turns = new Map<JobId, Promise<unknown>>();

  private constructor(deps: JobBookDeps) {
    this.#deps = deps;
  }

  /** Loads what there is, with the effects that are still to be done. */
  static async open(deps: JobBookDeps): Promise<{ book: JobBook; effects: readonly OpenEffect[] }> {
    const book = new JobBook(deps);
    const { jobs, attempts, effects } = await deps.store.loadJobs();
    for (const job of jobs) book.#jobs.set(job.id, job);
    for (const attempt of attempts) book.#attempts.set(attempt.job, attempt);
    return { book, effects };
  }

  all(): IterableIterator<Job> {
    return this.#jobs.values();
  }

  find(id: JobId): Job | undefined {
    return this.#jobs.get(id);
  }

  /** The latest attempt of a job. */
  attempt(id: JobId): Attempt | undefined {
    return this.#attempts.get(id);
  }

  /** The jobs that have a process, or are to have one, each with the attempt that it is of. */
  present(): readonly { readonly job: Job; readonly attempt: Attempt }[] {
    return [...this.#jobs.values()].flatMap((job) => {
      const attempt = this.#attempts.get(job.id);
      return attempt === undefined || attemptOf(job) !== attempt.id ? [] : [{ job, attempt }];
    });
  }

  /** Accepts jobs: all or none. They are never lost from here on. */
  async add(jobs: readonly Job[]): Promise<void> {
    await this.#deps.store.addJobs(jobs);
    this.#deps.reached?.('stored.added');
    for (const job of jobs) this.#jobs.set(job.id, job);
    for (const job of jobs) this.#deps.changed(null, job);
  }

  /** Lets something happen to a job. A Problem `conflict`, and nothing is changed, where it does not fit; rejects when it cannot be written. */
  apply(id: JobId, event: JobEvent): Promise<Transition | Problem> {
    const before = this.#turns.get(id) ?? Promise.resolve();
    const turn = before.then(() => this.#apply(id, event));
    const settled = turn.catch(() => undefined);
    this.#turns.set(id, settled);
    void settled.then(() => this.#turns.get(id) === settled && this.#turns.delete(id));
    return turn;
  }

  /** Whether this attempt is the one whose process the job has, or is to have. */
  isPresent(attempt: AttemptId): boolean {
    const job = this.find(jobOf(attempt));
    return job !== undefined && attemptOf(job) === attempt;
  }

  /** Removes those of them that ended before a time. */
  async forget(ids: readonly JobId[], before: EpochMs): Promise<void> {
    for (const id of await this.#deps.store.removeJobs(ids, before)) {
      this.#jobs.delete(id);
      this.#attempts.delete(id);
    }
  }

  async #apply(id: JobId, event: JobEvent): Promise<Transition | Problem> {
    const job = this.#jobs.get(id);
    if (job === undefined) return new Problem('not_found', `There is no job ${id}.`, { hint: 'See: stint job list' });
    const attempt = this.#attempts.get(id) ?? null;
    const next = transition(job, event, { attempt, now: this.#deps.clock() });
    if (next instanceof Problem) return next;
    const effects = await this.#deps.store.saveTransition(job, next);
    if (effects === null) {
      return new Problem('conflict', `Job ${id} was changed by another process.`, { hint: 'Restart Stint.' });
    }
    this.#deps.reached?.(`stored.${next.job.state.kind}`);
    this.#jobs.set(id, next.job);
    if (next.attempt !== null) this.#attempts.set(id, next.attempt);
    this.#deps.entail(effects);
    this.#deps.changed(job, next.job);
    return next;
  }
}
