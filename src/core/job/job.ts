import type { AccountId, AttemptId, JobId, Label } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import type { FailureKind } from './failure-kind.ts';
import type { Told } from '../spend/usage.ts';
import type { Spent, Stopped, StopSpec, Warned } from './stop.ts';
import type { Transport } from './transport.ts';
import type { Watched } from '../watch/action.ts';

/** What the user asked for. The preferred model never changes; what an attempt really used belongs to the attempt. */
export type JobSpec = {
  readonly title: string;
  readonly prompt: string;
  /** As people name it: `claude`. */
  readonly agent: string;
  /** The preferred model; null for the agent's own default. */
  readonly model: string | null;
  /** Null for the default pool of the agent's provider. */
  readonly pool: Label | null;
  /** Absolute. */
  readonly directory: string;
  /** Higher goes first; 0 unless said. */
  readonly priority: number;
  /** Jobs that have to be done first. */
  readonly dependsOn: readonly JobId[];
  readonly scheduleAt: EpochMs | null;
  /** Another job like it is added so long after this one was due, once it has ended. */
  readonly repeatMs: number | null;
  readonly ladder: LadderSpec;
  /** Added to the clean environment of the agent. */
  readonly environment: Readonly<Record<string, string>>;
  /** Arguments of the agent's own, after ours. */
  readonly args: readonly string[];
  /** Niceness of its processes. */
  readonly nice: number;
  /** At a limit it waits for the user instead of going on by itself. */
  readonly asks: boolean;
  /** What ends it before its agent has finished by itself. */
  readonly stop: StopSpec;
  readonly transport: Transport;
  /** A person talks with its agent: the end of a turn waits for them, and is not the end of the job. */
  readonly interactive: boolean;
  /** The job whose agent has added it. */
  readonly parent: JobId | null;
  /** The caller's own word for it, by which asking again finds the same job. */
  readonly key?: string;
};

/** What may be tried where the preferred model is closed on every account of the pool. */
export type LadderSpec = {
  /** Models after the preferred one, best first; null for the chain of the config. */
  readonly models: readonly string[] | null;
  /** Agents of other providers that may take the job over with a hand-over, best first. */
  readonly agents: readonly string[];
};

/** Why a job is parked. */
export const parkReasons = ['limit', 'login', 'disk', 'user'] as const;
export type ParkReason = (typeof parkReasons)[number];

/**
 * Where a job is:
 *
 * - `queued`: accepted. It starts when what it depends on is done, `notBefore` has passed and there is room.
 * - `starting`: an attempt was written down and is being spawned. `running`: its process lives.
 * - `parked`: all that may be tried is closed, or a person wanted it so. `dueAt` null waits for a person.
 * - `waiting`: for an answer of the user; `attempt` null when no process lives, `on` where the answer is typed into its
 *   terminal.
 * - `stopping`: its process is being ended, and `next` is what comes then.
 * - `done`, `failed`, `cancelled`: ended. `blocked`: cannot go on by itself, and says why; a person retries it.
 */
export type JobState =
  | { readonly kind: 'queued'; readonly notBefore: EpochMs | null; readonly why: string | null }
  | { readonly kind: 'starting'; readonly attempt: AttemptId }
  | { readonly kind: 'running'; readonly attempt: AttemptId; readonly answering?: Answering }
  | ({ readonly kind: 'parked'; readonly since: EpochMs } & Park)
  | Waiting
  | { readonly kind: 'stopping'; readonly attempt: AttemptId; readonly next: AfterStop; readonly since: EpochMs }
  | { readonly kind: 'done'; readonly at: EpochMs; readonly result: string }
  | { readonly kind: 'failed'; readonly at: EpochMs; readonly failure: FailureKind; readonly detail: string }
  | { readonly kind: 'blocked'; readonly at: EpochMs; readonly failure: FailureKind; readonly detail: string }
  | { readonly kind: 'cancelled'; readonly at: EpochMs };

export type Waiting = {
  readonly kind: 'waiting';
  readonly attempt: AttemptId | null;
  readonly question: string;
  readonly since: EpochMs;
  readonly on?: 'terminal';
  /** It shows a dialog there, in which this key is yes: a text is no answer to that. */
  readonly yes?: string;
  /** Since when the present attempt waits, where the question is older. */
  readonly waitsFrom?: EpochMs;
  /** It was answered, and that could not be typed. */
  readonly isAgain?: true;
};

/** What its user has answered on its terminal, and to what, until its agent goes on with that. */
export type Answering = { readonly answer: string; readonly to: Waiting };

export const jobStates = [
  'queued',
  'starting',
  'running',
  'parked',
  'waiting',
  'stopping',
  'done',
  'failed',
  'blocked',
  'cancelled',
] as const satisfies readonly JobState['kind'][];

/** A durable wait. */
export type Park = {
  readonly reason: ParkReason;
  readonly dueAt: EpochMs | null;
  /** Nobody told when it ends. */
  readonly estimated: boolean;
  /** What closed, in the words of the evidence. */
  readonly detail: string;
};

