import type { EpochMs } from '../time.ts';
import type { Job } from './job.ts';
import type { Resolved, Rung } from './ladder.ts';
import { rungOf } from './restarts.ts';

/** What becomes of a queued job whose turn it is. */
export type NextStep =
  | { readonly kind: 'starts'; readonly on: Rung }
  /** The best rung looked open twice, and was not. */
  | { readonly kind: 'rests'; readonly until: EpochMs }
  | { readonly kind: 'asks'; readonly question: string }
  | { readonly kind: 'parks' }
  /** Its work is saved now or not at all: what depends on it does not wait for that. */
  | { readonly kind: 'ends' };

/** Decides what becomes of a queued job by what its ladder has open. */
export function nextStepOf(job: Job, resolved: Resolved, now: EpochMs): NextStep {
  const until = resolved.kind === 'rung' ? againAt(job, resolved.rung, now) : null;
  if (job.stopped !== null && (resolved.kind === 'closed' || until !== null)) return { kind: 'ends' };
  const question = questionFor(job, resolved);
  if (question !== null) return { kind: 'asks', question };
  if (resolved.kind === 'closed') return { kind: 'parks' };
  return until === null ? { kind: 'starts', on: resolved.rung } : { kind: 'rests', until };
}

/** When the rung that looked open twice, and was not, may be tried again; null for now. */
function againAt({ restarts }: Job, rung: Rung, now: EpochMs): EpochMs | null {
  const { againAt: at = 0, tried = [] } = restarts;
  return at > now && tried.at(-1) === rungOf(rung) ? at : null;
}

/** What a job that was stopped by a limit, and does not go on by itself, asks its user; null for any other. */
function questionFor({ spec, state, asked, attempts, stopped }: Job, resolved: Resolved): string | null {
  const isAnswered = asked.some(({ by, answer, after }) => by === 'stint' && answer !== null && after === attempts);
  if (!spec.asks || state.kind !== 'queued' || isAnswered || stopped !== null) return null;
  if (resolved.kind === 'rung' && resolved.isPreferred) return null;
  // One that has not begun loses nothing by waiting for what it prefers.
  if (resolved.kind === 'closed' && state.why === null) return null;
  const next = resolved.kind === 'closed' ? 'Nothing is open now' : `It can go on with ${nameOf(resolved.rung)}`;
  const why = state.why === null ? 'What it prefers is closed' : `A limit stopped it (${state.why})`;
  return `${why}. ${next}. Shall it go on?`;
}

function nameOf({ agent, model }: Rung): string {
  return model === null ? agent : `${model} of ${agent}`;
}
