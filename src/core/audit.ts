import type { ProblemCode } from './problem.ts';
import type { EpochMs } from './time.ts';

/** How operations are reached; `daemon` is Stint acting by itself. */
export const surfaces = ['rest', 'cli', 'mcp', 'telegram', 'web', 'daemon'] as const;
export type Surface = (typeof surfaces)[number];

/**
 * One thing that happened: an operation that changes something, or an event of Stint's own: `session.moved`,
 * `account.limited`, `account.opened`, `account.needs-login`, `pool.exhausted`, `pool.recovered`, `notice.told`,
 * `auth-reset.begun`, `auth-reset.run`, `config.changed`, for a job `job.` with the state that it came to,
 * and of its stop conditions `job.warned` and `job.stopped`. Append-only, and never with a
 * secret.
 */
export type AuditRecord = {
  /** Increases by one; a cursor for whoever reads on. */
  readonly id: number;
  readonly at: EpochMs;
  readonly kind: string;
  readonly surface: Surface;
  /** Who: `owner` on the control socket, `token`, `read-token`, `browser`, `telegram:<chat>`, in a group `telegram:<chat>/<user>`, `stint`. */
  readonly actor: string;
  /** What was acted on: an account, a pool, a session, a job. */
  readonly subject: string;
  /** `done`, or why it was refused. */
  readonly outcome: 'done' | ProblemCode;
  /** What else is to be known, short: from where to where, until when. */
  readonly detail: string | null;
};

/** A record that has no place in the trail yet. */
export type AuditEntry = Omit<AuditRecord, 'id' | 'at'>;
