import type { AttemptId, JobId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import type { Lock } from '../core/lock/lock.ts';
import type { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';

/** What agents of one tree leave for one another; `root` is the job that the tree began with. */
export type Note = {
  readonly root: JobId;
  readonly name: string;
  readonly text: string;
  /** The job whose agent wrote it last. */
  readonly job: JobId;
  readonly at: EpochMs;
};

export type NoteHead = Omit<Note, 'text'> & { readonly sizeBytes: number };

/** What tools remember. A write is durable when its promise resolves, and rejects when it is not. */
export interface ToolStore {
  loadLocks(): Promise<readonly Lock[]>;
  /** In place of those before. */
  saveLocks(locks: readonly Lock[]): Promise<void>;
  findNote(root: JobId, name: string): Promise<Note | null>;
  listNotes(root: JobId): Promise<readonly NoteHead[]>;
  /** False, and nothing is written, where the tree has `most` others already. */
  writeNote(note: Note, most: number): Promise<boolean>;
  removeNote(root: JobId, name: string): Promise<boolean>;
}

/** What a job's agent may let happen to its own job. */
export type AgentWord = Extract<JobEvent, { kind: 'finished' | 'asked' | 'reported' | 'answer-told' | 'only-waited' }>;

/** Jobs, as the tools of their agents know them. */
export interface ToolJobs {
  all(): readonly Job[];
  find(id: JobId): Job | undefined;
  /** A Problem `conflict`, and nothing is changed, where it does not fit. */
  tell(id: JobId, word: AgentWord): Promise<Job | Problem>;
  /** Resolves with the job once it is as wanted; rejects when it is gone, or the signal aborts. */
  until(id: JobId, isWanted: (job: Job) => boolean, signal: AbortSignal): Promise<Job>;
  /** Until that is disposed of, the job waits for these others, and takes no place. */
  awaits(id: JobId, others: readonly JobId[]): Disposable;
  isPresent(attempt: AttemptId): boolean;
}