/** What a job becomes when its process has ended. */
export type AfterStop =
  | { readonly kind: 'cancelled' }
  /** Its agent has said that it is finished, and its process would go on. */
  | { readonly kind: 'done' }
  /** The next rung of its ladder. */
  | {
      readonly kind: 'queued';
      readonly why: string;
      /** For its agent, where that is more than `why`. */
      readonly says?: string;
      /** Its rung is as good as any: no limit stopped it. */
      readonly isLimit?: false;
    }
  | ({ readonly kind: 'parked' } & Park)
  /** A person has to look. */
  | { readonly kind: 'blocked'; readonly failure: FailureKind; readonly detail: string }
  /** A stop condition was met: its conversation is gone on with once more, to save the work. */
  | { readonly kind: 'wrap-up' };

/** Automatic restarts that were spent. Each is checked before a restart and written with it. */
export type Restarts = {
  /** Resumes in a row without a completed turn; after five, and one for each further rung of `tried`, the job is blocked. */
  readonly resumes: number;
  /** Restarts after crashes, launches and networks that failed, within the half hour that began at `since`; after three it is blocked. */
  readonly crashes: number;
  readonly since: EpochMs;
  /** The rungs on which that streak met a limit, the latest last. */
  readonly tried?: readonly string[];
  /** The latest of them is not tried again before: it had looked open, and was not. */
  readonly againAt?: EpochMs;
};

/** A conversation of an agent, which another attempt can go on with. */
export type Conversation = {
  readonly agent: string;
  readonly session: string;
  /** The account whose profile holds it; null in gateway mode, where any can. */
  readonly account: AccountId | null;
};

/**
 * How the next attempt goes on: `resume` with the same conversation, `handover` with what another agent has left,
 * `restart` from the beginning. `says` is for the agent: what happened, in one sentence.
 */
export type Handover = { readonly kind: 'resume' | 'handover' | 'restart'; readonly says: string };

export type Job = {
  readonly id: JobId;
  readonly spec: JobSpec;
  readonly state: JobState;
  readonly addedAt: EpochMs;
  /** When its state changed last. */
  readonly changedAt: EpochMs;
  /** Raised by every transition: a writer that has seen an older one writes nothing. */
  readonly fence: number;
  /** Attempts so far. */
  readonly attempts: number;
  readonly conversation: Conversation | null;
  /** The model that its agent takes by itself, once it has told. */
  readonly usualModel?: string;
  readonly restarts: Restarts;
  /** Null for the first attempt. */
  readonly handover: Handover | null;
  /** By the attempts that have ended. */
  readonly spent: Spent;
  /** The condition that ends it; null where none was met. */
  readonly stopped: Stopped | null;
  /** What its agent has told with a tool: where it is, and that it has finished. */
  readonly report: string | null;
  readonly finished: string | null;
  readonly watched: Watched;
  readonly progress: StopProgress;
  /** What its user was asked: by its agents with a tool, and by Stint at a limit; the latest last. */
  readonly asked: readonly Asked[];
};

/** How far a job is towards its stop conditions. */
export type StopProgress = {
  /** What counts of `spent`: all of it, but what came before its conditions began anew with a retry. */
  readonly counted: Spent;
  readonly warned: readonly Warned[];
  /** How often it was gone on with because its agent had not said with a tool that it is finished. */
  readonly continued: number;
  /** What the conversation had spent when its last attempt ended, where its agent tells that of the whole conversation. */
  readonly told: Told | null;
  /** The conversation whose agent has not told what its last attempt cost: one that goes on with it tells. */
  readonly untold?: string;
};

/** A question. The same words again are the same question, with the same answer. */
export type Asked = {
  readonly question: string;
  readonly at: EpochMs;
  readonly answer: string | null;
  /** How many attempts there had been when it was answered: the next one is told as it begins. */
  readonly after?: number;
  /** Its agent knows the answer, or need not. */
  readonly isTold?: true;
  /** Stint asked, whether it goes on. */
  readonly by?: 'stint';
};

/** One OS process of an agent that works on a job. */
export type Attempt = {
  readonly id: AttemptId;
  readonly job: JobId;
  readonly number: number;
  readonly agent: string;
  /** What it really uses, which may not be what the job prefers. */
  readonly model: string | null;
  readonly pool: Label;
  /** Of a profile; null in gateway mode. */
  readonly account: AccountId | null;
  /** Leader of its process group, and when that was born: together they name one process. */
  readonly pid: number | null;
  readonly birth: string | null;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs | null;
  readonly exitCode: number | null;
  readonly outcome: AttemptOutcome | null;
  /** Written down when it ends, when its user is warned, and when it is stopped. */
  readonly spent: Spent;
  /** How long it waited for answers of the user. */
  readonly waitedMs: number;
  /** Turns in which it only waited with a tool of Stint's, which it makes again; and until when it waited last. */
  readonly idle?: { readonly turns: number; readonly until: EpochMs };
};

/** What became of an attempt, from structured evidence; an exit code alone is never success. */
export type AttemptOutcome =
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'stopped'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: FailureKind; readonly detail: string; readonly until: EpochMs | null };
